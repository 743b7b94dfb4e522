package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/proto"
)

// engineRevision is the one that the library reads and writes FORMAT Native in: blocks without information about themselves, and columns without
// a mark of how they are serialised. It leaves the time zone of a column of DateTime out.
const engineRevision = 0

// head is the name and the type of a column.
type head struct{ name, typ string }

// block is what is known of a block that was copied.
type block struct {
	columns []head
	rows    int
}

// copyBlock reads a block of one revision and appends it to out as one of another. The values are the same bytes in both. At the end of the input
// it returns io.EOF itself.
func copyBlock(out *proto.Buffer, to int, in *proto.Reader, from int) (block, error) {
	c := copier{in: in, out: out}
	if proto.FeatureBlockInfo.In(from) {
		if err := (&proto.BlockInfo{}).Decode(in); err != nil {
			return block{}, err
		}
	}
	columns, err := in.Int()
	if errors.Is(err, io.EOF) {
		return block{}, io.EOF
	}
	if err != nil {
		return block{}, err
	}
	rows, err := in.Int()
	if err != nil {
		return block{}, err
	}
	b := block{rows: rows}
	putHead(out, to, columns, rows)
	for range columns {
		h, err := c.column(from, to, rows)
		if err != nil {
			return block{}, err
		}
		b.columns = append(b.columns, h)
	}
	return b, nil
}

func putHead(out *proto.Buffer, revision, columns, rows int) {
	proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: columns, Rows: rows}.EncodeAware(out, revision)
}

// putHeader appends a block without rows, which tells of the columns to come.
func putHeader(out *proto.Buffer, revision int, columns []head) {
	putHead(out, revision, len(columns), 0)
	for _, c := range columns {
		putColumn(out, revision, c)
	}
}

func putColumn(out *proto.Buffer, revision int, c head) {
	out.PutString(c.name)
	out.PutString(c.typ)
	if proto.FeatureCustomSerialization.In(revision) {
		out.PutBool(false)
	}
}

// copier copies values, which have no length in front, by what their type says.
type copier struct {
	in  *proto.Reader
	out *proto.Buffer
}

func (c copier) column(from, to, rows int) (head, error) {
	var h head
	var err error
	if h.name, err = c.in.Str(); err != nil {
		return h, err
	}
	if h.typ, err = c.in.Str(); err != nil {
		return h, err
	}
	if proto.FeatureCustomSerialization.In(from) {
		if custom, err := c.in.Bool(); err != nil || custom {
			return h, errors.Join(err, unsupported("a serialisation of its own"))
		}
	}
	putColumn(c.out, to, h)
	if rows == 0 {
		return h, nil
	}
	v, err := parseType(h.typ)
	if err != nil {
		return h, err
	}
	if err := v.prefix(c); err != nil {
		return h, err
	}
	return h, v.values(c, rows)
}

func (c copier) bytes(n int) error {
	from := len(c.out.Buf)
	if missing := from + n - cap(c.out.Buf); missing > 0 {
		grown := make([]byte, from, max(from+n, 2*cap(c.out.Buf)))
		copy(grown, c.out.Buf)
		c.out.Buf = grown
	}
	c.out.Buf = c.out.Buf[:from+n]
	return c.in.ReadFull(c.out.Buf[from:])
}

func (c copier) number() (uint64, error) {
	if err := c.bytes(8); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(c.out.Buf[len(c.out.Buf)-8:]), nil
}

func (c copier) length() (int, error) {
	n, err := c.in.Int()
	if err == nil && n < 0 {
		err = fmt.Errorf("a length of %d", n)
	}
	c.out.PutInt(n)
	return n, err
}

func (c copier) text() error {
	n, err := c.length()
	if err != nil {
		return err
	}
	return c.bytes(n)
}

func unsupported(what string) error {
	return fmt.Errorf("Code: 48. DB::Exception: no %s here. (NOT_IMPLEMENTED)", what) //nolint:staticcheck // as the server words it
}

func uvarint(b []byte) (n, length int) {
	v, l := binary.Uvarint(b)
	return int(v), l
}
