package parquet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

const (
	// grace is how long a file stays after it was absorbed.
	grace = time.Minute
	// orphanAge is how old a file below events/ is that the manifest does not name, or one that is not whole, before it counts as left by a process that
	// was killed.
	orphanAge = 2 * time.Hour
	// mostTime is what one round may take. It is far below orphanAge, or its files could be taken for orphans.
	mostTime = time.Hour
	// together is how many partitions are written at once: each keeps a row group in memory.
	together = 8
)

// Compact puts the pieces that there are together into files, removes what was absorbed before, and lets go of what is past the retention. When another process does the same, one of the
// two does it and the other fails with nothing changed.
func (l *Lake) Compact(ctx context.Context) error {
	l.compacting.Lock()
	defer l.compacting.Unlock()
	for {
		more, err := l.round(ctx)
		if err != nil {
			return fmt.Errorf("parquet: put files together: %w", err)
		}
		if !more {
			return nil
		}
	}
}

// round absorbs about as many pieces as make one file, and reports whether there are more.
func (l *Lake) round(ctx context.Context) (more bool, err error) {
	began := l.now()
	m, err := l.manifest(ctx)
	if err != nil {
		return false, err
	}
	changed, err := l.sweep(ctx, &m)
	if err != nil {
		return false, err
	}
	pieces, more, err := l.choose(ctx, &m)
	if err != nil {
		return false, err
	}
	if len(pieces) > 0 {
		changed = true
		if _, err := l.absorb(ctx, &m, task{pieces: pieces, by: l.config.Partition, drop: keepAll}); err != nil {
			return false, err
		}
	}
	if l.expire(&m) {
		changed = true
	}
	if !changed {
		return false, nil
	}
	if l.now().Sub(began) > mostTime {
		return false, fmt.Errorf("it took longer than %s: make file.bytes smaller", mostTime)
	}
	if err := l.commit(ctx, m); err != nil {
		return false, err
	}
	return more, l.countWaiting(ctx, &m)
}

// sweep removes the files that were absorbed long enough ago, and what a killed process left. It reports whether the manifest has changed.
func (l *Lake) sweep(ctx context.Context, m *manifest) (bool, error) {
	var errs []error
	before := len(m.Absorbed)
	m.Absorbed = slices.DeleteFunc(m.Absorbed, func(a absorbed) bool {
		if l.now().Sub(a.At) < grace {
			return false
		}
		err := l.store.remove(ctx, a.Name)
		errs = append(errs, err)
		return err == nil
	})
	if err := errors.Join(errs...); err != nil {
		return false, err
	}
	found, err := l.store.list(ctx, eventsFolder)
	if err != nil {
		return false, err
	}
	known := map[string]bool{}
	for _, f := range m.Files {
		known[f.Name] = true
	}
	for _, o := range found {
		if !known[o.name] && !m.absorbs(o.name) && l.now().Sub(o.changed) > orphanAge {
			errs = append(errs, l.store.remove(ctx, o.name))
		}
	}
	errs = append(errs, l.store.removeParts(ctx, l.now().Add(-orphanAge)))
	return len(m.Absorbed) != before, errors.Join(errs...)
}

// choose takes pieces, the oldest first, until they make about a file.
func (l *Lake) choose(ctx context.Context, m *manifest) (pieces []string, more bool, err error) {
	found, err := l.store.list(ctx, incomingFolder)
	if err != nil {
		return nil, false, err
	}
	var size int64
	for _, o := range found {
		if m.absorbs(o.name) {
			continue
		}
		if size >= int64(l.config.File.Bytes) {
			return pieces, true, nil
		}
		pieces = append(pieces, o.name)
		size += o.size
	}
	return pieces, false, nil
}

// task is what absorb is to do.
type task struct {
	pieces []string
	again  []string        // files that are to be written again
	by     Partition       // what partitions go by, those of the files in again too
	drop   func(*row) bool // rows that go
}

func keepAll(*row) bool { return false }

// absorb writes the rows of the pieces and of the files that are to be written again into files of their partitions, together with those of files that
// are still small. It changes m to say so, and returns what is gone from it.
func (l *Lake) absorb(ctx context.Context, m *manifest, t task) (gone []string, err error) {
	in, err := l.byPartition(ctx, m, t)
	if err != nil {
		return nil, err
	}
	gone = slices.Clone(t.pieces)
	var files []file
	for group := range slices.Chunk(slices.Sorted(maps.Keys(in)), together) {
		small := l.small(m, group, t.again)
		made, err := l.merge(ctx, m.Generation+1, t, group, sources(small, in, group))
		if err != nil {
			return nil, err
		}
		files, gone = append(files, made...), append(gone, small...)
	}
	m.Files = slices.DeleteFunc(m.Files, func(f file) bool { return slices.Contains(gone, f.Name) })
	m.Files = append(m.Files, files...)
	for _, name := range gone {
		m.Absorbed = append(m.Absorbed, absorbed{name, l.now().UTC()})
	}
	return gone, nil
}

// byPartition tells which partitions are to be written, with the pieces that have rows of each. Those past the retention are not.
func (l *Lake) byPartition(ctx context.Context, m *manifest, t task) (map[string][]string, error) {
	in := map[string][]string{}
	for _, name := range t.pieces {
		parts, err := l.partitionsOf(ctx, name, t.by)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for p := range parts {
			in[p] = append(in[p], name)
		}
	}
	for _, f := range m.Files {
		if slices.Contains(t.again, f.Name) {
			in[f.Partition] = slices.Grow(in[f.Partition], 0) // it is there, whether a piece is or not
		}
	}
	maps.DeleteFunc(in, func(p string, _ []string) bool { return l.expired(p) })
	return in, nil
}

// small are the files of some partitions that are to grow, or to be written again.
func (l *Lake) small(m *manifest, partitions, again []string) []string {
	var names []string
	for _, f := range m.Files {
		if (f.Bytes < int64(l.config.File.Bytes)/2 || slices.Contains(again, f.Name)) && slices.Contains(partitions, f.Partition) {
			names = append(names, f.Name)
		}
	}
	return names
}

// sources are the small files and the pieces of some partitions, in the order of time.
func sources(small []string, in map[string][]string, partitions []string) []string {
	var pieces []string
	for _, p := range partitions {
		pieces = append(pieces, in[p]...)
	}
	slices.Sort(pieces)
	return append(slices.Clone(small), slices.Compact(pieces)...)
}

// partitionsOf tells which partitions a piece has rows of: what it says itself, or what its rows say when partitions went by something else as it was
// written.
func (l *Lake) partitionsOf(ctx context.Context, name string, by Partition) (map[string]int64, error) {
	parts, err := l.partitionsSaid(ctx, name)
	if err != nil {
		return nil, err
	}
	for p := range parts {
		if strings.Contains(p, "/"+string(by)+"=") {
			return parts, nil
		}
	}
	clear(parts)
	return parts, l.eachRow(ctx, name, func(rows []row) error {
		for i := range rows {
			parts[rows[i].partition(by)]++
		}
		return nil
	})
}

func (l *Lake) partitionsSaid(ctx context.Context, name string) (parts map[string]int64, err error) {
	r, err := l.store.get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	f, err := parquet.OpenFile(r, r.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	text, ok := f.Lookup(partitionsKey)
	if !ok {
		return nil, errors.New("this is not a piece that prickle wrote: remove it from the lake")
	}
	return parts, json.Unmarshal([]byte(text), &parts)
}

// eachRow reads a file in batches. The rows are good until yield returns.
func (l *Lake) eachRow(ctx context.Context, name string, yield func([]row) error) error {
	return each(ctx, l.store, name, yield)
}

// each reads the columns of a file that T has, in batches.
func each[T any](ctx context.Context, s store, name string, yield func([]T) error) (err error) {
	r, err := s.get(ctx, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	f, err := parquet.OpenFile(r, r.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	in := parquet.NewGenericReader[T](f)
	defer func() { err = errors.Join(err, in.Close()) }()
	rows := make([]T, 512)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := in.Read(rows)
		if n > 0 {
			if failed := yield(rows[:n]); failed != nil {
				return failed
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}
