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
		return text + string(more)
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
	return unsafe.String(unsafe.SliceData(m.appended), n)
}
