// Package lexer cuts Hog text into tokens in one pass.
//
// The text of template strings and tags nests inside code and code nests
// inside them, to any depth, so the lexer keeps a stack of modes instead of
// calling itself: hostile input can not exhaust the goroutine's stack.
package lexer

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/token"
)

// mode says what the text at the current place is.
type mode uint8

const (
	code     mode = iota // tokens; left at "}" when it is inside something
	template             // text of f'...'
	full                 // text of a whole template, which ends with the input
	tagHead              // attributes, up to ">" or "/>"
	tagBody              // text between tags
	tagTail              // "name>" after "</"
)

type lexer struct {
	text   *source.Text
	src    string
	pos    int
	modes  []mode
	tokens []token.Token
	errs   source.ErrorList
}

// MaxSize is the largest text that is read, in bytes; offsets are 32 bits wide.
const MaxSize = math.MaxInt32 / 2

// Scan cuts a program or an expression into tokens. The last token is always
// EOF. Faults are reported and skipped, so the tokens can still be parsed to
// find more of them.
func Scan(text *source.Text) ([]token.Token, source.ErrorList) { return scan(text, code) }

// ScanTemplate cuts a full template, as input fields hold it, into tokens: the
// whole text is template text, in which quotes mean nothing.
func ScanTemplate(text *source.Text) ([]token.Token, source.ErrorList) { return scan(text, full) }

func scan(text *source.Text, base mode) ([]token.Token, source.ErrorList) {
	l := &lexer{text: text, src: text.Body, modes: []mode{base}}
	if len(l.src) > MaxSize {
		return []token.Token{{Kind: token.EOF}}, source.ErrorList{
			text.Errorf(source.Span{}, "text of %d bytes is larger than %d", len(l.src), MaxSize),
		}
	}
	for l.step() {
	}
	l.unclosed()
	l.emit(token.EOF, l.pos, "")
	return l.tokens, l.errs
}

// step reads one token and reports whether there may be another.
func (l *lexer) step() bool {
	switch l.modes[len(l.modes)-1] {
	case template, full:
		return l.templateText()
	case tagHead, tagTail:
		return l.tagToken()
	case tagBody:
		return l.tagText()
	}
	return l.codeToken()
}

// unclosed reports a template string or tag that the input ends in.
func (l *lexer) unclosed() {
	switch l.modes[len(l.modes)-1] {
	case template:
		l.open(l.lastStart(token.TemplateStart), l.pos, "template string is not closed", "add ' at its end")
	case tagHead, tagBody, tagTail:
		l.open(l.lastStart(token.TagOpen), l.pos, "tag is not closed", "")
	}
}

func (l *lexer) lastStart(kind token.Kind) int {
	for i := len(l.tokens) - 1; i >= 0; i-- {
		if l.tokens[i].Kind == kind {
			return l.tokens[i].Pos()
		}
	}
	return 0
}

func (l *lexer) push(m mode) { l.modes = append(l.modes, m) }

func (l *lexer) pop() {
	if len(l.modes) > 1 {
		l.modes = l.modes[:len(l.modes)-1]
	}
}

func (l *lexer) emit(kind token.Kind, start int, text string) {
	l.tokens = append(l.tokens, token.Token{Kind: kind, Span: l.span(start, l.pos), Text: text})
}

// take emits the next n bytes as a token of the given kind.
func (l *lexer) take(kind token.Kind, n int) bool {
	start := l.pos
	l.pos += n
	l.emit(kind, start, l.src[start:l.pos])
	return true
}

func (l *lexer) span(start, end int) source.Span {
	return source.Span{Start: int32(start), End: int32(end)}
}

// maxErrors bounds the list for input that is not Hog at all.
const maxErrors = 20

func (l *lexer) fail(start, end int, message, hint string) {
	if len(l.errs) >= maxErrors {
		return
	}
	err := l.text.Errorf(l.span(start, end), "%s", message)
	err.Hint = hint
	l.errs = append(l.errs, err)
}

// open fails for what the text ends in.
func (l *lexer) open(start, end int, message, hint string) {
	n := len(l.errs)
	l.fail(start, end, message, hint)
	for _, err := range l.errs[n:] {
		err.Incomplete = true
	}
}

// peek returns the byte n places ahead, or 0.
func (l *lexer) peek(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

func (l *lexer) has(prefix string) bool { return strings.HasPrefix(l.src[l.pos:], prefix) }

// skipSpace passes over white space and comments.
func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		switch n := l.spaceLen(); {
		case n > 0:
			l.pos += n
		case l.atComment():
			l.skipComment()
		default:
			return
		}
	}
}

// spaceLen is the length of the white space character at the current place, or
// 0. Those outside of ASCII, which word processors write, are white space in
// code; so is the byte order mark. Between attributes, the vertical tab and the
// form feed are none either.
func (l *lexer) spaceLen() int {
	if c := l.src[l.pos]; c < utf8.RuneSelf {
		if isSpace(c) && (c != '\v' && c != '\f' || !l.inTag()) {
			return 1
		}
		return 0
	}
	r, size := utf8.DecodeRuneInString(l.src[l.pos:])
	if !l.inTag() && (unicode.IsSpace(r) || r == '\ufeff') {
		return size
	}
	return 0
}

// inTag reports whether the text is the head or the end of a tag.
func (l *lexer) inTag() bool {
	if len(l.modes) == 0 {
		return false
	}
	top := l.modes[len(l.modes)-1]
	return top == tagHead || top == tagTail
}

func (l *lexer) skipLine() {
	if end := strings.IndexAny(l.src[l.pos:], "\r\n"); end >= 0 {
		l.pos += end
	} else {
		l.pos = len(l.src)
	}
}

// badCharacter reports the character at the current place and passes over it
// and over any that follow it outside ASCII.
func (l *lexer) badCharacter() {
	start := l.pos
	r, size := utf8.DecodeRuneInString(l.src[l.pos:])
	l.pos += size
	for l.pos < len(l.src) && l.src[l.pos] >= utf8.RuneSelf && r >= utf8.RuneSelf {
		l.pos++
	}
	l.fail(start, l.pos, describe(r), characterHint(r))
	if unicode.IsLetter(r) {
		l.emit(token.Ident, start, l.src[start:l.pos])
	}
}
