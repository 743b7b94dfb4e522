package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/query"
)

// output is where a result goes. A file gets its name when it is complete; until then, and for good after an error, there is none or the old one.
type output struct {
	query.Writer
	buffer *bufio.Writer // nil when there is none
	file   *os.File      // nil for standard output
	path   string
}

// newOutput makes the output for --format and --out; format may be "".
func newOutput(format, path string, stdout io.Writer) (*output, error) {
	if format == "" {
		format = formatOf(path)
	}
	o := &output{path: path}
	known := query.Format("")
	if format != "table" {
		var err error
		if known, err = query.ParseFormat(format); err != nil {
			return nil, fmt.Errorf("format: unknown %q: use table, json, csv or parquet", format)
		}
	}
	if known == query.Parquet && path == "" && isTerminal(stdout) {
		return nil, errors.New("parquet is not for a terminal: give --out FILE, or send the output to a file or a program")
	}
	w := stdout
	if path != "" {
		var err error
		if o.file, err = os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part"); err != nil {
			return nil, fmt.Errorf("--out %s: %w", path, err)
		}
		w = o.file
	}
	switch {
	case known == "":
		o.Writer = &tableResult{w: w}
	case isTerminal(w):
		o.Writer = query.NewWriter(known, terminalSafe(w))
	default:
		o.buffer = bufio.NewWriterSize(w, 64<<10)
		o.Writer = query.NewWriter(known, o.buffer)
	}
	return o, nil
}

// formatOf is the format that a file's name ends in, else table.
func formatOf(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json", ".ndjson", ".jsonl":
		return "json"
	case ".csv":
		return "csv"
	case ".parquet":
		return "parquet"
	}
	return "table"
}

// end completes the output, or gives it up when err is what the query ended with. It returns err, or what went wrong at the end.
func (o *output) end(err error) error {
	if err == nil {
		err = o.Close()
	}
	if o.buffer != nil && (err == nil || o.file == nil) { // rows before an error are shown
		err = errors.Join(err, o.buffer.Flush())
	}
	if o.file == nil {
		return err
	}
	if err == nil {
		if err = o.place(); err == nil {
			return nil
		}
		err = fmt.Errorf("--out %s: %w", o.path, err)
	}
	_ = o.file.Close() // it may be closed already
	return errors.Join(err, os.Remove(o.file.Name()))
}

// place puts the complete file under its name.
func (o *output) place() error {
	if err := errors.Join(o.file.Sync(), o.file.Close()); err != nil {
		return err
	}
	return os.Rename(o.file.Name(), o.path)
}
