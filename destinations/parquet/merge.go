package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// merger writes the rows of some partitions into files of their own, each uuid once.
type merger struct {
	lake       *Lake
	ctx        context.Context
	generation int // of the manifest that will name the files; it makes their names new
	outs       map[string]*out
	seen       map[[16]byte]struct{}
	task       task
	files      []file
}

// merge reads sources and writes what is in them of the partitions, but for the rows that the task drops. Files that it has made when it fails belong to nobody, and are swept up later.
func (l *Lake) merge(ctx context.Context, generation int, t task, partitions, sources []string) (_ []file, err error) {
	m := &merger{lake: l, ctx: ctx, generation: generation, outs: map[string]*out{}, seen: map[[16]byte]struct{}{}, task: t}
	defer func() {
		for _, o := range m.outs {
			err = errors.Join(err, o.discard())
		}
	}()
	for _, p := range partitions {
		m.outs[p] = &out{partition: p}
	}
	for _, name := range sources {
		if err := l.eachRow(ctx, name, m.take); err != nil {
			return nil, err
		}
	}
	for _, p := range partitions {
		if err := m.finish(m.outs[p]); err != nil {
			return nil, err
		}
	}
	return m.files, nil
}

func (m *merger) take(rows []row) error {
	for i := range rows {
		r := &rows[i]
		o := m.outs[r.partition(m.task.by)]
		if o == nil || m.task.drop(r) {
			continue
		}
		if _, twice := m.seen[r.UUID]; twice {
			continue
		}
		m.seen[r.UUID] = struct{}{}
		o.rows = append(o.rows, *r)
	}
	for _, o := range m.outs {
		if err := m.write(o); err != nil {
			return err
		}
	}
	return nil
}

// write writes the rows that an out has collected, and begins a new file when that is large enough.
func (m *merger) write(o *out) error {
	if len(o.rows) == 0 {
		return nil
	}
	if o.file == nil {
		if err := o.begin(); err != nil {
			return err
		}
	}
	for i := range o.rows {
		o.names.add(&o.rows[i])
	}
	if _, err := o.writer.Write(o.rows); err != nil {
		return err
	}
	o.n += int64(len(o.rows))
	o.rows = o.rows[:0]
	if o.written < int64(m.lake.config.File.Bytes) {
		return nil
	}
	return m.finish(o)
}

// finish stores an out's file under its name.
func (m *merger) finish(o *out) error {
	if o.file == nil {
		return nil
	}
	if err := o.writer.Close(); err != nil {
		return err
	}
	if _, err := o.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	base := strings.TrimSuffix(o.names.name(), ".parquet")
	f := file{Name: fmt.Sprintf("%s/%s/%s-%d.parquet", eventsFolder, o.partition, base, m.generation), Partition: o.partition, Rows: o.n, Bytes: o.written}
	if err := m.lake.store.put(m.ctx, f.Name, o.file.File, o.written); err != nil {
		return err
	}
	m.lake.counts.wrote(f.Rows, f.Bytes)
	m.files = append(m.files, f)
	return o.discard()
}

// out is the file of one partition, in the making.
type out struct {
	partition string
	rows      []row
	file      *scratch // nil before its first row
	writer    *parquet.GenericWriter[row]
	written   int64
	n         int64
	names     namer
}

func (o *out) begin() (err error) {
	if o.file, err = newScratch(); err != nil {
		return err
	}
	o.written, o.n, o.names = 0, 0, namer{}
	o.writer = newWriter(counting{o})
	return nil
}

// counting writes to an out's file.
type counting struct{ *out }

func (c counting) Write(b []byte) (int, error) {
	n, err := c.file.Write(b)
	c.written += int64(n)
	return n, err
}

// discard gives up the file that is being made, if there is one.
func (o *out) discard() error {
	if o.file == nil {
		return nil
	}
	f := o.file
	o.file = nil
	return f.Close()
}
