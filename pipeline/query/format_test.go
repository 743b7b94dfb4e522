package query

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// write puts rows through a format.
func write(t *testing.T, format Format, columns []Column, rows ...[]any) (string, error) {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(format, &b)
	if err := w.Columns(columns); err != nil {
		return "", err
	}
	for _, r := range rows {
		if err := w.Row(r); err != nil {
			return b.String(), err
		}
	}
	err := w.Close()
	return b.String(), err
}

var someColumns = []Column{{Name: "n", Type: "integer"}, {Name: `a "b"`}, {Name: "n"}}

func TestTextFormats(t *testing.T) {
	rows := [][]any{{int64(9007199254740993), "x,\ny", nil}, {json.Number("1.50"), "<é>", true}}
	for format, want := range map[Format]string{
		JSON: "{\"n\":9007199254740993,\"a \\\"b\\\"\":\"x,\\ny\",\"n\":null}\n{\"n\":1.50,\"a \\\"b\\\"\":\"\\u003cé\\u003e\",\"n\":true}\n",
		CSV:  "n,\"a \"\"b\"\"\",n\n9007199254740993,\"x,\ny\",\n1.50,<é>,true\n",
	} {
		if got, err := write(t, format, someColumns, rows...); got != want || err != nil {
			t.Errorf("%s\n got %q, %v\nwant %q", format, got, err, want)
		}
	}
	if _, err := ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "json, csv or parquet") {
		t.Errorf("an unknown format\n got %v\nwant the known ones", err)
	}
}

// every type with a value, and the value as Parquet stores it.
var typed = []struct {
	column Column
	value  any
	want   string
}{
	{Column{Name: "ok", Type: "boolean"}, true, "true"},
	{Column{Name: "count", Type: "integer"}, json.Number("-9223372036854775808"), "-9223372036854775808"},
	{Column{Name: "small", Type: "integer"}, int64(7), "7"},
	{Column{Name: "ratio", Type: "float"}, 0.1, "0.1"},
	{Column{Name: "nan", Type: "float"}, "NaN", "NaN"},
	{Column{Name: "price", Type: "decimal", Decimals: 2}, "-12.50", "-1250"},
	{Column{Name: "sum", Type: "decimal"}, json.Number("18446744073709551614"), "18446744073709551614"},
	{Column{Name: "at", Type: "instant"}, "2026-08-20T12:00:00.123456+02:00", "1787220000123456"},
	{Column{Name: "before", Type: "instant"}, "1969-12-31T23:59:59Z", "-1000000"},
	{Column{Name: "day", Type: "date"}, "1969-12-31", "-1"},
	{Column{Name: "id", Type: "uuid"}, "01987654-3210-7000-8000-00000000000a", "\x01\x98\x76\x54\x32\x10\x70\x00\x80\x00\x00\x00\x00\x00\x00\x0a"},
	{Column{Name: "properties", Type: "json"}, `{"a":[1.10]}`, `{"a":[1.10]}`},
	{Column{Name: "bytes", Type: "binary"}, `\x00ff`, "\x00\xff"},
	{Column{Name: "text", Type: "string"}, "é", "é"},
	{Column{Name: ""}, 1.5, "1.5"},
	{Column{Name: "text"}, "twice", "twice"},
}

func TestParquetValues(t *testing.T) {
	var columns []Column
	var values, nulls []any
	for _, c := range typed {
		columns, values, nulls = append(columns, c.column), append(values, c.value), append(nulls, nil)
	}
	text, err := write(t, Parquet, columns, values, nulls)
	if err != nil {
		t.Fatal(err)
	}
	rows, names := readParquet(t, text)
	if diff := cmp.Diff([]string{"ok", "count", "small", "ratio", "nan", "price", "sum", "at", "before", "day", "id", "properties", "bytes", "text", "column_15", "text_2"}, names); diff != "" {
		t.Errorf("columns (-want +got)\n%s", diff)
	}
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, c := range typed {
		got := rows[0][i].String()
		if c.column.Type == "decimal" {
			n := new(big.Int).SetBytes(rows[0][i].ByteArray())
			if n.Bit(127) == 1 {
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
			}
			got = n.String()
		}
		if got != c.want || !rows[1][i].IsNull() {
			t.Errorf("column %d %v\n got %q and %v\nwant %q and null", i, c.column, got, rows[1][i], c.want)
		}
	}
}

func readParquet(t *testing.T, text string) (rows []parquet.Row, names []string) {
	t.Helper()
	file, err := parquet.OpenFile(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range file.Schema().Fields() {
		names = append(names, f.Name())
	}
	for _, group := range file.RowGroups() {
		in := group.Rows()
		for {
			buffer := make([]parquet.Row, 100)
			n, err := in.ReadRows(buffer)
			for _, r := range buffer[:n] {
				rows = append(rows, r.Clone())
			}
			if err != nil {
				break
			}
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rows, names
}

func TestParquetRefuses(t *testing.T) {
	for typ, value := range map[string]any{
		"boolean": "yes", "integer": json.Number("1.5"), "float": "much", "decimal": "1e39", "instant": "soon", "date": "20 August", "uuid": "x", "binary": "text",
	} {
		var columns []Column
		if err := json.Unmarshal([]byte(`[{"name":"c","type":"`+typ+`"}]`), &columns); err != nil {
			t.Fatal(err)
		}
		if _, err := write(t, Parquet, columns, []any{value}); err == nil || !strings.Contains(err.Error(), `column "c"`) {
			t.Errorf("%v as %s\n got %v\nwant an error that names the column", value, typ, err)
		}
	}
	if _, err := write(t, Parquet, nil); err == nil {
		t.Error("no columns: no error")
	}
	if text, err := write(t, Parquet, someColumns); err != nil || !strings.HasPrefix(text, "PAR1") {
		t.Errorf("no rows\n got %q, %v\nwant an empty file", text, err)
	}
}

// counted is a writer that forgets.
type counted struct{ n int }

func (c *counted) Write(b []byte) (int, error) {
	c.n += len(b)
	return len(b), nil
}

// Parquet is written while rows come, not kept until the end.
func TestParquetIsBounded(t *testing.T) {
	out := &counted{}
	w := NewWriter(Parquet, out)
	if err := w.Columns(someColumns[:2]); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("some text ", 100)
	rows := 0
	for before := 0; rows < 3*groupBytes/len(text); rows++ {
		if err := w.Row([]any{int64(rows), text}); err != nil {
			t.Fatal(err)
		}
		if rows == groupBytes/len(text)+batchRows {
			if out.n == before {
				t.Error("nothing was written after a whole row group")
			}
		}
	}
	parts := w.(*parquetWriter)
	if err := w.Close(); err != nil || parts.bytes != 0 && parts.bytes > groupBytes || cap(parts.values) > 100*batchRows {
		t.Errorf("kept %d bytes, %d values, %v", parts.bytes, cap(parts.values), err)
	}
}

func BenchmarkParquet(b *testing.B) {
	w := NewWriter(Parquet, &counted{})
	if err := w.Columns([]Column{{Name: "uuid", Type: "uuid"}, {Name: "event"}, {Name: "at", Type: "instant"}, {Name: "properties", Type: "json"}}); err != nil {
		b.Fatal(err)
	}
	row := []any{"01987654-3210-7000-8000-00000000000a", "purchase", "2026-08-20T12:00:00.123456Z", strings.Repeat(`{"a":1}`, 60)}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Row(row); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
