package vm

import (
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// match is the operator =~, with fold =~*. An empty or otherwise untrue side never matches.
func (m *machine) match(text, pattern Value, fold bool) (bool, error) {
	if !text.Truthy() || !fold && !pattern.Truthy() {
		return false, nil // with the flag in front of it, a pattern is never nothing
	}
	p, err := m.hostString(pattern)
	if err != nil {
		return false, err
	}
	t, err := m.hostString(text)
	if err != nil {
		return false, err
	}
	if fold {
		p = "(?i)" + p
	}
	re, err := m.pattern(p)
	if err != nil {
		return false, err
	}
	return m.search(re, t)
}

// notLineBreak is one character that % and _ stand for.
const notLineBreak = `[^\n\r\x{2028}\x{2029}]`

// like is the operator like, with fold ilike. The pattern is searched anywhere in the text.
func (m *machine) like(text, pattern Value, fold bool) (bool, error) {
	p, err := m.hostString(pattern)
	if err != nil {
		return false, err
	}
	t, err := m.hostString(text)
	if err != nil {
		return false, err
	}
	p = strings.Trim(p, "%") // the search is not anchored, so % at the ends says nothing
	if fold && IsASCII(p) && IsASCII(t) {
		p, t, fold = strings.ToLower(p), strings.ToLower(t), false
	}
	if !fold && !strings.ContainsAny(p, "%_") {
		return strings.Contains(t, p), m.burnBytes(len(t) + len(p))
	}
	if err := m.regexSize(len(p)); err != nil {
		return false, err
	}
	re, err := m.compiled(likePattern(p, fold))
	if err != nil {
		return false, err
	}
	return m.search(re, t)
}

// likePattern is the regular expression of a pattern with % and _.
func likePattern(like string, fold bool) string {
	var b strings.Builder
	if fold {
		b.WriteString("(?i)")
	}
	for _, part := range strings.SplitAfter(like, "") {
		switch part {
		case "%":
			b.WriteString(notLineBreak + "*")
		case "_":
			b.WriteString(notLineBreak)
		default:
			b.WriteString(regexp.QuoteMeta(part))
		}
	}
	return b.String()
}

// directMoves is up to how many moves of its automaton a search runs without looking at the limits: some milliseconds.
const directMoves = 1 << 20

// movesPerStep is how many moves of the automaton count as one step.
const movesPerStep = 16

// search reports whether the pattern occurs in the text.
func (m *machine) search(re *compiledPattern, text string) (bool, error) {
	if moves := re.size * (len(text) + 1); moves <= directMoves {
		return re.occursIn(text), m.burn(moves / movesPerStep)
	}
	r := &meteredReader{text: text, m: m, moves: re.size}
	yes := re.MatchReader(r)
	return yes && r.err == nil, r.err
}

// find is the places of the first match and its groups as package regexp gives them, or nil.
func (m *machine) find(re *compiledPattern, text string) ([]int, error) {
	// Every thread of the automaton, of which there are as many as instructions, has the places of all groups.
	if err := m.reserve(re.size * (re.NumSubexp() + 1) * slotSize); err != nil {
		return nil, err
	}
	perByte := re.size * (re.NumSubexp() + 1)
	if moves := perByte * (len(text) + 1); moves <= directMoves {
		return re.FindStringSubmatchIndex(text), m.burn(moves / movesPerStep)
	}
	r := &meteredReader{text: text, m: m, moves: perByte}
	places := re.FindReaderSubmatchIndex(r)
	return places, r.err
}

// meteredReader feeds a text to a search and ends it when a limit is reached. A search makes at most as many moves for
// each character as its automaton has instructions.
type meteredReader struct {
	text  string
	at    int
	m     *machine
	moves int // for each character
	owed  int // not counted yet
	err   error
}

// ReadRune implements io.RuneReader.
func (r *meteredReader) ReadRune() (rune, int, error) {
	if r.at >= len(r.text) || r.err != nil {
		return 0, 0, io.EOF
	}
	if r.owed += r.moves; r.owed >= movesPerStep*checkEvery {
		r.err = r.m.burn(r.owed / movesPerStep)
		r.owed = 0
	}
	c, n := utf8.DecodeRuneInString(r.text[r.at:])
	r.at += n
	return c, n, nil
}
