package main

import (
	"bytes"
	"fmt"
	"testing"
)

// Log lines and output appear above the summary, which stays the last line.
func TestScreen(t *testing.T) {
	var b bytes.Buffer
	s := &screen{w: &b, terminal: true}
	out := s.beside(&b)
	fmt.Fprintln(s, "log 1")
	s.show("sum 1")
	fmt.Fprintln(s, "log 2")
	fmt.Fprintln(out, "out 1")
	s.show("sum 2")
	s.show("")
	want := "log 1\n" + clearLine + "sum 1" + clearLine + "log 2\nsum 1" + clearLine + "out 1\nsum 1" + clearLine + "sum 2" + clearLine
	if got := b.String(); got != want {
		t.Errorf("screen\n got %q\nwant %q", got, want)
	}
}
