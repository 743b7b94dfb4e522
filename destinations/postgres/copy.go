package postgres

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"time"
)

// copyRows is the data of a binary COPY while it is put together. The zero value is ready; begin keeps the memory of the last one.
type copyRows struct {
	data []byte
	lent bool // to a COPY that was broken off: the client library may go on reading it for a while
}

// spare is a copyRows to use again: growing one costs as much as filling it.
type spare chan *copyRows

func (s spare) take() *copyRows {
	select {
	case c := <-s:
		return c
	default:
		return &copyRows{}
	}
}

func (s spare) put(c *copyRows) {
	select {
	case s <- c:
	default:
	}
}

// copyHeader is the signature, no flags, and no extension.
const copyHeader = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// keptCopy is how much memory is kept from one COPY to the next, in bytes.
const keptCopy = 32 << 20

func (c *copyRows) begin() {
	if cap(c.data) > keptCopy || c.lent {
		c.data, c.lent = nil, false
	}
	c.data = append(c.data[:0], copyHeader...)
}

// end ends the data.
func (c *copyRows) end() { c.data = binary.BigEndian.AppendUint16(c.data, math.MaxUint16) } // -1 fields

// reader reads the data from its beginning.
func (c *copyRows) reader() io.Reader { return bytes.NewReader(c.data) }

// row begins a row of so many fields, which must follow.
func (c *copyRows) row(fields int) { c.data = binary.BigEndian.AppendUint16(c.data, uint16(fields)) }

func (c *copyRows) length(n int) { c.data = binary.BigEndian.AppendUint32(c.data, uint32(n)) }

func (c *copyRows) null() { c.length(-1) }

func (c *copyRows) text(s string) {
	c.length(len(s))
	c.data = append(c.data, s...)
}

func (c *copyRows) bytes(b []byte) {
	c.length(len(b))
	c.data = append(c.data, b...)
}

// jsonb is JSON text behind the number of its format.
func (c *copyRows) jsonb(text []byte) {
	c.length(1 + len(text))
	c.data = append(append(c.data, 1), text...)
}

func (c *copyRows) jsonbOrNull(text []byte) {
	if text == nil {
		c.null()
		return
	}
	c.jsonb(text)
}

func (c *copyRows) int64(n int64) {
	c.length(8)
	c.data = binary.BigEndian.AppendUint64(c.data, uint64(n))
}

func (c *copyRows) int32(n int32) {
	c.length(4)
	c.data = binary.BigEndian.AppendUint32(c.data, uint32(n))
}

func (c *copyRows) bool(b bool) {
	c.length(1)
	if b {
		c.data = append(c.data, 1)
		return
	}
	c.data = append(c.data, 0)
}

// epoch is where Postgres counts from, in microseconds since 1970.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func (c *copyRows) time(t time.Time) { c.int64(t.UnixMicro() - epoch) }
