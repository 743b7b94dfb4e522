package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/prickle-dev/prickle/pipeline/query"
	"golang.org/x/term"
)

// count is a number of things in words: "1 row", "2 rows".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// tableResult keeps all rows, since the widest value of a column decides how wide that is.
type tableResult struct {
	w io.Writer
	t table.Writer
	n int
}

func (r *tableResult) Columns(columns []query.Column) error {
	r.t = table.NewWriter()
	r.t.SetStyle(table.StyleLight)
	r.t.Style().Format.Header = text.FormatDefault
	header := make(table.Row, len(columns))
	limits := make([]table.ColumnConfig, len(columns))
	for i, c := range columns {
		header[i] = strings.Map(printable, c.Name)
		limits[i] = table.ColumnConfig{Number: i + 1, WidthMax: 100}
	}
	r.t.AppendHeader(header)
	r.t.SetColumnConfigs(limits)
	return nil
}

func (r *tableResult) Row(values []any) error {
	cells := make(table.Row, len(values))
	for i, v := range values {
		// Control characters in a value must not reach the terminal.
		cells[i] = strings.Map(printable, query.Cell(v))
	}
	r.t.AppendRow(cells)
	r.n++
	return nil
}

func (r *tableResult) Close() error {
	if r.t == nil {
		return nil
	}
	_, err := fmt.Fprintf(r.w, "%s\n%s\n", r.t.Render(), count(r.n, "row"))
	return err
}

// printable replaces what would steer a terminal: control characters, and those that turn the direction of text around.
func printable(c rune) rune {
	switch {
	case c < ' ' && c != '\n', c >= 0x7f && c < 0xa0, c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069:
		return '\uFFFD'
	}
	return c
}

// isTerminal reports whether w is one.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalSafe is w, or, when w is a terminal, a writer that lets only printable text through: JSON may hold what is not.
func terminalSafe(w io.Writer) io.Writer {
	if isTerminal(w) {
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
