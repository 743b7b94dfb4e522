package vm

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
)

// compiledPattern is a pattern and the size of its automaton.
type compiledPattern struct {
	*regexp.Regexp
	text   string // of a pattern in the cache
	size   int    // at least how many instructions it has
	weight int    // about how many bytes it takes
	plain  *plainText
}

// occursIn reports whether the pattern occurs in the text.
func (p *compiledPattern) occursIn(text string) bool {
	if p.plain != nil {
		return p.plain.occursIn(text)
	}
	return p.MatchString(text)
}

// patterns are the compiled patterns of all machines: programs use few of them, again and again. When they take more
// than maxPatternBytes the cache starts over.
var patterns = struct {
	sync.RWMutex
	compiled map[string]*compiledPattern
	weight   int
}{compiled: map[string]*compiledPattern{}}

const maxPatternBytes = 16 << 20

// maxCachedPattern is the size of text and of automaton up to which a pattern is kept.
const maxCachedPattern = 1000

// maxWideRanges is how many character ranges with something else than ASCII a pattern without regard to case may have:
// every one takes milliseconds to fold.
const maxWideRanges = 20

// maxUnicodeClasses is how many classes such as \pL a pattern may have: every one has hundreds of ranges, which are
// sorted, and folded, before anything can be said about the size of the pattern.
const maxUnicodeClasses = 100

// pattern is the compiled RE2 pattern.
func (m *machine) pattern(text string) (*compiledPattern, error) {
	if err := m.regexSize(len(text)); err != nil {
		return nil, err
	}
	return m.compiled(text)
}

// regexSize checks the size of a pattern against the limit.
func (m *machine) regexSize(n int) error {
	if limit := m.limits.regexLimit(); n > limit {
		return errRegexSize(n, limit)
	}
	return nil
}

func errRegexSize(n, limit int) *Error {
	return errorf(KindRegexSize, "Regular expression limit of %d exceeded by one of size %d", limit, n)
}

// compiled is pattern without a look at the length of the text.
func (m *machine) compiled(text string) (*compiledPattern, error) {
	p := m.recent
	if p == nil || p.text != text {
		patterns.RLock()
		p = patterns.compiled[text]
		patterns.RUnlock()
		m.recent = p
	}
	if p == nil {
		m.startClock()
		var err error
		if p, err = compilePattern(text, m.limits.regexLimit(), m.reserve); err != nil {
			return nil, err
		}
		keep(text, p)
	}
	if err := m.regexSize(p.size); err != nil {
		return nil, err
	}
	return p, m.burn(len(text) + p.size)
}

// Regexp is the compiled RE2 pattern, for a look at it before a run. It has to keep to the default limit.
func Regexp(text string) (*regexp.Regexp, error) {
	limit := DefaultLimits().RegexSize
	if len(text) > limit {
		return nil, errRegexSize(len(text), limit)
	}
	p, err := compilePattern(text, limit, func(int) error { return nil })
	if err != nil {
		return nil, err
	}
	return p.Regexp, nil
}

// compilePattern compiles a pattern, after it has asked for the memory, unless it is larger than the limit.
func compilePattern(text string, limit int, reserve func(bytes int) error) (*compiledPattern, error) {
	if n := wideRanges(text); n > maxWideRanges && foldsCase(text) {
		return nil, errorf(KindRegexSize, "Regular expression without regard to case has %d character ranges beyond ASCII; at most %d can be used", n, maxWideRanges)
	}
	if n := strings.Count(text, `\p`) + strings.Count(text, `\P`); n > maxUnicodeClasses {
		return nil, errorf(KindRegexSize, "Regular expression has %d Unicode classes (\\p and \\P); at most %d can be used", n, maxUnicodeClasses)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, invalidPattern(err)
	}
	p := &compiledPattern{size: instructions(tree) + 2, plain: plainTextOf(tree)}
	if p.size > limit {
		return nil, errRegexSize(p.size, limit)
	}
	p.weight = 64*p.size + 4*ranges(tree) + 2*len(text)
	if err := reserve(p.weight); err != nil {
		return nil, err
	}
	if p.Regexp, err = regexp.Compile(text); err != nil {
		return nil, invalidPattern(err)
	}
	return p, nil
}

func invalidPattern(err error) error {
	return errorf(KindData, "Invalid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
}

// keep adds a pattern to the cache.
func keep(text string, p *compiledPattern) {
	if len(text) > maxCachedPattern || p.size > maxCachedPattern {
		return
	}
	patterns.Lock()
	defer patterns.Unlock()
	if patterns.weight+p.weight > maxPatternBytes {
		clear(patterns.compiled)
		patterns.weight = 0
	}
	patterns.weight += p.weight
	p.text = strings.Clone(text)
	patterns.compiled[p.text] = p
}

// maxInstructions is where counting the instructions of a pattern stops.
const maxInstructions = 1 << 30

// instructions is how many instructions a pattern is compiled to, at most; counted repeats are copies.
func instructions(re *syntax.Regexp) int {
	n := 0
	for _, sub := range re.Sub {
		n = min(n+instructions(sub), maxInstructions)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpRepeat:
		optional := 1
		if re.Max > re.Min {
			optional = re.Max - re.Min
		}
		return min(n*re.Min+(n+1)*optional, maxInstructions)
	case syntax.OpConcat:
		return max(n, 1)
	case syntax.OpAlternate:
		return n + len(re.Sub)
	}
	return n + 2
}

// ranges is how many characters stand in the classes and literals of a pattern.
func ranges(re *syntax.Regexp) int {
	n := len(re.Rune)
	for _, sub := range re.Sub {
		n += ranges(sub)
	}
	return n
}

// wideRanges is how many ranges of characters in a pattern may reach beyond ASCII.
func wideRanges(pattern string) int {
	n := 0
	for i := 0; i+1 < len(pattern); i++ {
		if c := pattern[i+1]; pattern[i] == '-' && (c >= 0x80 || c == '\\') {
			n++
		}
	}
	return n
}

// foldsCase reports whether a pattern may be without regard to case, in a part at least.
func foldsCase(pattern string) bool {
	for {
		_, flags, ok := strings.Cut(pattern, "(?")
		if !ok {
			return false
		}
		end := strings.IndexFunc(flags, func(r rune) bool { return !strings.ContainsRune("imsU", r) })
		if end < 0 {
			end = len(flags)
		}
		if strings.Contains(flags[:end], "i") {
			return true
		}
		pattern = flags
	}
}
