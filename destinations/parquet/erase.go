package parquet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// person tells whose rows go.
type person struct {
	ids    map[string]bool
	before int64 // microseconds
}

func (p *person) is(id string, receivedAt int64) bool { return receivedAt < p.before && p.ids[id] }

// Erase implements pipeline.Store: files that have something of the person are written again without that, the manifest comes after them, and then what
// does not count any more is removed at once. It finds another process's files by its manifest; when that is replaced meanwhile, it fails and is to be
// called again.
func (l *Lake) Erase(ctx context.Context, e pipeline.Erasure) (erased pipeline.Erased, err error) {
	l.compacting.Lock()
	defer l.compacting.Unlock()
	p := person{ids: map[string]bool{}, before: e.Before.UnixMicro()}
	for _, id := range e.DistinctIDs {
		p.ids[warehouse.ValidUTF8(id)] = true
	}
	if len(p.ids) == 0 {
		return erased, nil // there are no tables
	}
	found, n, err := l.find(ctx, &p)
	if err == nil && !e.Count {
		if err = l.rewrite(ctx, found, &p); err == nil {
			err = l.forget(ctx)
		}
	}
	if err != nil {
		return pipeline.Erased{}, fmt.Errorf("parquet: erase: %w", err)
	}
	return pipeline.Erased{Events: n}, nil
}

// find tells which files that count have rows of the person, and how many rows that are.
func (l *Lake) find(ctx context.Context, p *person) (found []string, all int64, err error) {
	names, err := l.live(ctx)
	if err != nil {
		return nil, 0, err
	}
	type only struct {
		DistinctID string `parquet:"distinct_id"`
		ReceivedAt int64  `parquet:"received_at,timestamp(microsecond)"`
	}
	for _, name := range names {
		var n int64
		err := each(ctx, l.store, name, func(rows []only) error {
			for i := range rows {
				if p.is(rows[i].DistinctID, rows[i].ReceivedAt) {
					n++
				}
			}
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
		if n > 0 {
			found = append(found, name)
			all += n
		}
	}
	return found, all, nil
}

// rewrite writes files again without the person, pieces first, which bring the small files of their partitions along, and some files with each manifest.
// What partitions go by may have been changed since a file was written.
func (l *Lake) rewrite(ctx context.Context, found []string, p *person) error {
	var pieces, days, months []string
	for _, name := range found {
		switch {
		case strings.HasPrefix(name, incomingFolder+"/"):
			pieces = append(pieces, name)
		case strings.Contains(name, "/"+string(Month)+"="):
			months = append(months, name)
		default:
			days = append(days, name)
		}
	}
	tasks := []task{{pieces: pieces, by: l.config.Partition}}
	for some := range slices.Chunk(days, together) {
		tasks = append(tasks, task{again: some, by: Day})
	}
	for some := range slices.Chunk(months, together) {
		tasks = append(tasks, task{again: some, by: Month})
	}
	gone := map[string]bool{}
	for _, t := range tasks {
		t.again = slices.DeleteFunc(slices.Clone(t.again), func(name string) bool { return gone[name] })
		t.drop = func(r *row) bool { return p.is(r.DistinctID, r.ReceivedAt) }
		now, err := l.without(ctx, t)
		if err != nil {
			return err
		}
		for _, name := range now {
			gone[name] = true
		}
	}
	return nil
}

// without does one task and commits it, and tells what is gone with that.
func (l *Lake) without(ctx context.Context, t task) ([]string, error) {
	if len(t.pieces)+len(t.again) == 0 {
		return nil, nil
	}
	m, err := l.manifest(ctx)
	if err != nil {
		return nil, err
	}
	listed := func(name string) bool {
		return slices.ContainsFunc(m.Files, func(f file) bool { return f.Name == name })
	}
	if slices.ContainsFunc(t.pieces, m.absorbs) || !all(t.again, listed) {
		return nil, fmt.Errorf("%w: run it again", errConflict)
	}
	gone, err := l.absorb(ctx, &m, t)
	if err != nil {
		return nil, err
	}
	return gone, l.commit(ctx, m)
}

func all(names []string, are func(string) bool) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !are(name) })
}

// forget removes what does not count any more, without waiting for who may still read it.
func (l *Lake) forget(ctx context.Context) error {
	m, err := l.manifest(ctx)
	if err != nil || len(m.Absorbed) == 0 {
		return err
	}
	for _, a := range m.Absorbed {
		if err := l.store.remove(ctx, a.Name); err != nil {
			return err
		}
	}
	m.Absorbed = nil
	return l.commit(ctx, m)
}
