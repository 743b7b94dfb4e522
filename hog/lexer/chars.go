package lexer

import "fmt"

func isSpace(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func isIdentStart(c byte) bool { return isLetter(c) || c == '$' }

func isIdentPart(c byte) bool { return isIdentStart(c) || isDigit(c) }

func isTagPart(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' }

func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func isBit(c byte) bool { return c == '0' || c == '1' }

// describe names a character that starts no token, in the reference's words.
func describe(r rune) string {
	if r > ' ' && r < 0x7f {
		return fmt.Sprintf("Unexpected character '%c' (U+%04X)", r, r)
	}
	return fmt.Sprintf("Unexpected character U+%04X", r)
}

// characterHint says what was probably meant by a character of another
// language or of a word processor.
func characterHint(r rune) string {
	switch r {
	case '&':
		return "logical and is written `and`"
	case '|':
		return "logical or is written `or`, joining strings `||`"
	case '!':
		return "negation is written `not`"
	case '^':
		return "there is no such operator"
	case '‘', '’', '“', '”':
		return "write strings in straight single quotes: 'text'"
	case '\u200b', '\u200c', '\u200d', '\u2060':
		return "an invisible character; delete it"
	}
	return ""
}
