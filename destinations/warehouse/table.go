package warehouse

import (
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// MostColumns is how many fields of a stream get a column; what comes later goes to _sync_extra.
const MostColumns = 990

// Table is a stream's table as it is in the store, and as the records at hand want it to be. The store fills Name, Exists and, by Add, the
// columns that there are; Fit plans the rest; the store then makes the columns whose Was is empty or another type than Type.
type Table struct {
	Name    string // of the view that readers use: <source>_<stream>
	Exists  bool
	Columns []Column

	byField map[string]int
	taken   map[string]bool // column names
}

// Column is one field of a stream in its table.
type Column struct {
	Name  string // in the table
	Field string // in the records
	Type  pipeline.Type
	// Was is the type of the column in the store, "" when there is no such column yet.
	Was pipeline.Type
	// Declared says that the stream names the column's type; it is not inferred, and text that spells a value of it is taken.
	Declared bool
}

// Rows is the name of the table itself: one row for each key, or, where the store merges later, at least one.
func (t *Table) Rows() string { return t.Name + rowsSuffix }

// All is the name of the view of all keys with all columns, tombstones too.
func (t *Table) All() string { return t.Name + allSuffix }

// Add notes a column that the store has.
func (t *Table) Add(c Column) {
	if t.byField == nil {
		t.byField, t.taken = map[string]int{}, map[string]bool{}
	}
	t.byField[c.Field] = len(t.Columns)
	t.taken[c.Name] = true
	t.Columns = append(t.Columns, c)
}

// HasPersons reports whether t says who events belong to, so that the view EventsByPerson is made with it.
func (t *Table) HasPersons() bool {
	id, hasID := t.byField["distinct_id"]
	person, hasPerson := t.byField["person_id"]
	return t.Name == PersonIDs && hasID && hasPerson && t.Columns[id].Type == pipeline.String && t.Columns[person].Type == pipeline.String
}

// want notes that field shall have a column, and tells which, or -1 when the table is full.
func (t *Table) want(field string, typ pipeline.Type) int {
	if i, ok := t.byField[field]; ok {
		return i
	}
	if len(t.Columns) >= MostColumns {
		return -1
	}
	name := ColumnName(field)
	if t.taken[name] {
		name = SecondColumnName(field)
	}
	t.Add(Column{Name: name, Field: field, Type: typ})
	return len(t.Columns) - 1
}

// Fit plans columns for what the stream declares and what the states hold. A type is only ever widened.
func (t *Table) Fit(declared []pipeline.Column, states []State) {
	for _, d := range declared {
		typ := known(d.Type)
		if i := t.want(d.Name, typ); i >= 0 {
			t.Columns[i].Declared = true
			t.Columns[i].Type = Join(t.Columns[i].Type, typ)
		}
	}
	for i := range states {
		next := 0
		for _, f := range states[i].Fields {
			column := t.column(f.Name, next)
			if column < 0 {
				column = t.want(f.Name, "")
			}
			if column >= 0 {
				t.Columns[column].fit(f.Value)
				next = column + 1
			}
		}
	}
}

func (c *Column) fit(value []byte) {
	if c.Type == "" {
		c.Type = Infer(value)
		return
	}
	if c.Declared {
		return
	}
	if _, ok := Cell(c.Type, false, value); !ok {
		c.Type = Widen(c.Type, value)
	}
}

// column finds the column of a field, -1 for none. guess is the column to try first: fields mostly come in the order of their columns.
func (t *Table) column(field string, guess int) int {
	if guess < len(t.Columns) && t.Columns[guess].Field == field {
		return guess
	}
	if i, ok := t.byField[field]; ok {
		return i
	}
	return -1
}

// known is the type that a column of a declared type has: an unknown one is text, which takes everything but objects and arrays.
func known(t pipeline.Type) pipeline.Type {
	switch t {
	case pipeline.Boolean, pipeline.Integer, pipeline.Float, pipeline.Decimal, pipeline.Instant, pipeline.JSON:
		return t
	}
	return pipeline.String
}

// Cells calls set for each field of a state that has a column and fits it, with the column's index and the value as Cell spells it. It
// returns the other fields as a JSON object, nil for none.
func (t *Table) Cells(s *State, set func(column int, text string)) (extra []byte) {
	next := 0
	for _, f := range s.Fields {
		if i := t.column(f.Name, next); i >= 0 {
			next = i + 1
			if text, ok := Cell(t.Columns[i].Type, t.Columns[i].Declared, f.Value); ok {
				set(i, text)
				continue
			}
		}
		extra = rawjson.Set(extra, f.Name, f.Value)
	}
	return extra
}
