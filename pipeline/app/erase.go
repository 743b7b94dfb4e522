package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/profiles"
)

// planPrefix is where the distinct ids of an erasure are kept while it is under way: once the profiles are gone, nothing else knows them. They are
// overwritten at its end.
const planPrefix = "tombstones.plan."

// erasing is one erasure under way.
type erasing struct {
	app      *App
	store    *bus.Profiles
	of       profiles.Everything
	at       time.Time // events captured before go
	gone     time.Time // when the profiles were; zero before
	cleared  time.Time // when the samples of the schema were; zero before
	sampled  pipeline.KeyedRows
	record   control.Erasure
	plans    []string // keys of plans of this one and of earlier ones that were broken off
	progress func(string)
}

// Erase implements control.Backend. First the tombstone: from then on nothing that was captured before leaves the log or a queue. Then what was
// in hand comes to its end. Then what is stored goes, the profiles after the events.
func (a *App) Erase(ctx context.Context, r control.EraseRequest, progress func(string)) (control.Erasure, error) {
	if strings.TrimSpace(r.ID) == "" {
		return control.Erasure{}, errors.New("whom? want the id of a person or a distinct id")
	}
	a.erasing.Lock()
	defer a.erasing.Unlock()
	e := &erasing{app: a, at: time.Now().UTC().Truncate(time.Millisecond), progress: progress}
	if err := e.find(ctx, r); err != nil {
		return control.Erasure{}, err
	}
	e.record.At, e.record.IDs, e.record.NotErased = e.at, len(e.of.DistinctIDs), a.notErased()
	if r.DryRun {
		err := e.stores(ctx, true)
		return e.record, err
	}
	e.record.LogUntil = e.at.Add(a.bus.Retain())
	err := e.run(ctx)
	return e.record, err
}

// find gathers all ids of the person, those of erasures that were broken off too.
func (e *erasing) find(ctx context.Context, r control.EraseRequest) (err error) {
	a := e.app
	if e.store, err = a.bus.Profiles(ctx); err != nil {
		return err
	}
	folder := a.newFolder(e.store)
	if e.of, err = folder.Everything(ctx, r.ID, r.Distinct); err != nil {
		return err
	}
	return e.resume(ctx, r.ID, folder)
}

// resume adds the ids of erasures that were broken off.
func (e *erasing) resume(ctx context.Context, id string, folder *profiles.Folder) error {
	keys, err := e.app.bus.Secrets().Keys(ctx)
	if err != nil {
		return err
	}
	var earlier []string
	gone := false // id is of a person whose profile is gone already, and so looks like a distinct id
	for _, key := range keys {
		if !strings.HasPrefix(key, planPrefix) {
			continue
		}
		plan, err := e.app.plan(ctx, key)
		if err != nil {
			return err
		}
		person := slices.Contains(plan.PersonIDs, id)
		if !person && !slices.ContainsFunc(plan.DistinctIDs, func(id string) bool { return slices.Contains(e.of.DistinctIDs, id) }) {
			continue
		}
		e.plans = append(e.plans, key)
		e.record.Unfinished++
		earlier = append(earlier, plan.DistinctIDs...)
		gone = gone || person && slices.Equal(e.of.DistinctIDs, []string{id})
	}
	switch {
	case gone:
		e.of = folder.Of(earlier...)
	case len(earlier) > 0:
		e.of = folder.Of(slices.Concat(e.of.DistinctIDs, earlier)...)
	}
	return nil
}

func (a *App) plan(ctx context.Context, key string) (plan profiles.Everything, err error) {
	value, err := a.bus.Secrets().Get(ctx, key)
	if err == nil && value != nil {
		err = json.Unmarshal(value, &plan)
	}
	return plan, err
}

func (e *erasing) run(ctx context.Context) error {
	tomb, err := e.hide(ctx)
	if err != nil {
		return err
	}
	if err := e.stores(ctx, false); err != nil {
		return fmt.Errorf("%w; nothing of the person leaves the log any more, but the rest is to be erased yet: run it again", err)
	}
	e.progress("checking")
	if err := e.verify(ctx); err != nil {
		return err
	}
	if tomb.Result, err = json.Marshal(e.record); err != nil {
		return err
	}
	if err := e.app.bus.Erasures().Put(ctx, tomb); err != nil {
		return err
	}
	if !e.record.Verified {
		return errors.New("something of the person is still there: run it again")
	}
	for _, key := range e.plans {
		if err := e.app.bus.Secrets().Erase(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// stores erases, or counts, what is stored.
func (e *erasing) stores(ctx context.Context, count bool) error {
	ids := map[string]bool{}
	for _, id := range e.of.DistinctIDs {
		ids[id] = true
	}
	e.progress("dead letters")
	letters, err := e.app.bus.Erasures().DropLetters(ctx, e.at, count, func(id string) bool { return ids[id] })
	if err != nil {
		return err
	}
	e.note("dead letters", "letters", letters)
	for _, s := range e.app.erasable() {
		e.progress("events of " + s.name)
		n, err := s.store.Erase(ctx, pipeline.Erasure{DistinctIDs: e.of.DistinctIDs, Before: e.at, Count: count})
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		e.note(s.name, "events", n.Events)
	}
	e.progress("profiles")
	if err := e.samples(ctx, count); err != nil {
		return err
	}
	if err := e.profiles(ctx, count); err != nil {
		return err
	}
	if err := e.rows(ctx, count); err != nil {
		return fmt.Errorf("warehouse: %w", err)
	}
	return nil
}

// profiles erases the profiles, and waits for a copy of them into the warehouse that is under way.
func (e *erasing) profiles(ctx context.Context, count bool) error {
	n, last := int64(0), time.Time{}
	for _, key := range e.of.Keys() {
		p, err := e.store.Get(ctx, key)
		if err != nil {
			return err
		}
		if p.Value == nil || !e.gone.IsZero() && p.Stored.After(e.gone) {
			continue // nobody, or somebody new
		}
		if n++; count {
			continue
		}
		if err := e.store.Erase(ctx, key); err != nil {
			return err
		}
		if p.Stored.After(last) {
			last = p.Stored
		}
	}
	e.note("profiles", "profiles", n)
	if count {
		return nil
	}
	if e.gone = time.Now().UTC(); !last.Before(e.gone) { // the clock of an outside server's is another one
		e.gone = last.Add(time.Microsecond)
	}
	e.app.forget()       // what was read anew since the tombstone
	return e.settle(ctx) // the process that copies may be another one
}

func (e *erasing) note(place, what string, n int64) {
	e.record.Places = append(e.record.Places, control.ErasedPlace{Place: place, What: what, Count: n})
}

// verify counts once more. What was captured meanwhile makes a new person, which is none of this one's.
func (e *erasing) verify(ctx context.Context) error {
	again := &erasing{app: e.app, store: e.store, of: e.of, at: e.at, gone: e.gone, cleared: e.cleared, sampled: e.sampled, progress: func(string) {}}
	if err := again.stores(ctx, true); err != nil {
		return err
	}
	e.record.Verified, e.record.Finished = true, time.Now().UTC()
	for i := range e.record.Places {
		e.record.Places[i].Left = again.record.Places[i].Count
		e.record.Verified = e.record.Verified && e.record.Places[i].Left == 0
	}
	return nil
}

// Erasures implements control.Backend.
func (a *App) Erasures(ctx context.Context) ([]control.Erasure, error) {
	records, err := a.bus.Erasures().List(ctx)
	if err != nil {
		return nil, err
	}
	all := []control.Erasure{}
	for _, r := range records {
		out := control.Erasure{At: r.At, IDs: len(r.Hashes)}
		if len(r.Hashes) > 0 {
			out.Hash = r.Hashes[0]
		}
		if r.Result != nil {
			if err := json.Unmarshal(r.Result, &out); err != nil {
				return nil, fmt.Errorf("erasure %s: %w", r.ID, err)
			}
		}
		all = append(all, out)
	}
	return all, nil
}
