package lexer

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/token"
)

// startsTag tells a tag from the less-than operator by what follows "<": a
// name, and after it ">", "/", or white space and more attributes. Hence
// a < b compares while a <b> c opens a tag.
func (l *lexer) startsTag() bool {
	rest := l.src[l.pos+1:]
	if rest == "" || !isLetter(rest[0]) {
		return false
	}
	rest = rest[run(rest, isTagPart):]
	if rest == "" {
		return false
	}
	if rest[0] == '>' || rest[0] == '/' {
		return true
	}
	if !isSpace(rest[0]) {
		return false
	}
	rest = afterSpace(rest)
	return rest != "" && (isLetter(rest[0]) || isDigit(rest[0]) || rest[0] == '>' || rest[0] == '/')
}

// afterSpace drops leading white space and line comments.
func afterSpace(s string) string {
	for {
		s = s[run(s, isSpace):]
		if !strings.HasPrefix(s, "//") && !strings.HasPrefix(s, "--") && !strings.HasPrefix(s, "#") {
			return s
		}
		end := strings.IndexAny(s, "\r\n")
		if end < 0 {
			return ""
		}
		s = s[end:]
	}
}

// afterComments drops leading comments in asterisks as well, which may stand between "<" and a name inside of a tag.
func afterComments(s string) string {
	for {
		s = afterSpace(s)
		rest, ok := strings.CutPrefix(s, "/*")
		if !ok {
			return s
		}
		_, s, _ = strings.Cut(rest, "*/")
	}
}

func startsWithLetter(s string) bool { return s != "" && isLetter(s[0]) }

// tagToken reads one token between "<" or "</" and ">".
func (l *lexer) tagToken() bool {
	l.skipSpace()
	if l.pos >= len(l.src) {
		return false
	}
	top := &l.modes[len(l.modes)-1]
	switch c := l.src[l.pos]; {
	case c == '>' && *top == tagTail:
		l.pop()
		return l.take(">", 1)
	case c == '>':
		*top = tagBody
		return l.take(">", 1)
	case l.has("/>") && *top == tagHead:
		l.pop()
		return l.take(token.TagEmpty, 2)
	case c == 'f' && l.peek(1) == '\'':
		l.push(template)
		return l.take(token.TemplateStart, 2)
	case isLetter(c):
		return l.take(token.Ident, run(l.src[l.pos:], isTagPart))
	case c == '=':
		return l.take("=", 1)
	case c == '\'':
		return l.quoted(c, token.String)
	case c == '{':
		l.push(code)
		return l.take("{", 1)
	case c == '"':
		l.fail(l.pos, l.pos+1, describe(rune(c)), "attributes are written in single quotes")
		return l.quoted(c, token.String)
	}
	l.badCharacter()
	return true
}

// tagText reads the text up to a nested tag, a closing tag or a "{".
func (l *lexer) tagText() bool {
	if n := strings.IndexAny(l.src[l.pos:], "<{"); n != 0 {
		if n < 0 {
			n = len(l.src) - l.pos
		}
		if n == 0 {
			return false
		}
		return l.take(token.TagText, n)
	}
	switch {
	case l.src[l.pos] == '{':
		l.push(code)
		return l.take("{", 1)
	case l.has("</"):
		l.modes[len(l.modes)-1] = tagTail
		return l.take(token.TagClose, 2)
	case startsWithLetter(afterComments(l.src[l.pos+1:])):
		l.push(tagHead)
		return l.take(token.TagOpen, 1)
	}
	l.fail(l.pos, l.pos+1, "unexpected `<` in the text of a tag", "write {'<'}")
	return l.take(token.TagText, 1)
}
