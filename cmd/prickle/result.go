package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// result prints the rows of a query in one of the formats.
type result interface {
	columns(names []string) error
	row(values []any) error
	close() error
}

func newResult(format string, w io.Writer) (result, error) {
	switch format {
	case "table":
		return &tableResult{w: w}, nil
	case "json":
		return &jsonResult{w: terminalSafe(w)}, nil
	case "csv":
		return &csvResult{w: csv.NewWriter(terminalSafe(w))}, nil
	}
	return nil, fmt.Errorf("format: unknown %q: use table, json or csv", format)
}

// cell is a value as text: JSON values without their quotes, nothing for null.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// count is a number of things in words: "1 row", "2 rows".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

type tableResult struct {
	w io.Writer
	t table.Writer
	n int
}

func (r *tableResult) columns(names []string) error {
	r.t = table.NewWriter()
	r.t.SetStyle(table.StyleLight)
	r.t.Style().Format.Header = text.FormatDefault
	header := make(table.Row, len(names))
	limits := make([]table.ColumnConfig, len(names))
	for i, n := range names {
		header[i] = strings.Map(printable, n)
		limits[i] = table.ColumnConfig{Number: i + 1, WidthMax: 100}
	}
	r.t.AppendHeader(header)
	r.t.SetColumnConfigs(limits)
	return nil
}

func (r *tableResult) row(values []any) error {
	cells := make(table.Row, len(values))
	for i, v := range values {
		// Control characters in a value must not reach the terminal.
		cells[i] = strings.Map(printable, cell(v))
	}
	r.t.AppendRow(cells)
	r.n++
	return nil
}

// printable replaces what would steer a terminal: control characters, and those that turn the direction of text around.
func printable(c rune) rune {
	switch {
	case c < ' ' && c != '\n', c >= 0x7f && c < 0xa0, c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069:
		return '\uFFFD'
	}
	return c
}

// terminalSafe is w, or, when w is a terminal, a writer that lets only printable text through: JSON may hold what is not.
func terminalSafe(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return printableWriter{w}
	}
	return w
}

type printableWriter struct{ w io.Writer }

// Write takes whole lines, so no character is cut in two.
func (p printableWriter) Write(b []byte) (int, error) {
	if _, err := p.w.Write(bytes.Map(printable, b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (r *tableResult) close() error {
	if r.t == nil {
		return nil
	}
	_, err := fmt.Fprintf(r.w, "%s\n%s\n", r.t.Render(), count(r.n, "row"))
	return err
}

type jsonResult struct {
	w     io.Writer
	names []string
}

func (r *jsonResult) columns(names []string) error {
	r.names = names
	return nil
}

// row writes an object whose keys are in the order of the columns, which a Go map would lose.
func (r *jsonResult) row(values []any) error {
	line := []byte{'{'}
	for i, v := range values {
		if i > 0 {
			line = append(line, ',')
		}
		key, err := json.Marshal(r.names[i])
		if err != nil {
			return fmt.Errorf("column %q: %w", r.names[i], err)
		}
		value, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("column %q: %w", r.names[i], err)
		}
		line = append(append(append(line, key...), ':'), value...)
	}
	_, err := r.w.Write(append(line, '}', '\n'))
	return err
}

func (r *jsonResult) close() error { return nil }

type csvResult struct{ w *csv.Writer }

func (r *csvResult) columns(names []string) error { return r.w.Write(names) }

func (r *csvResult) row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = cell(v)
	}
	return r.w.Write(cells)
}

func (r *csvResult) close() error {
	r.w.Flush()
	return r.w.Error()
}

// printJSON prints each of a list as a JSON object on a line.
func printJSON[T any](w io.Writer, list []T) error {
	enc := json.NewEncoder(terminalSafe(w))
	enc.SetEscapeHTML(false)
	for _, v := range list {
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
	return nil
}
