package configs

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// span is a part of a line, in characters from 0.
type span struct{ from, to int }

var (
	// secretKey finds keys whose values are hidden in source lines even when nobody has decoded them yet, as in a file with a syntax
	// error or under an unknown type.
	secretKey = regexp.MustCompile(`(?i)[\w-]*(?:key|token|secret|pass|credential|authorization|dsn)[\w-]*["']?\s*:\s*`)
	userInfo  = regexp.MustCompile(`://[^/\s@"']*:[^/\s@"']*@`)
	quoted    = regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$))`)
	onlyVar   = regexp.MustCompile(`^\$\{[A-Za-z0-9_]*\}(?:[\s,}\]]|$)`)
	variable  = regexp.MustCompile(`^["']?\$\{[A-Za-z0-9_]*\}["']?\s*$`)
)

// conceal remembers where a secret stands, or all values of a list or mapping that may hold one.
func (f *fileSet) conceal(n *node) {
	for _, item := range n.list {
		f.conceal(item)
	}
	for _, e := range n.entries {
		f.conceal(e.value)
	}
	src := f.sources[n.pos.File]
	if n.kind != scalar || src == nil || n.empty() {
		return
	}
	lines := f.secrets[src.name]
	if lines == nil {
		lines = map[int][]span{}
		f.secrets[src.name] = lines
	}
	line := src.line(n.pos.Line)
	from := n.pos.Col - 1
	rest := src.from(n.pos)
	if !n.quoted && strings.HasPrefix(rest, n.written) {
		rest = n.written
	} else if q := quoted.FindString(rest); q != "" {
		rest = q
	}
	lines[n.pos.Line] = append(lines[n.pos.Line], hidden(from, rest)...)
	if !strings.Contains(line, n.written) {
		f.concealBelow(src, n.pos.Line, lines)
	}
}

// concealBelow hides the lines that belong to a value of several lines: all that are indented more than its first.
func (f *fileSet) concealBelow(src *source, first int, lines map[int][]span) {
	indent := leadingSpaces(src.line(first))
	for i := first + 1; i <= len(src.lines); i++ {
		line := src.line(i)
		if strings.TrimSpace(line) == "" {
			continue
		}
		if leadingSpaces(line) <= indent {
			return
		}
		lines[i] = append(lines[i], span{leadingSpaces(line), utf8.RuneCountInString(line)})
	}
}

// hidden is the span of a value, or none for one that is only a variable.
func hidden(from int, value string) []span {
	if variable.MatchString(value) {
		return nil
	}
	return []span{{from, from + utf8.RuneCountInString(value)}}
}

// masked puts stars over secrets and moves the column at accordingly.
func masked(line string, secrets []span, at int) (shown []rune, moved int) {
	spans := append(slices.Clone(secrets), guessed(line)...)
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	runes := []rune(line)
	done, moved := 0, at
	for _, s := range spans {
		s.from, s.to = max(s.from, done), min(s.to, len(runes))
		if s.from >= s.to {
			continue
		}
		shown = append(append(shown, runes[done:s.from]...), '*', '*', '*')
		switch {
		case at >= s.to:
			moved += len("***") - (s.to - s.from)
		case at > s.from:
			moved -= at - s.from
		}
		done = s.to
	}
	return append(shown, runes[done:]...), moved
}

// guessed are the spans of a line that look like secrets.
func guessed(line string) []span {
	var out []span
	count := utf8.RuneCountInString
	for _, m := range secretKey.FindAllStringIndex(line, -1) {
		out = append(out, hidden(count(line[:m[1]]), valueAt(line, m[1]))...)
	}
	for _, m := range userInfo.FindAllStringIndex(line, -1) {
		out = append(out, span{count(line[:m[0]]) + len("://"), count(line[:m[1]]) - len("@")})
	}
	return out
}

// valueAt is the value that begins at an offset of a line: what is in quotes, else up to the end of the line or of the value in { }.
func valueAt(line string, offset int) string {
	rest := line[offset:]
	if onlyVar.MatchString(rest) {
		return ""
	}
	if q := quoted.FindString(rest); q != "" {
		return q
	}
	if strings.Contains(line[:offset], "{") {
		if end := strings.IndexAny(rest, ",}"); end >= 0 && !strings.HasPrefix(rest, "[") && !strings.HasPrefix(rest, "${") {
			return rest[:end]
		}
	}
	return rest
}
