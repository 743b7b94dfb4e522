package clickhouse

import (
	"context"
	"crypto/rand"
	"strconv"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// row is the state of a key, as it is stored.
type row struct {
	key       string
	version   uint64
	at        time.Time
	deleted   bool
	deletedAt *time.Time
	hash      uint64
	data      []byte // nil for none
	fields    []warehouse.Field
}

// A block of records ends at so many rows or bytes.
const (
	blockRows   = 50_000
	blockMemory = 64 << 20
)

// rowBlock is rows of a table of records as columns.
type rowBlock struct {
	table  *warehouse.Table
	cells  []cells
	keys   []string
	syncs  syncValues
	memory int
}

type syncValues struct {
	versions   []uint64
	at         []time.Time
	deleted    []bool
	deletedAt  []*time.Time
	hashes     []uint64
	extra, raw []*string
}

// cells are the values of one column: pointers into room that is made once, nil for null.
type cells struct {
	bools  []*bool
	ints   []*int64
	floats []*float64
	times  []*time.Time
	texts  []*string

	roomBools  []bool
	roomInts   []int64
	roomFloats []float64
	roomTimes  []time.Time
	roomTexts  []string
}

func newBlock(t *warehouse.Table, rows int) *rowBlock {
	return &rowBlock{table: t, cells: make([]cells, len(t.Columns)), keys: make([]string, 0, min(rows, 1024))}
}

func (b *rowBlock) full() bool { return len(b.keys) >= blockRows || b.memory >= blockMemory }

func (b *rowBlock) add(r *row) {
	b.keys = append(b.keys, r.key)
	b.memory += len(r.key) + 2*len(r.data) + 8*len(b.cells)
	state := warehouse.State{Fields: r.fields}
	var late []int // columns whose instant the type does not hold in all versions of the server
	extra := b.table.Cells(&state, func(column int, text string) {
		if !b.cells[column].set(b.table.Columns[column].Type, len(b.keys), text) {
			late = append(late, column)
		}
	})
	for _, column := range late {
		for _, f := range r.fields {
			if f.Name == b.table.Columns[column].Field {
				extra = rawjson.Set(extra, f.Name, f.Value)
			}
		}
	}
	b.addSync(r, extra)
}

func (b *rowBlock) addSync(r *row, extra []byte) {
	s := &b.syncs
	s.versions = append(s.versions, r.version)
	s.at = append(s.at, r.at)
	s.deleted = append(s.deleted, r.deleted)
	s.hashes = append(s.hashes, r.hash)
	s.deletedAt = append(s.deletedAt, r.deletedAt)
	s.extra = append(s.extra, text(extra))
	s.raw = append(s.raw, text(r.data))
}

func text(b []byte) *string {
	if b == nil {
		return nil
	}
	s := rawjson.Alias(b)
	return &s
}

// set makes text the value of the last of so many rows, and those of the rows since the last call null. It reports false when the column cannot
// hold it.
func (c *cells) set(typ pipeline.Type, rows int, text string) bool {
	switch typ {
	case pipeline.Boolean:
		c.bools = put(c.bools, &c.roomBools, rows, text == "true")
	case pipeline.Integer:
		n, _ := strconv.ParseInt(text, 10, 64) // Cell has tried it
		c.ints = put(c.ints, &c.roomInts, rows, n)
	case pipeline.Float:
		f, _ := strconv.ParseFloat(text, 64)
		c.floats = put(c.floats, &c.roomFloats, rows, f)
	case pipeline.Instant:
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || at.Year() < firstYear || at.Year() > lastYear {
			return false
		}
		c.times = put(c.times, &c.roomTimes, rows, at)
	default:
		c.texts = put(c.texts, &c.roomTexts, rows, text)
	}
	return true
}

// put appends a pointer to value after as many nils as are missing. Room grows in pieces that never move, since pointers lead into them.
func put[T any](to []*T, room *[]T, rows int, value T) []*T {
	to = pad(to, rows-1)
	if len(*room) == cap(*room) {
		*room = make([]T, 0, 1024)
	}
	*room = append(*room, value)
	return append(to, &(*room)[len(*room)-1])
}

func pad[T any](to []*T, rows int) []*T {
	for len(to) < rows {
		to = append(to, nil)
	}
	return to
}

// values are the column's, null where nothing was set.
func (c *cells) values(typ pipeline.Type, rows int) any {
	switch typ {
	case pipeline.Boolean:
		return pad(c.bools, rows)
	case pipeline.Integer:
		return pad(c.ints, rows)
	case pipeline.Instant:
		return pad(c.times, rows)
	case pipeline.Float:
		return pad(c.floats, rows)
	}
	return pad(c.texts, rows)
}

// sendBlock inserts a block, and sends it again when it is not sure whether it arrived. The token is its own and not made of its rows: what comes back
// to a state that it had before is no block that the server has already.
func (w *Warehouse) sendBlock(ctx context.Context, b *rowBlock) error {
	if len(b.keys) == 0 {
		return nil
	}
	columns := []eventColumn{keyColumn}
	for _, c := range b.table.Columns {
		columns = append(columns, eventColumn{name: c.Name, typ: columnTypes[c.Type]})
	}
	columns = append(columns, syncColumns...)
	token := "merge-" + rand.Text()
	return w.again(ctx, func() error { return w.send(ctx, b.table.Rows(), columns, b.column, token) })
}

func (b *rowBlock) column(i int) any {
	n := len(b.table.Columns)
	switch {
	case i == 0:
		return b.keys
	case i <= n:
		return b.cells[i-1].values(b.table.Columns[i-1].Type, len(b.keys))
	}
	return []any{b.syncs.versions, b.syncs.at, b.syncs.deleted, b.syncs.deletedAt, b.syncs.hashes, b.syncs.extra, b.syncs.raw}[i-n-1]
}
