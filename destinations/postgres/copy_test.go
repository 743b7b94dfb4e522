package postgres

import (
	"io"
	"testing"
)

// A COPY that was broken off may still be read by the client library: its memory is not written again.
func TestBrokenCopyKeepsItsMemory(t *testing.T) {
	var c copyRows
	c.begin()
	c.text("first")
	c.end()
	broken := c.reader()
	want, _ := io.ReadAll(c.reader())
	c.lent = true
	c.begin()
	c.text("other")
	c.end()
	if got, _ := io.ReadAll(broken); string(got) != string(want) {
		t.Errorf("what a broken COPY reads\n got %q\nwant %q", got, want)
	}
	if at := &c.data[0]; !c.lent {
		if c.begin(); &c.data[0] != at {
			t.Error("the memory of a COPY that went well is not used again")
		}
	}
}
