package stdlib

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/prickle-dev/prickle/hog/vm"
)

// lowerCase is the full mapping of Unicode: a sigma that ends a word is another letter, and one letter may become two.
func lowerCase(s string) string {
	if vm.IsASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

// upperCase is the full mapping of Unicode: ß becomes SS.
func upperCase(s string) string {
	if vm.IsASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}
