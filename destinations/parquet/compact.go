package parquet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
)

const (
	// grace is how long a file stays after it was absorbed.
	grace = time.Minute
	// orphanAge is how old a file below events/ is that the manifest does not name before it counts as left by a process that was killed.
	orphanAge = 2 * time.Hour
	// mostTime is what one round may take. It is far below orphanAge, or its files could be taken for orphans.
	mostTime = time.Hour
	// together is how many partitions are written at once: each keeps a row group in memory.
	together = 8
)

// Compact puts the pieces that there are together into files, and removes what was absorbed before. When another process does the same, one of the
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
		if err := l.absorb(ctx, &m, pieces); err != nil {
			return false, err
		}
	}
	if !changed {
		return false, nil
	}
	if l.now().Sub(began) > mostTime {
		return false, fmt.Errorf("it took longer than %s: make file.bytes smaller", mostTime)
	}
	return more, l.commit(ctx, m)
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

// absorb writes the rows of the pieces into files of their partitions, together with those of files that are still small, and changes m to say so.
func (l *Lake) absorb(ctx context.Context, m *manifest, pieces []string) error {
	in := map[string][]string{} // pieces by partition
	for _, name := range pieces {
		parts, err := l.partitionsOf(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for p := range parts {
			in[p] = append(in[p], name)
		}
	}
	gone := pieces
	var files []file
	for group := range slices.Chunk(slices.Sorted(maps.Keys(in)), together) {
		small := l.small(m, group)
		made, err := l.merge(ctx, m.Generation+1, group, sources(small, in, group))
		if err != nil {
			return err
		}
		files, gone = append(files, made...), append(gone, small...)
	}
	m.Files = slices.DeleteFunc(m.Files, func(f file) bool { return slices.Contains(gone, f.Name) })
	m.Files = append(m.Files, files...)
	for _, name := range gone {
		m.Absorbed = append(m.Absorbed, absorbed{name, l.now().UTC()})
	}
	return nil
}

// small are the files of some partitions that are to grow.
func (l *Lake) small(m *manifest, partitions []string) []string {
	var names []string
	for _, f := range m.Files {
		if f.Bytes < int64(l.config.File.Bytes)/2 && slices.Contains(partitions, f.Partition) {
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

// partitionsOf reads what a piece tells of itself.
func (l *Lake) partitionsOf(ctx context.Context, name string) (parts map[string]int64, err error) {
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
func (l *Lake) eachRow(ctx context.Context, name string, yield func([]row) error) (err error) {
	r, err := l.store.get(ctx, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	f, err := parquet.OpenFile(r, r.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	in := parquet.NewGenericReader[row](f)
	defer func() { err = errors.Join(err, in.Close()) }()
	rows := make([]row, 512)
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
