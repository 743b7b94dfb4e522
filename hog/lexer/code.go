package lexer

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/token"
)

// operators are tried in order, so that longer ones come before their beginnings.
var operators = []string{
	"=~*", "!~*",
	"->", ":=", "?.", "??", "||", "==", "!=", "<>", "<=", ">=", "~*", "=~", "!~", "::",
	"?", ",", ";", ":", "(", ")", "[", "]", "+", "-", "*", "/", "%", "=", "<", ">", "~", ".",
}

// foreign are operators of other languages. Each is reported once and read as
// the Hog operator that was meant, so that parsing goes on as intended.
var foreign = []struct {
	spelling, message, hint, meant string
}{
	{"===", "there is no operator `===`", "write `==`", "=="},
	{"!==", "there is no operator `!==`", "write `!=`", "!="},
	{"=>", "there is no operator `=>`", "write `->` for a function and `>=` for at least", "->"},
	{"&&", "there is no operator `&&`", "write `and`", "and"},
	{"+=", "there is no operator `+=`", "write `x := x + ...`", ":="},
	{"-=", "there is no operator `-=`", "write `x := x - ...`", ":="},
	{"*=", "there is no operator `*=`", "write `x := x * ...`", ":="},
	{"/=", "there is no operator `/=`", "write `x := x / ...`", ":="},
	{"++", "there is no operator `++`", "write `x := x + 1`", ""},
}

func (l *lexer) codeToken() bool {
	l.skipSpace()
	if l.pos >= len(l.src) {
		return false
	}
	switch c := l.src[l.pos]; {
	case c == 'f' && l.peek(1) == '\'':
		l.push(template)
		return l.take(token.TemplateStart, 2)
	case isIdentStart(c):
		return l.word()
	case isDigit(c), c == '.' && isDigit(l.peek(1)):
		return l.number()
	case c == '\'':
		return l.quoted('\'', token.String)
	case c == '`', c == '"':
		return l.quoted(c, token.Ident)
	case c == '{':
		l.push(code)
		return l.take("{", 1)
	case c == '}':
		l.pop()
		return l.take("}", 1)
	case c == '<' && l.startsTag():
		l.push(tagHead)
		return l.take(token.TagOpen, 1)
	}
	return l.operator()
}

func (l *lexer) operator() bool {
	for _, f := range foreign {
		if l.has(f.spelling) && !(f.spelling == "++" && isDigit(l.peek(2))) {
			return l.foreignOperator(f.spelling, f.message, f.hint, f.meant)
		}
	}
	for _, op := range operators {
		if l.has(op) {
			return l.take(token.Kind(op), len(op))
		}
	}
	if l.has("!") && l.peek(1) != 0 {
		return l.foreignOperator("!", describe('!'), characterHint('!'), "not")
	}
	l.badCharacter()
	return true
}

func (l *lexer) foreignOperator(spelling, message, hint, meant string) bool {
	start := l.pos
	l.pos += len(spelling)
	l.fail(start, l.pos, message, hint)
	switch {
	case meant == "":
	case isLetter(meant[0]):
		l.emit(token.Ident, start, meant)
	default:
		l.emit(token.Kind(meant), start, meant)
	}
	return true
}

func (l *lexer) word() bool {
	end := l.pos + 1
	for end < len(l.src) && isIdentPart(l.src[end]) {
		end++
	}
	return l.take(token.Lookup(l.src[l.pos:end]), end-l.pos)
}

// number reads a number literal without sign. What it can not read to its end,
// such as 1e or 0x, it cuts where the number ends; the parser then sees a name.
func (l *lexer) number() bool {
	rest := l.src[l.pos:]
	if len(rest) > 2 && rest[0] == '0' {
		switch {
		case (rest[1] == 'x' || rest[1] == 'X') && (isHex(rest[2]) || rest[2] == '.' && len(rest) > 3 && isHex(rest[3])):
			return l.hexNumber(rest)
		case (rest[1] == 'b' || rest[1] == 'B') && isBit(rest[2]):
			return l.take(token.Int, 2+run(rest[2:], isBit))
		case (rest[1] == 'o' || rest[1] == 'O') && isDigit(rest[2]):
			n := 2 + run(rest[2:], isDigit)
			l.fail(l.pos, l.pos+n, "octal numbers are not supported", "write a decimal number")
			return l.take(token.Int, n)
		}
	}
	n, kind := run(rest, isDigit), token.Int
	if n < len(rest) && rest[n] == '.' && !startsName(rest[n+1:]) {
		kind = token.Float
		n++
		n += run(rest[n:], isDigit)
	}
	if e := exponent(rest[n:], "eE"); e > 0 {
		kind = token.Float
		n += e
	}
	return l.take(kind, n)
}

func (l *lexer) hexNumber(rest string) bool {
	n := 2 + run(rest[2:], isHex)
	m := n
	if m < len(rest) && rest[m] == '.' {
		m++
		m += run(rest[m:], isHex)
	}
	if e := exponent(rest[m:], "pP"); e > 0 {
		return l.take(token.Float, m+e)
	}
	if n == 2 {
		return l.take(token.Int, 1)
	}
	return l.take(token.Int, n)
}

// startsName reports whether a dot before this text is an access, not the dot
// of a number: 5.x is the property x of 5, while 5.e3 is a number.
func startsName(s string) bool {
	return s != "" && isIdentStart(s[0]) && s[0] != 'e' && s[0] != 'E'
}

// run counts the leading bytes of a class.
func run(s string, class func(byte) bool) int {
	n := 0
	for n < len(s) && class(s[n]) {
		n++
	}
	return n
}

// exponent returns the length of a complete exponent at the start of s, or 0.
func exponent(s, letters string) int {
	if s == "" || !strings.Contains(letters, s[:1]) {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	digits := run(s[n:], isDigit)
	if digits == 0 {
		return 0
	}
	return n + digits
}
