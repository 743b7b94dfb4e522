package vm

import (
	"regexp"
	"testing"
)

// TestPlainText compares the short way of searching with the automaton, and pins for which patterns there is one.
func TestPlainText(t *testing.T) {
	texts := []string{"", "a", "ab", "abc", "xabc", "abcx", "abc\n", "\nabc", "abc\nabc", "ABC", "a.c", "abbc", "\xff", "\xffabc", "é", "abcé", "^abc$"}
	for pattern, plain := range map[string]bool{
		"abc": true, "^abc": true, "abc$": true, "^abc$": true, `\Aabc\z`: true, `a\.c`: true, `^a\.c$`: true, "a": true, `\^abc\$`: true, "[a]bc": true,
		"": false, "^": false, "$": false, "^$": false, "(?i)abc": false, "(?m)^abc": false, "(?m)abc$": false, "a.c": false, "ab?c": false,
		"(abc)": false, "abc|x": false, "é": false, "\uFFFD": false, `a\bc`: false, "^^abc": false, "[ab]": false, "ab{2}c": false, "a(?i)b": false,
	} {
		p, err := compilePattern(pattern, 1000, func(int) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if got := p.plain != nil; got != plain {
			t.Errorf("%q\n got plain %v\nwant %v", pattern, got, plain)
		}
		for _, text := range texts {
			if got, want := p.occursIn(text), regexp.MustCompile(pattern).MatchString(text); got != want {
				t.Errorf("%q in %q\n got %v\nwant %v", pattern, text, got, want)
			}
		}
	}
}
