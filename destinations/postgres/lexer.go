package postgres

import (
	"errors"
	"strings"
)

// word is an identifier or a keyword of a statement.
type word struct {
	text      string // lower case unless it was quoted
	quoted    bool
	call      bool // an opening bracket follows
	attribute bool // a dot stands before: (value).function calls it with the value
}

var (
	errSeveral    = errors.New("want one statement")
	errUnfinished = errors.New("a quote or a comment is not closed")
	errEscaped    = errors.New(`names written as U&"…" are not allowed`)
	errContinued  = errors.New("a text that follows a text E'…' is not allowed")
	errZero       = errors.New("a zero byte is not allowed")
)

// words returns the identifiers and keywords of a statement in their order, without what stands in texts and comments. It refuses more than one
// statement. It must see the same words as the server does: where that is in doubt it refuses.
func words(sql string) ([]word, error) {
	if strings.IndexByte(sql, 0) >= 0 {
		return nil, errZero
	}
	l := lexer{rest: sql}
	for l.rest != "" && l.err == nil {
		l.next()
	}
	return l.found, l.err
}

type lexer struct {
	rest  string
	found []word
	last  lastToken
	ended bool // behind the semicolon
	err   error
}

// lastToken is what stood before, white space and comments aside.
type lastToken int

const (
	another lastToken = iota
	aWord
	aDot
	escapedText // E'…', which a text on the next line would continue, with its escapes
)

func (l *lexer) next() {
	c := l.rest[0]
	switch {
	case strings.IndexByte(" \t\r\n\f\v", c) >= 0:
		l.rest = l.rest[1:]
	case strings.HasPrefix(l.rest, "--"):
		l.rest = l.rest[lineEnd(l.rest):]
	case strings.HasPrefix(l.rest, "/*"):
		l.comment()
	case l.ended && c != ';':
		l.err = errSeveral
	default:
		before := l.last
		l.last = another
		l.token(c, before)
	}
}

func (l *lexer) token(c byte, before lastToken) {
	switch {
	case c == ';':
		l.ended = true
		l.rest = l.rest[1:]
	case c == '\'' && before == escapedText:
		l.err = errContinued
	case c == '\'':
		l.quote(1, false)
	case c == '"':
		l.name(before == aDot)
	case c == '$':
		l.dollar()
	case isNameStart(c):
		l.word(before == aDot)
	case c == '.':
		l.last = aDot
		l.rest = l.rest[1:]
	case c >= '0' && c <= '9':
		l.rest = strings.TrimLeft(l.rest, "0123456789.")
	default:
		if n := len(l.found); c == '(' && before == aWord {
			l.found[n-1].call = true
		}
		l.rest = l.rest[1:]
	}
}

func lineEnd(s string) int {
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		return i
	}
	return len(s)
}

// comment skips a comment, in which others may stand.
func (l *lexer) comment() {
	depth := 0
	for i := 0; i < len(l.rest); i++ {
		switch {
		case strings.HasPrefix(l.rest[i:], "/*"):
			depth++
			i++
		case strings.HasPrefix(l.rest[i:], "*/"):
			depth--
			i++
			if depth == 0 {
				l.rest = l.rest[i+1:]
				return
			}
		}
	}
	l.err = errUnfinished
}

// quote skips a text that begins after skip bytes. Backslashes escape in it when it was written E'…'.
func (l *lexer) quote(skip int, escapes bool) {
	for i := skip; i < len(l.rest); i++ {
		switch {
		case escapes && l.rest[i] == '\\':
			i++
		case l.rest[i] == '\'' && i+1 < len(l.rest) && l.rest[i+1] == '\'':
			i++
		case l.rest[i] == '\'':
			l.rest = l.rest[i+1:]
			return
		}
	}
	l.err = errUnfinished
}

// name reads a quoted identifier.
func (l *lexer) name(attribute bool) {
	for i := 1; i < len(l.rest); i++ {
		if l.rest[i] != '"' {
			continue
		}
		if i+1 < len(l.rest) && l.rest[i+1] == '"' {
			i++
			continue
		}
		l.add(word{text: strings.ReplaceAll(l.rest[1:i], `""`, `"`), quoted: true, attribute: attribute})
		l.rest = l.rest[i+1:]
		return
	}
	l.err = errUnfinished
}

// dollar skips a text between $tag$ and $tag$, or the sign of a parameter.
func (l *lexer) dollar() {
	i := 1
	for i < len(l.rest) && isNamePart(l.rest[i]) && l.rest[i] != '$' && (i > 1 || isNameStart(l.rest[i])) {
		i++
	}
	if i >= len(l.rest) || l.rest[i] != '$' {
		l.rest = strings.TrimLeft(l.rest[1:], "0123456789") // $1, behind which a dot is none of a number
		return
	}
	tag := l.rest[:i+1]
	end := strings.Index(l.rest[i+1:], tag)
	if end < 0 {
		l.err = errUnfinished
		return
	}
	l.rest = l.rest[i+1+end+len(tag):]
}

// word reads an identifier or keyword, or the letter before a text.
func (l *lexer) word(attribute bool) {
	i := 1
	for i < len(l.rest) && isNamePart(l.rest[i]) {
		i++
	}
	text, after := strings.ToLower(l.rest[:i]), l.rest[i:]
	switch {
	case strings.HasPrefix(after, "'") && text == "e":
		l.quote(i+1, true)
		l.last = escapedText
		return
	case text == "u" && strings.HasPrefix(after, `&"`):
		l.err = errEscaped
		return
	}
	l.add(word{text: text, attribute: attribute})
	l.rest = after
}

func (l *lexer) add(w word) {
	l.found = append(l.found, w)
	l.last = aWord
}

func isNameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isNamePart(c byte) bool { return isNameStart(c) || c >= '0' && c <= '9' || c == '$' }
