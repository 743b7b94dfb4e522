package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/capture/bulk"
	"golang.org/x/time/rate"
)

// importRecords and importBytes bound what is sent at once.
const importRecords, importBytes = 1000, 2 << 20

// importShown is how many rejected records are reported in words.
const importShown = 20

// importError is a mistake in a file, with its place.
type importError struct {
	file string
	line int
	err  error
}

func (e *importError) Error() string { return fmt.Sprintf("%s:%d: %v", e.file, e.line, e.err) }
func (e *importError) Unwrap() error { return e.err }

// importing is the import of one file.
type importing struct {
	to      importTarget
	file    string
	limit   *rate.Limiter
	rejects io.Writer
	report  io.Writer
	bar     *countBar
	state   importState
	size    int64 // of the file
	read    *countingReader
	told    time.Time // when it was told last what the import waits for
}

// part is some records of a file.
type part struct {
	body    []byte
	first   int            // the line of the first one
	last    int            // the line of the last one
	records map[int]string // by line
}

func (i *importing) run(ctx context.Context, f *importFlags) error {
	in, err := os.Open(i.file)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	i.size, i.read = info.Size(), &countingReader{from: in}
	text, err := unzipped(bufio.NewReaderSize(i.read, 1<<20))
	if err != nil {
		return err
	}
	head, _ := text.Peek(64 << 10) // as much as there is
	sum := sha256.Sum256(head)
	i.to.file, i.to.format = hex.EncodeToString(sum[:16]), f.format
	if i.to.format == "" {
		i.to.format = detected(i.file, head)
	}
	if i.to.format != bulk.CSV && len(i.to.columns) > 0 {
		return fmt.Errorf("--column is for CSV, and this file is read as %s; --format says otherwise", i.to.format)
	}
	if err := i.resume(f.restart); err != nil {
		return err
	}
	i.to.waiting = i.waits
	parts := i.linesOf
	if i.to.format == bulk.CSV {
		parts = i.rowsOf
	}
	if err := parts(text, func(p part) error { return i.send(ctx, p) }); err != nil {
		return err
	}
	return i.done()
}

// detected is the format of a file, by its name or its first line.
func detected(file string, head []byte) string {
	if strings.HasSuffix(strings.TrimSuffix(strings.ToLower(file), ".gz"), ".csv") {
		return bulk.CSV
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(head), []byte("\n"))
	var r struct {
		Type, UserID, AnonymousID, MessageID json.RawMessage
		EventType                            json.RawMessage `json:"event_type"`
		DistinctID                           json.RawMessage `json:"distinct_id"`
		Properties                           struct {
			Time       json.RawMessage `json:"time"`
			DistinctID json.RawMessage `json:"distinct_id"`
		} `json:"properties"`
	}
	_ = json.Unmarshal(line, &r) // what cannot be read is reported when it is sent
	switch {
	case r.EventType != nil:
		return bulk.Amplitude
	case r.Type != nil && (r.UserID != nil || r.AnonymousID != nil || r.MessageID != nil):
		return bulk.Segment
	case r.DistinctID == nil && r.Properties.Time != nil:
		return bulk.Mixpanel
	}
	return bulk.Events
}

// unzipped undoes gzip, if it is there.
func unzipped(in *bufio.Reader) (*bufio.Reader, error) {
	if magic, _ := in.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return in, nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	return bufio.NewReaderSize(z, 1<<20), nil
}

// linesOf hands on the lines behind those that are imported already.
func (i *importing) linesOf(text *bufio.Reader, send func(part) error) error {
	p := part{records: map[int]string{}}
	for line := 1; ; line++ {
		record, err := text.ReadBytes('\n')
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return &importError{i.file, line, err}
		}
		if line > i.state.Line && len(record) > 0 {
			if p.body == nil {
				p.first = line
			}
			p.body, p.last = append(p.body, record...), line
			if len(bytes.TrimSpace(record)) > 0 {
				p.records[line] = strings.TrimSpace(string(record))
			}
		}
		if len(p.records) >= importRecords || len(p.body) >= importBytes || ended && len(p.records) > 0 {
			if err := send(p); err != nil {
				return err
			}
			p = part{records: map[int]string{}}
		}
		if ended {
			return nil
		}
	}
}

// rowsOf hands on the rows of a CSV, each part with the header. Rows keep their lines: where the file has an empty one, so has the part.
func (i *importing) rowsOf(text *bufio.Reader, send func(part) error) error {
	in := csv.NewReader(text)
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err != nil {
		return &importError{i.file, 1, fmt.Errorf("the header cannot be read: %w", err)}
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	p := part{records: map[int]string{}}
	for {
		row, err := in.Read()
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			var syntax *csv.ParseError
			if errors.As(err, &syntax) {
				return errors.Join(i.sendRows(p, send), &importError{i.file, syntax.StartLine, syntax.Err})
			}
			return err
		}
		if !ended {
			if line, _ := in.FieldPos(0); line > i.state.Line {
				if p.body == nil {
					p.body, p.first, p.last = appendRow(nil, header), line, line
				}
				next := p.first + bytes.Count(p.body, []byte("\n")) - bytes.Count(appendRow(nil, header), []byte("\n"))
				p.body = append(p.body, bytes.Repeat([]byte("\n"), max(line-next, 0))...)
				record := appendRow(nil, row)
				p.body, p.last, p.records[line] = append(p.body, record...), line, strings.TrimSuffix(string(record), "\n")
			}
		}
		if len(p.records) >= importRecords || len(p.body) >= importBytes || ended {
			if err := i.sendRows(p, send); err != nil {
				return err
			}
			p = part{records: map[int]string{}}
		}
		if ended {
			return nil
		}
	}
}

func (i *importing) sendRows(p part, send func(part) error) error {
	if len(p.records) == 0 {
		return nil
	}
	return send(p)
}

func appendRow(dst []byte, row []string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(row) // to memory
	w.Flush()
	return append(dst, out.Bytes()...)
}

// send sends a part, notes how far the file is, and shows it.
func (i *importing) send(ctx context.Context, p part) error {
	if err := i.limit.WaitN(ctx, min(len(p.records), importRecords)); err != nil {
		return err
	}
	answer, err := i.to.post(ctx, p.body, p.first)
	if err != nil {
		return err
	}
	for _, r := range answer.Rejected {
		if i.state.Rejected++; i.state.Rejected <= importShown {
			fmt.Fprintf(i.report, "%s:%d: %s\n", i.file, r.Line, r.Detail)
		} else if i.state.Rejected == importShown+1 {
			fmt.Fprintf(i.report, "%s: further ones are counted, and written to the file of --rejected if there is one\n", i.file)
		}
		if i.rejects != nil {
			if _, err := fmt.Fprintln(i.rejects, p.records[r.Line]); err != nil {
				return err
			}
		}
	}
	i.state.Accepted += answer.Accepted
	i.state.Line = p.last
	total := int64(0)
	if i.read.n > 0 {
		total = int64(float64(i.state.Accepted) * float64(i.size) / float64(i.read.n))
	}
	i.bar.update(filepath.Base(i.file), int64(i.state.Accepted), total)
	return i.save()
}

// waits tells, once a minute, what the import waits for.
func (i *importing) waits(err error) {
	if time.Since(i.told) > time.Minute {
		i.told = time.Now()
		fmt.Fprintf(i.report, "%s: waiting at line %d: %v\n", i.file, i.state.Line, err)
	}
}

// countingReader counts what is read.
type countingReader struct {
	from io.Reader
	n    int64
}

func (r *countingReader) Read(b []byte) (int, error) {
	n, err := r.from.Read(b)
	r.n += int64(n)
	return n, err
}

// importState is how far a file is imported. It is kept beside the file until that is done.
type importState struct {
	File     string `json:"file"` // what the file begins with, as a hash
	To       string `json:"to"`
	As       string `json:"as"`   // how it is read
	Line     int    `json:"line"` // that was sent last
	Accepted int    `json:"accepted"`
	Rejected int    `json:"rejected"`
}

func (i *importing) statePath() string { return i.file + ".import" }

// resume finds out how far the file is.
func (i *importing) resume(restart bool) error {
	as := i.to.format
	for _, field := range sortedFields(i.to.columns) {
		as += " " + field + "=" + i.to.columns[field]
	}
	i.state = importState{File: i.to.file, To: i.to.address, As: as}
	text, err := os.ReadFile(i.statePath())
	if errors.Is(err, os.ErrNotExist) || restart {
		return nil
	}
	if err != nil {
		return err
	}
	var was importState
	if err := json.Unmarshal(text, &was); err != nil {
		return fmt.Errorf("%s is damaged: remove it, or begin anew with --restart", i.statePath())
	}
	if was.File != i.state.File || was.To != i.state.To || was.As != i.state.As {
		return fmt.Errorf("%s says that another file was being imported, to another address or in another way: begin anew with --restart", i.statePath())
	}
	i.state = was
	fmt.Fprintf(i.report, "%s: goes on behind line %d, %s stored so far\n", i.file, was.Line, count(was.Accepted, "event"))
	return nil
}

func (i *importing) save() error {
	text, err := json.Marshal(i.state)
	if err != nil {
		return err
	}
	path := i.statePath()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("how far the import is cannot be noted: %w", err)
	}
	return os.Rename(path+".new", path)
}

// done removes what was noted.
func (i *importing) done() error {
	if err := os.Remove(i.statePath()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// sortedFields are the columns in a fixed order.
func sortedFields(columns map[string]string) []string {
	var fields []string
	for f := range columns {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	return fields
}
