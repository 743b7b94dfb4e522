package stdlib

import (
	"bytes"
	"errors"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/transform"

	"github.com/prickle-dev/prickle/hog/vm"
)

// lowerCase is the full mapping of Unicode: a sigma that ends a word is another letter, and one letter may become two.
func lowerCase(c *vm.Call, s string) (string, error) {
	if plain, ok := asciiCase(c, s, 'A'); ok {
		return plain, nil
	}
	return mapped(c, s, cases.Lower(language.Und))
}

// upperCase is the full mapping of Unicode: ß becomes SS.
func upperCase(c *vm.Call, s string) (string, error) {
	if plain, ok := asciiCase(c, s, 'a'); ok {
		return plain, nil
	}
	return mapped(c, s, cases.Upper(language.Und))
}

// mapped is a text in another case. The mapping forgets the letters before when it is called again, and then takes a sigma
// at the end of a word for one inside. So a piece ends with a space, and has room for twice its length at once, which is more
// than lower case needs.
func mapped(c *vm.Call, s string, to cases.Caser) (string, error) {
	const slack = 16 // more than one letter becomes
	src, at := vm.BytesOf(s), 0
	var out []byte
	err := c.Pieces(len(src), func(_, end int) error {
		if end < len(src) {
			end = at + bytes.LastIndexByte(src[at:end], ' ') + 1
		}
		for at < end {
			out = slices.Grow(out, 2*(end-at)+slack)
			n, read, err := to.Transform(out[len(out):cap(out)], src[at:end], true)
			out, at = out[:len(out)+n], at+read
			if err != nil && !errors.Is(err, transform.ErrShortDst) {
				return err
			}
		}
		return nil
	})
	return string(out), err
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
