package lexer

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/token"
)

// escapes are the one-letter escapes and what they stand for. `\0` stands for
// nothing in the parser that is in use today.
var escapes = map[byte]string{
	'b': "\b", 'f': "\f", 'r': "\r", 'n': "\n", 't': "\t", 'a': "\a", 'v': "\v",
	'0': "", '\\': "\\",
}

// quoted reads a string or a quoted identifier.
func (l *lexer) quoted(quote byte, kind token.Kind) bool {
	start := l.pos
	l.pos++
	var b strings.Builder
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == quote && l.peek(1) == quote:
			b.WriteByte(quote)
			l.pos += 2
		case c == quote:
			l.pos++
			l.emit(kind, start, b.String())
			l.tokens[len(l.tokens)-1].Quoted = true
			return true
		case c == '\\':
			l.escape(&b, quote)
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	l.open(start, start+1, "quote is not closed", "add "+string(quote)+" at the end of the text")
	l.emit(kind, start, b.String())
	return false
}

// escape reads a backslash and what follows it. The bracket is the character
// that may be escaped besides the common ones: the quote, or "{" in templates.
func (l *lexer) escape(b *strings.Builder, bracket byte) {
	c := l.peek(1)
	lower := c | 0x20
	switch value, known := escapes[c]; {
	case known:
		b.WriteString(value)
	case c == '\'' && bracket == '`', c == '\'' && bracket == '"':
		b.WriteString(`\'`)
	case c == bracket && c != '`', c == '\'':
		b.WriteByte(c)
	case lower == 'x' && isHex(l.peek(2)) && isHex(l.peek(3)):
		b.WriteString(l.src[l.pos : l.pos+4])
		l.pos += 2
	case c >= 'A' && c <= 'Z' && escapes[lower] != "":
		b.WriteString(l.src[l.pos : l.pos+2])
	default:
		end := min(l.pos+2, len(l.src))
		l.fail(l.pos, end, "unknown escape `"+l.src[l.pos:end]+"`", `write \\ for a backslash`)
		b.WriteByte('\\')
		l.pos++
		return
	}
	l.pos += 2
}

// templateText reads a run of template text, or the "{" or quote after it.
func (l *lexer) templateText() bool {
	inFull := l.modes[len(l.modes)-1] == full
	start := l.pos
	var b strings.Builder
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case c == '\'' && !inFull && l.peek(1) == '\'':
			b.WriteByte('\'')
			l.pos += 2
		case c == '{', c == '\'' && !inFull:
			if l.pos > start {
				l.emit(token.TemplateText, start, b.String())
			}
			return l.templateBreak(c)
		case c == '\\' && (!inFull || escapesInFull(l.peek(1))):
			l.escape(&b, '{')
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	if l.pos > start {
		l.emit(token.TemplateText, start, b.String())
	}
	return false
}

// escapesInFull reports whether a backslash before c is an escape in a text that is a template as a whole. Before all else
// it is a character like any other there.
func escapesInFull(c byte) bool {
	_, known := escapes[c]
	return known || c == '{'
}

func (l *lexer) templateBreak(c byte) bool {
	if c == '{' {
		l.push(code)
		return l.take("{", 1)
	}
	l.pop()
	return l.take(token.TemplateEnd, 1)
}
