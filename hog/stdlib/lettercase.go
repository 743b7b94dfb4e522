package stdlib

import (
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/prickle-dev/prickle/hog/vm"
)

// lowerCase is the full mapping of Unicode: a sigma that ends a word is another letter, and one letter may become two.
func lowerCase(c *vm.Call, s string) string {
	if mapped, ok := asciiCase(c, s, 'A'); ok {
		return mapped
	}
	return cases.Lower(language.Und).String(s)
}

// upperCase is the full mapping of Unicode: ß becomes SS.
func upperCase(c *vm.Call, s string) string {
	if mapped, ok := asciiCase(c, s, 'a'); ok {
		return mapped
	}
	return cases.Upper(language.Und).String(s)
}

// letters is how many there are in ASCII, and caseBit what upper and lower case differ by.
const (
	letters = 'z' - 'a' + 1
	caseBit = 'a' ^ 'A'
)

// asciiCase is the text with the letters from first on in the other case; false when it is not all ASCII.
func asciiCase(c *vm.Call, s string, first byte) (string, bool) {
	from := len(s) // of the first letter to change
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return "", false
		}
		if s[i]-first < letters && i < from {
			from = i
		}
	}
	if from == len(s) {
		return s, true
	}
	out := c.Bytes(len(s))
	for i := range copy(out, s) {
		if out[i]-first < letters {
			out[i] ^= caseBit
		}
	}
	return vm.TextOf(out), true
}
