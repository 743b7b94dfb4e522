package schema

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// Nobody knows whose values samples are. When a person is erased, all samples go: those at hand by Forget, and then those that are stored by
// EraseSamples. The events that come next bring others.

// Forget lets go of all samples that are not stored yet, and takes none of events that were received before since. It does not wait.
func (o *Observer) Forget(since time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.since = max(o.since, since.UnixMicro())
	o.forgot++
	for _, t := range o.events {
		for _, c := range t.properties {
			c.sample = nil
		}
	}
}

// Settle waits for a flush that is under way. What is flushed after it holds no sample that was forgotten before.
func (o *Observer) Settle() {
	o.flushing.Lock()
	defer o.flushing.Unlock()
}

// dropForgotten takes away the samples of what was taken out before they were forgotten. flushing is held.
func (o *Observer) dropForgotten() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.taken == o.forgot {
		return
	}
	o.taken = o.forgot
	for _, e := range o.unsaved {
		e.dropSamples()
	}
}

// dropSamples reports whether there were any.
func (e *Event) dropSamples() (dropped bool) {
	for _, p := range e.Properties {
		dropped = dropped || p.Sample != ""
		p.Sample = ""
	}
	return dropped
}

// Samples returns the keys of the rows of the table that have a sample, of what was stored before a time.
func Samples(ctx context.Context, store Store, before time.Time) (keys []string, err error) {
	err = store.Each(ctx, Prefix, func(p bus.Profile) error {
		if !p.Stored.Before(before) {
			return nil
		}
		e, err := parse(p.Value)
		for name, of := range e.Properties {
			if of.Sample != "" {
				keys = append(keys, rowKey(e.Name, name))
			}
		}
		return err
	})
	return keys, err
}

// EraseSamples takes away all samples that are stored, so that the rows of the table are written anew.
func EraseSamples(ctx context.Context, store Store) error {
	for range attempts {
		err := eraseSamples(ctx, store)
		if !errors.Is(err, bus.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("schema: %w %d times in a row", bus.ErrConflict, attempts)
}

func eraseSamples(ctx context.Context, store Store) error {
	var changes []bus.Profile
	err := store.Each(ctx, Prefix, func(p bus.Profile) error {
		e, err := parse(p.Value)
		if err != nil || !e.dropSamples() {
			return err
		}
		p.Value, err = json.Marshal(e)
		changes = append(changes, p)
		return err
	})
	if err != nil || len(changes) == 0 {
		return err
	}
	return store.Save(ctx, changes)
}
