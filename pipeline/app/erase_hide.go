package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/profiles"
)

// othersEnd is longer than other processes may take to learn of a tombstone and to end what they had in hand: a call of a destination, above all.
const othersEnd = 40 * time.Second

// hide makes the tombstone, and makes it again when the person was given another id meanwhile.
func (e *erasing) hide(ctx context.Context) (bus.Erasure, error) {
	for {
		tomb, err := e.tombstone(ctx)
		if err != nil {
			return tomb, err
		}
		if err := e.settle(ctx); err != nil {
			return tomb, err
		}
		folder := e.app.newFolder(e.store)
		now, err := folder.Everything(ctx, e.of.DistinctIDs[0], true)
		if err != nil {
			return tomb, err
		}
		all := folder.Of(slices.Concat(e.of.DistinctIDs, now.DistinctIDs)...)
		if len(all.DistinctIDs) == len(e.of.DistinctIDs) {
			return tomb, nil
		}
		e.of, e.record.IDs = all, len(all.DistinctIDs)
	}
}

// newFolder is one with nothing at hand that another process may have changed.
func (a *App) newFolder(store *bus.Profiles) *profiles.Folder {
	return profiles.NewFolder(profiles.Deps{Store: store, Project: a.project.Project.ID, Shared: true, Log: a.options.Log})
}

// tombstone writes down what is to be erased, and lets everybody know.
func (e *erasing) tombstone(ctx context.Context) (bus.Erasure, error) {
	e.progress("hiding what is in the log")
	b := e.app.bus
	r := bus.Erasure{At: e.at}
	for _, id := range e.of.DistinctIDs {
		hash, err := b.Erasures().Hash(ctx, id)
		if err != nil {
			return r, err
		}
		r.Hashes = append(r.Hashes, hash)
	}
	e.record.Hash = r.Hashes[0]
	r.ID = fmt.Sprintf("%013d-%s", e.at.UnixMilli(), r.Hashes[0])
	plan, err := json.Marshal(e.of)
	if err != nil {
		return r, err
	}
	key := planPrefix + r.ID
	if err := b.Secrets().Put(ctx, key, plan); err != nil {
		return r, err
	}
	e.plans = append(e.plans, key)
	return r, b.Erasures().Put(ctx, r)
}

// settle waits for what was in hand.
func (e *erasing) settle(ctx context.Context) error {
	e.progress("waiting for what is in hand")
	if e.app.bus.Shared() {
		bus.Pause(ctx, othersEnd)
	}
	return e.app.bus.Erasures().Fence(ctx)
}
