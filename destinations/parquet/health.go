package parquet

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/prickle-dev/prickle/pipeline"
)

// counts is what Files tells.
type counts struct{ files, rows, bytes, waitingFiles, waitingBytes atomic.Int64 }

func (c *counts) wrote(rows, bytes int64) {
	c.files.Add(1)
	c.rows.Add(rows)
	c.bytes.Add(bytes)
}

func (c *counts) waits(files, bytes int64) {
	c.waitingFiles.Add(files)
	c.waitingBytes.Add(bytes)
}

// Files implements pipeline.FileStore.
func (l *Lake) Files() pipeline.FileCounts {
	c := &l.counts
	return pipeline.FileCounts{
		Files: c.files.Load(), Rows: c.rows.Load(), Bytes: c.bytes.Load(), WaitingFiles: c.waitingFiles.Load(), WaitingBytes: c.waitingBytes.Load(),
	}
}

// countWaiting counts the pieces that wait anew: other processes write some too, and put them together.
func (l *Lake) countWaiting(ctx context.Context, m *manifest) error {
	pieces, err := l.pieces(ctx, m)
	if err != nil {
		return err
	}
	var bytes int64
	for _, p := range pieces {
		bytes += p.size
	}
	l.counts.waitingFiles.Store(int64(len(pieces)))
	l.counts.waitingBytes.Store(bytes)
	return nil
}

// pieces are those that count.
func (l *Lake) pieces(ctx context.Context, m *manifest) (pieces []object, err error) {
	found, err := l.store.list(ctx, incomingFolder)
	for _, o := range found {
		if !m.absorbs(o.name) {
			pieces = append(pieces, o)
		}
	}
	return pieces, err
}

// Capabilities implements pipeline.Store. The version is that of the lake's form.
func (l *Lake) Capabilities() pipeline.Capabilities {
	return pipeline.Capabilities{Store: "Parquet", Version: strconv.Itoa(manifestVersion), Atomic: true, Shared: true}
}

// Health implements pipeline.Store: the rows and bytes of the files that count, an event that is there twice twice.
func (l *Lake) Health(ctx context.Context) (pipeline.Health, error) {
	var h pipeline.Health
	m, err := l.manifest(ctx)
	if err != nil {
		return h, fmt.Errorf("parquet: %w", err)
	}
	pieces, err := l.pieces(ctx, &m)
	if err != nil {
		return h, fmt.Errorf("parquet: %w", err)
	}
	for _, f := range m.Files {
		h.Events += f.Rows
		h.Bytes += f.Bytes
	}
	for _, p := range pieces {
		h.Events += rowsOf(p.name)
		h.Bytes += p.size
	}
	if text := l.trouble.Load(); text != nil {
		h.Warnings = append(h.Warnings, fmt.Sprintf("%d pieces wait to be put together, which failed: %s", len(pieces), *text))
	}
	return h, nil
}
