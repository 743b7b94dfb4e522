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

// TestBytes makes texts of every length around those that share memory and wants all of them to keep what they are.
func TestBytes(t *testing.T) {
	c := &Call{m: &machine{}}
	var texts, wants []string
	for i := range 10 * shortText {
		b := c.Bytes(i % (shortText + 2))
		if cap(b) != len(b) {
			t.Fatalf("memory for %d bytes\n got room for %d, which belong to others", len(b), cap(b))
		}
		for at := range b {
			b[at] = byte('a' + i%26)
		}
		texts, wants = append(texts, TextOf(b)), append(wants, strings.Repeat(string(rune('a'+i%26)), len(b)))
	}
	for i := range texts {
		if texts[i] != wants[i] {
			t.Errorf("text %d\n got %q\nwant %q", i, texts[i], wants[i])
		}
	}
}
