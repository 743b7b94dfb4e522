package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"github.com/prickle-dev/prickle/pipeline/capture/bulk"
)

// part is some records of a file, with their lines.
type part struct {
	header  []byte // of a CSV
	lines   []int
	records [][]byte // each with its line break
	size    int      // of the records
}

func (p *part) add(line int, record []byte) {
	p.lines, p.records, p.size = append(p.lines, line), append(p.records, record), p.size+len(record)
}

func (p *part) full() bool { return len(p.records) >= importRecords || p.size >= importBytes }

// body is what is sent: records keep their lines, so that where the file has something else, the body has empty ones.
func (p *part) body() []byte {
	out := append(make([]byte, 0, len(p.header)+p.size), p.header...)
	next := p.lines[0]
	for i, record := range p.records {
		for ; next < p.lines[i]; next++ {
			out = append(out, '\n')
		}
		out = append(out, record...)
		next += bytes.Count(record, []byte("\n"))
	}
	return out
}

// halves splits a part.
func (p *part) halves() (first, second part) {
	n := len(p.records) / 2
	first.header, second.header = p.header, p.header
	for i, record := range p.records {
		if i < n {
			first.add(p.lines[i], record)
		} else {
			second.add(p.lines[i], record)
		}
	}
	return first, second
}

// linesOf hands on the lines behind those that are imported already.
func (i *importing) linesOf(text *bufio.Reader, send func(part) error) error {
	var p part
	for line := 1; ; line++ {
		record, err := text.ReadBytes('\n')
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return &importError{i.file, line, err}
		}
		if line > i.state.Line && len(bytes.TrimSpace(record)) > 0 {
			if ended {
				record = append(record, '\n')
			}
			p.add(line, record)
		}
		if p.full() || ended && len(p.records) > 0 {
			if err := send(p); err != nil {
				return err
			}
			p = part{}
		}
		if ended {
			return nil
		}
	}
}

// rowsOf hands on the rows of a CSV, each part with the header.
func (i *importing) rowsOf(text *bufio.Reader, send func(part) error) error {
	raw := &rawReader{from: text}
	in := csv.NewReader(raw)
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err != nil {
		return &importError{i.file, 1, fmt.Errorf("the header cannot be read: %w", err)}
	}
	raw.take(in.InputOffset())
	p, rows := part{header: appendRow(nil, header)}, 0
	for {
		row, err := in.Read()
		ended := errors.Is(err, io.EOF)
		record := raw.take(in.InputOffset())
		switch line, detail, ok := bulk.BrokenRow(err, record); {
		case ok: // capture says so, too
			rows++
			if line > i.state.Line {
				p.add(line, append(bytes.Trim(record, "\r\n"), '\n'))
			}
		case detail != "":
			err = &importError{i.file, line, errors.New(detail)}
			if len(p.records) > 0 {
				err = errors.Join(send(p), err)
			}
			return err
		case err != nil && !ended:
			return err
		case !ended:
			rows++
			if line, _ := in.FieldPos(0); line > i.state.Line {
				p.add(line, appendRow(nil, row))
			}
		case rows == 0:
			return &importError{i.file, 1, errors.New("there is a header and no row: lines have to end with a line feed")}
		}
		if p.full() || ended && len(p.records) > 0 {
			if err := send(p); err != nil {
				return err
			}
			p = part{header: p.header}
		}
		if ended {
			return nil
		}
	}
}

// rawReader keeps what was read until it is taken.
type rawReader struct {
	from  io.Reader
	kept  []byte
	taken int64
}

func (r *rawReader) Read(b []byte) (int, error) {
	n, err := r.from.Read(b)
	r.kept = append(r.kept, b[:n]...)
	return n, err
}

// take returns what was read since the last call up to an offset. It holds until the next Read.
func (r *rawReader) take(offset int64) []byte {
	n := offset - r.taken
	text := r.kept[:n:n]
	r.kept, r.taken = r.kept[n:], offset
	return text
}

// appendRow appends a row as CSV. One that is a single empty text is not an empty line.
func appendRow(dst []byte, row []string) []byte {
	if len(row) == 1 && row[0] == "" {
		return append(dst, "\"\"\n"...)
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(row) // to memory
	w.Flush()
	return append(dst, out.Bytes()...)
}
