package bulk

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// columnFields are the fields that a column may be.
var columnFields = []string{"event", "distinct_id", "timestamp", "uuid", "properties"}

// table tells what the columns of a CSV are.
type table struct {
	fields    map[string]int    // the column of each field, from 0
	constants map[string]string // fields that are the same for all
	names     []string          // of the properties, by column; "" for a field
}

// csv reads a header and a record for each row. A row's line is where it begins: a text may have several lines.
func (r *reader) csv(body []byte) error {
	if err := checkColumns(body); err != nil {
		return err
	}
	in := csv.NewReader(bytes.NewReader(body))
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return wire.Invalid("invalid_csv", "the header cannot be read: %v", err)
	}
	begin := 1 + bytes.Count(body[:in.InputOffset()], []byte("\n")) // the line of the first row
	if r.Line == 0 {
		r.Line = begin
	}
	t, err := r.table(slices.Clone(header))
	if err != nil {
		return wire.Invalid("invalid_columns", "%v", err)
	}
	r.readAs(header)
	for {
		from := in.InputOffset()
		if err := checkColumns(body[from:]); err != nil {
			return err
		}
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err := r.more(); err != nil {
			return err
		}
		if err != nil {
			at, detail, ok := BrokenRow(err, body[from:in.InputOffset()])
			if !ok {
				return wire.Invalid("invalid_csv", "%v", err)
			}
			r.reject(r.Line+at-begin, "invalid_csv", detail)
			continue
		}
		at, _ := in.FieldPos(0)
		line := r.Line + at - begin
		if len(row) != len(t.names) {
			r.reject(line, "invalid_record", fmt.Sprintf("%d columns, the header has %d", len(row), len(t.names)))
			continue
		}
		text := strings.Join(row, "\x00")
		if r.MaxRecord > 0 && len(text) > r.MaxRecord {
			r.reject(line, "event_too_large", wire.SizeDetail(len(text), r.MaxRecord))
			continue
		}
		d, err := t.draft(row)
		if err != nil {
			r.reject(line, "invalid_record", err.Error())
			continue
		}
		if err := r.add(line, []byte(text), d); err != nil {
			return err
		}
	}
}

// maxColumns is more than tables have. Each costs some dozens of bytes, whatever is in it.
const maxColumns = 2000

// checkColumns refuses a first row that is too wide, before it is read: commas outside of quotes are counted, which is more for a broken row and never
// less.
func checkColumns(body []byte) error {
	n, quoted := 1, false
	for _, ch := range bytes.TrimLeft(body, "\r\n") {
		switch {
		case ch == '"':
			quoted = !quoted
		case quoted:
		case ch == '\n':
			return nil
		case ch == ',':
			if n++; n > maxColumns {
				return wire.Invalid("too_many_columns", "more than %d columns", maxColumns)
			}
		}
	}
	return nil
}

// BrokenRow says what is wrong with a row, given the error of a csv.Reader and the text that it has read for it, and in which line of all that it has read the
// row begins. It reports false when it cannot be told where the row ends, and what follows is not to be read: a text that begins with a quote has no end.
func BrokenRow(err error, text []byte) (line int, detail string, ok bool) {
	var syntax *csv.ParseError
	if !errors.As(err, &syntax) {
		return 0, "", false
	}
	// A quote within a text that does not begin with one does not reach beyond its line. Where quotes are paired, no text is left open.
	ok = errors.Is(err, csv.ErrBareQuote) || bytes.Count(text, []byte(`"`))%2 == 0
	return syntax.StartLine, syntax.Err.Error(), ok
}

// table finds the columns.
func (r *reader) table(header []string) (*table, error) {
	t := &table{fields: map[string]int{}, constants: map[string]string{}, names: header}
	for field := range r.Columns {
		if !slices.Contains(columnFields, field) {
			return nil, fmt.Errorf("%q is no field of an event: want one of %s", field, strings.Join(columnFields, ", "))
		}
	}
	seen := map[string]bool{}
	for i, name := range header {
		if header[i] = strings.TrimSpace(name); header[i] == "" {
			header[i] = "column_" + strconv.Itoa(i+1)
		}
		if seen[header[i]] {
			return nil, fmt.Errorf("two columns are named %q", wire.Cut(header[i], 100))
		}
		seen[header[i]] = true
	}
	for _, field := range columnFields {
		column, named := r.Columns[field]
		if constant, ok := strings.CutPrefix(column, "="); ok {
			t.constants[field] = constant
			continue
		}
		if !named {
			column = field
		}
		i := slices.Index(header, column)
		switch {
		case i >= 0:
			t.fields[field] = i
		case named:
			return nil, fmt.Errorf("there is no column %q for %s: the header has %s", column, field, wire.Cut(strings.Join(header, ", "), 500))
		case field == "event" || field == "distinct_id":
			return nil, fmt.Errorf("there is no column %q: say which one it is, or give all the same value with =", field)
		}
	}
	t.names = slices.Clone(header)
	for _, i := range t.fields {
		t.names[i] = ""
	}
	return t, nil
}

func (t *table) draft(row []string) (*draft, error) {
	value := func(field string) []byte {
		text, ok := t.constants[field]
		if i, found := t.fields[field]; found {
			text, ok = strings.TrimSpace(row[i]), true
		}
		if !ok || text == "" {
			return nil
		}
		return rawjson.AppendString(nil, strings.ToValidUTF8(text, "\uFFFD"))
	}
	d := &draft{event: value("event"), distinctID: value("distinct_id"), timestamp: value("timestamp"), id: value("uuid")}
	var err error
	if d.properties, err = (record{of: map[string][]byte{"properties": value("properties")}}).object("properties"); err != nil {
		return nil, err
	}
	w := wire.NewRewriter(nil, nil)
	for i, name := range t.names {
		if name != "" && row[i] != "" {
			w.Add(name, typed(row[i]))
		}
	}
	d.properties = wire.AppendMerged(nil, d.properties, w.Close())
	return d, nil
}

// typed is a cell's value: a number and true and false are what they look like, unless a number would lose digits or zeros of an id.
func typed(text string) []byte {
	const digits = 15 // that every reader of JSON keeps
	raw := []byte(text)
	if ok, _, _ := rawjson.Valid(raw, 1); ok && len(raw) <= digits && !bytes.ContainsAny(raw, " \t\r\n") {
		switch rawjson.KindOf(raw) {
		case rawjson.Bool:
			return raw
		case rawjson.Number:
			if !bytes.ContainsAny(raw, "eE") { // an id, rather than a number as it is written
				return raw
			}
		}
	}
	return rawjson.AppendString(nil, strings.ToValidUTF8(text, "\uFFFD"))
}
