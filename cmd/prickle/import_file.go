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

const byteOrderMark = "\xef\xbb\xbf"

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
	head = bytes.Clone(head)
	if bytes.HasPrefix(head, []byte(byteOrderMark)) {
		_, _ = text.Discard(len(byteOrderMark)) // which is there
	}
	if i.to.format = f.format; i.to.format == "" {
		i.to.format = detected(i.file, bytes.TrimPrefix(head, []byte(byteOrderMark)))
	}
	if i.to.format != bulk.CSV && len(i.to.columns) > 0 {
		return fmt.Errorf("--column is for CSV, and this file is read as %s; --format says otherwise", i.to.format)
	}
	if err := i.resume(head, f.restart); err != nil {
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
	in := csv.NewReader(text)
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err != nil {
		return &importError{i.file, 1, fmt.Errorf("the header cannot be read: %w", err)}
	}
	p, rows := part{header: appendRow(nil, header)}, 0
	for {
		row, err := in.Read()
		ended := errors.Is(err, io.EOF)
		var syntax *csv.ParseError
		switch {
		case errors.As(err, &syntax): // what follows cannot be told apart
			err = &importError{i.file, syntax.StartLine, syntax.Err}
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

// send sends a part, notes how far the file is, and shows it.
func (i *importing) send(ctx context.Context, p part) error {
	if err := i.limit.WaitN(ctx, min(len(p.records), importRecords)); err != nil {
		return err
	}
	answer, err := i.to.post(ctx, p.body(), p.lines[0])
	switch {
	case errors.Is(err, errTooLarge) && len(p.records) > 1:
		first, second := p.halves()
		if err := i.send(ctx, first); err != nil {
			return err
		}
		return i.send(ctx, second)
	case errors.Is(err, errTooLarge):
		answer = &imported{Rejected: []rejection{{p.lines[0], err.Error()}}}
	case err != nil:
		return err
	}
	if err := i.reject(p, answer.Rejected); err != nil {
		return err
	}
	i.state.Accepted += answer.Accepted
	i.state.Line = p.lines[len(p.lines)-1]
	total := int64(0)
	if i.read.n > 0 {
		total = int64(float64(i.state.Accepted) * float64(i.size) / float64(i.read.n))
	}
	i.bar.update(filepath.Base(i.file), int64(i.state.Accepted), total)
	return i.save()
}

// reject reports records that were not stored.
func (i *importing) reject(p part, rejected []rejection) error {
	for _, r := range rejected {
		if i.state.Rejected++; i.state.Rejected <= importShown {
			fmt.Fprintf(i.report, "%s:%d: %s\n", i.file, r.Line, r.Detail)
		} else if i.state.Rejected == importShown+1 {
			fmt.Fprintf(i.report, "%s: further ones are counted, and written to the file of --rejected if there is one\n", i.file)
		}
		if at, found := slices.BinarySearch(p.lines, r.Line); found && i.rejects != nil {
			if _, err := i.rejects.Write(p.records[at]); err != nil {
				return err
			}
		}
	}
	return nil
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
	Begins   string `json:"begins"` // what the file begins with, as a hash
	Bytes    int    `json:"bytes"`  // of how much: a file may grow
	To       string `json:"to"`
	As       string `json:"as"`   // how it is read
	Line     int    `json:"line"` // that was sent last
	Accepted int    `json:"accepted"`
	Rejected int    `json:"rejected"`
}

func (i *importing) statePath() string { return i.file + importSuffix }

// importSuffix is that of the file that notes how far another one is.
const importSuffix = ".import"

// resume finds out how far the file is, which begins with head.
func (i *importing) resume(head []byte, restart bool) error {
	i.state = importState{Begins: digest(head), Bytes: len(head), To: i.to.shown(), As: i.to.how()}
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
	if was.Bytes > len(head) || was.Begins != digest(head[:was.Bytes]) || was.To != i.state.To || was.As != i.state.As {
		return fmt.Errorf("%s says that another file was being imported, to another address, by another key or in another way: begin anew with --restart", i.statePath())
	}
	i.state = was
	fmt.Fprintf(i.report, "%s: goes on behind line %d, %s stored so far\n", i.file, was.Line, count(was.Accepted, "event"))
	return nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
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
