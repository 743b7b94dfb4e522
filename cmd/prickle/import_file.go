package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
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
	rejects *rejectFile // nil for none
	report  io.Writer
	bar     *countBar
	state   importState
	size    int64 // of the file
	read    *countingReader
	told    time.Time // when it was told last what the import waits for
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
			if err := i.rejects.write(p.records[at]); err != nil {
				return fmt.Errorf("--rejected: %w", err)
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
