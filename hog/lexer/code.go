package lexer

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/token"
)

// operators are tried in order, so that longer ones come before their beginnings.
var operators = []string{
	"=~*", "!~*", "<=>",
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
	case c == '#':
		return l.take(token.Column, 1+run(l.src[l.pos+1:], isDigit))
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
		case (rest[1] == 'x' || rest[1] == 'X') && isHex(rest[2]):
			return l.hexNumber(rest)
		case (rest[1] == 'b' || rest[1] == 'B') && isDigit(rest[2]):
			return l.binaryNumber(rest)
		case (rest[1] == 'o' || rest[1] == 'O') && isDigit(rest[2]):
			n := 2 + run(rest[2:], isDigit)
			l.fail(l.pos, l.pos+n, "octal numbers are not supported", "write a decimal number")
			return l.take(token.Int, n)
		}
	}
	return l.decimal(rest)
}

// decimal reads a number in decimal digits. Digits that could be octal, such as
// 07, are an integer also before a dot, unless an exponent makes it a float.
func (l *lexer) decimal(rest string) bool {
	whole := run(rest, isDigit)
	n, kind := whole, token.Int
	if n < len(rest) && rest[n] == '.' && !startsName(rest[n+1:]) {
		kind = token.Float
		n++
		n += run(rest[n:], isDigit)
	}
	e := exponent(rest[n:], "eE")
	switch {
	case e > 0:
		kind = token.Float
		n += e
	case whole > 1 && rest[0] == '0' && run(rest, isOctal) == whole:
		kind, n = token.Int, whole
	}
	return l.take(kind, n)
}

// maxBits is how long a binary number may get.
const maxBits = 64

func (l *lexer) binaryNumber(rest string) bool {
	n := 2 + run(rest[2:], isDigit)
	bits := run(rest[2:], isBit)
	switch {
	case bits < n-2:
		l.fail(l.pos, l.pos+n, "a binary number has the digits 0 and 1 only", "")
	case len(strings.TrimLeft(rest[2:n], "0")) > maxBits:
		l.fail(l.pos, l.pos+n, "a binary number has at most 64 bits", "write it in hexadecimal digits")
	}
	return l.take(token.Int, n)
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
	return s != "" && isIdentStart(s[0]) && exponent(s, "eE") == 0
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
