package vm

import (
	"strings"
	"testing"
)

// TestAppend builds texts that share memory and wants all of them to keep what they are.
func TestAppend(t *testing.T) {
	c := &Call{m: &machine{}}
	base := strings.Repeat("x", appendFrom)
	texts, wants := []string{base}, []string{base}
	grow := func(from int, more string) {
		texts = append(texts, c.Append(texts[from], []byte(more)))
		wants = append(wants, wants[from]+more)
	}
	for i := range 50 {
		grow(i, "next")
	}
	grow(len(texts)-1, "one way")
	grow(len(texts)-2, "another way") // from a text that was appended to already
	grow(3, "from the middle")
	grow(0, "")
	grow(len(texts)-1, "on")
	for i := range texts {
		if texts[i] != wants[i] {
			t.Errorf("text %d\n got %q\nwant %q", i, texts[i], wants[i])
		}
	}
}
