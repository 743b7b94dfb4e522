package vm

import (
	"regexp"
	"strings"
	"sync"
)

// patternCacheSize is how many compiled patterns are kept; when full the cache starts over.
const patternCacheSize = 1000

// maxCachedPattern keeps patterns that programs build from data from filling memory.
const maxCachedPattern = 1000

// patterns are the compiled patterns of all machines: programs use few of them, again and again.
var patterns = struct {
	sync.RWMutex
	compiled map[string]*regexp.Regexp
}{compiled: map[string]*regexp.Regexp{}}

// Regexp is the compiled RE2 pattern.
func Regexp(pattern string) (*regexp.Regexp, error) {
	patterns.RLock()
	re := patterns.compiled[pattern]
	patterns.RUnlock()
	if re != nil {
		return re, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, errorf(KindData, "Invalid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if len(pattern) > maxCachedPattern {
		return re, nil
	}
	patterns.Lock()
	defer patterns.Unlock()
	if len(patterns.compiled) >= patternCacheSize {
		clear(patterns.compiled)
	}
	patterns.compiled[strings.Clone(pattern)] = re
	return re, nil
}

// Match is the operator =~, with fold =~*. An empty or otherwise untrue side never matches.
func Match(text, pattern Value, fold bool) (bool, error) {
	if !text.Truthy() || !pattern.Truthy() {
		return false, nil
	}
	p := HostString(pattern)
	if fold {
		p = "(?i)" + p
	}
	re, err := Regexp(p)
	if err != nil {
		return false, err
	}
	return re.MatchString(HostString(text)), nil
}

// notLineBreak is one character that % and _ stand for.
const notLineBreak = `[^\n\r\x{2028}\x{2029}]`

// Like is the operator like, with fold ilike. The pattern is searched anywhere in the text.
func Like(text, pattern Value, fold bool) (bool, error) {
	// The search is not anchored, so % at the ends says nothing.
	p := strings.Trim(HostString(pattern), "%")
	t := HostString(text)
	if fold && IsASCII(p) && IsASCII(t) {
		p, t, fold = strings.ToLower(p), strings.ToLower(t), false
	}
	if !fold && !strings.ContainsAny(p, "%_") {
		return strings.Contains(t, p), nil
	}
	var b strings.Builder
	if fold {
		b.WriteString("(?i)")
	}
	for _, part := range strings.SplitAfter(p, "") {
		switch part {
		case "%":
			b.WriteString(notLineBreak + "*")
		case "_":
			b.WriteString(notLineBreak)
		default:
			b.WriteString(regexp.QuoteMeta(part))
		}
	}
	re, err := Regexp(b.String())
	if err != nil {
		return false, err
	}
	return re.MatchString(t), nil
}
