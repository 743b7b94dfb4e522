package vm

import "unsafe"

// appendFrom is the length from which a text that is appended to gets room for more.
const appendFrom = 64

// Append is a text with more after it. A program that builds a text piece by piece appends to what it got from here last,
// so that text has room behind it: then only the new bytes are copied. Nothing that exists changes, as a text ends where
// it ended. It checks no limit; Text does.
func (c *Call) Append(text string, more []byte) string {
	m, n := c.m, len(text)+len(more)
	if len(text) < appendFrom {
		joined := c.Bytes(n)
		copy(joined[copy(joined, text):], more)
		return TextOf(joined)
	}
	last := len(text) == len(m.appended) && unsafe.StringData(text) == unsafe.SliceData(m.appended)
	if !last || n > cap(m.appended) {
		room := n
		if last {
			room = 2 * n
		}
		m.appended = append(make([]byte, 0, room), text...)
	}
	m.appended = append(m.appended, more...)
	return TextOf(m.appended[:n])
}

// Short texts are cut off one piece of memory, one after the other, which costs a fraction of memory of their own. A
// piece stays in use as long as one of its texts is, so it is small.
const (
	blockSize = 512
	shortText = 64
)

// Bytes is memory for a text of n bytes. The function fills all of it before it makes a text of it with TextOf, and leaves
// it alone after that. It checks no limit; Text does.
func (c *Call) Bytes(n int) []byte {
	if n > shortText {
		return make([]byte, n)
	}
	m := c.m
	if n > len(m.piece) {
		m.piece = make([]byte, blockSize)
	}
	b := m.piece[:n:n]
	m.piece = m.piece[n:]
	return b
}

// BytesOf is the bytes of a text without a copy. Nobody changes them.
func BytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// TextOf is bytes as a text without a copy. Nobody changes them any more.
func TextOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
