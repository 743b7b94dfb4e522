package postgres

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// longestKey is what fits in an index with something to spare. A longer key is cut and told from others by a hash.
const longestKey = 2000

func shortKey(key string) string {
	if len(key) <= longestKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return warehouse.ValidUTF8(key[:longestKey-2*len(sum)]) + hex.EncodeToString(sum[:])
}

// speller spells states as rows of a staging table.
type speller struct {
	table *warehouse.Table
	cells []string // of the columns
	set   []bool
	late  []int // columns whose value found no room
}

func newSpeller(table *warehouse.Table) *speller {
	return &speller{table: table, cells: make([]string, len(table.Columns)), set: make([]bool, len(table.Columns))}
}

// A row of Postgres lies in one page of 8 kB, whatever of its values lies elsewhere: one of up to mostInRow bytes stays in the row, and a longer one
// leaves a reference, which is shorter than that. As JSON, which any column may become, a value takes up to jsonFrame bytes more than as text.
const (
	roomForCells = 7400
	mostInRow    = 24
	leastInRow   = 16
	jsonFrame    = 12
)

func roomOf(text string) int { return min(max(len(text)+jsonFrame, leastInRow), mostInRow) }

// row appends a state. Fields that have no column, do not fit theirs, or find no room in the row become the object extra.
func (s *speller) row(c *copyRows, state *warehouse.State) {
	clear(s.set)
	s.late = s.late[:0]
	room := roomForCells
	extra := s.table.Cells(state, func(column int, text string) {
		if room -= roomOf(text); room < 0 {
			s.late = append(s.late, column)
			return
		}
		s.cells[column], s.set[column] = text, true
	})
	if len(s.late) > 0 {
		extra = s.addLate(extra, state)
	}
	c.row(9 + len(s.cells))
	s.head(c, state)
	c.jsonbOrNull(extra)
	if state.Data == nil {
		c.null()
	} else {
		c.bytes(state.Data)
	}
	for i, text := range s.cells {
		if s.set[i] {
			c.text(text)
		} else {
			c.null()
		}
	}
}

func (s *speller) head(c *copyRows, state *warehouse.State) {
	c.text(state.Key)
	c.int64(state.Version)
	c.time(state.At)
	c.bool(state.DeletedAt != nil)
	if state.DeletedAt != nil {
		c.time(*state.DeletedAt)
	} else {
		c.null()
	}
	c.int64(int64(state.Hash))
	c.bool(state.Past)
}

// addLate puts the fields of late columns into extra, all at once.
func (s *speller) addLate(extra []byte, state *warehouse.State) []byte {
	late := make(map[string]bool, len(s.late))
	for _, column := range s.late {
		late[s.table.Columns[column].Field] = true
	}
	out := append(make([]byte, 0, len(extra)+64*len(late)), '{')
	if len(extra) > 2 {
		out = append(append(out, extra[1:len(extra)-1]...), ',')
	}
	for _, f := range state.Fields {
		if late[f.Name] {
			out = append(append(rawjson.AppendString(out, f.Name), ':'), f.Value...)
			out = append(out, ',')
		}
	}
	out[len(out)-1] = '}'
	return out
}
