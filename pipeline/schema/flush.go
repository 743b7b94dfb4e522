package schema

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

const (
	// attempts is how often a flush is tried when other processes store what they have counted of the same events.
	attempts = 20
	// together is how many event names are stored at once.
	together = 50
	// lastFlush bounds the one at a stop.
	lastFlush = 10 * time.Second
)

// Run flushes every few seconds until ctx ends, and once more then. It returns nil: what cannot be stored is logged, and tried again.
func (o *Observer) Run(ctx context.Context) error {
	ticker := time.NewTicker(o.config.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			if err := o.Flush(last); err != nil {
				o.log.Warn("what was last counted of properties is lost", "error", err)
			}
			return nil
		case <-ticker.C:
			if err := o.Flush(ctx); err != nil && ctx.Err() == nil {
				o.log.Warn("what was counted of properties waits to be stored", "error", err)
			}
		}
	}
}

// Flush adds what was counted to what is known. What it cannot store is kept for the next time.
func (o *Observer) Flush(ctx context.Context) error {
	o.flushing.Lock()
	defer o.flushing.Unlock()
	if len(o.unsaved) > 0 {
		if err := o.saveAll(ctx); err != nil { // what is counted meanwhile waits in memory, within its bounds
			return err
		}
	}
	o.flushes++
	o.unsaved = o.take(fmt.Sprintf("%s-%d", o.id, o.flushes))
	return o.saveAll(ctx)
}

// take takes out what was counted. Properties that did not come since the last time are forgotten.
func (o *Observer) take(by string) (all []*Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken = o.forgot
	for name, t := range o.events {
		if t.count > 0 {
			all = append(all, t.event(name, by))
		}
		o.pending -= t.reset()
	}
	return all
}

func (t *tally) event(name, by string) *Event {
	e := &Event{Name: name, Count: t.count, By: by, Properties: map[string]*Property{}}
	for key, c := range t.properties {
		if name, _ := rawjson.String([]byte(key)); !c.at.empty() {
			e.note(storable(name), c)
		}
	}
	if !t.others.at.empty() {
		e.note(Others, &t.others)
	}
	return e
}

// note takes in what was counted of a property, of which there may be several spellings.
func (e *Event) note(name string, c *counted) {
	p := &Property{Kinds: map[string]int64{}, First: time.UnixMicro(c.at.first).UTC(), Last: time.UnixMicro(c.at.last).UTC(), Sample: storable(string(c.sample))}
	for kind, n := range c.kinds {
		if n > 0 {
			p.Kinds[Kind(kind).String()] = n
		}
	}
	if before := e.Properties[name]; before != nil {
		p.add(before)
	}
	e.Properties[name] = p
}

// reset makes ready for the next time, and returns how many properties it has forgotten.
func (t *tally) reset() (forgotten int) {
	for key, c := range t.properties {
		if c.at.empty() {
			delete(t.properties, key)
			forgotten++
			continue
		}
		*c = counted{name: key, sample: c.sample[:0]}
	}
	t.row = t.row[:0] // it may be of what was forgotten
	t.count, t.at, t.others = 0, span{}, counted{}
	return forgotten
}

func (s *span) empty() bool { return s.last == 0 }

func (o *Observer) saveAll(ctx context.Context) error {
	for range attempts {
		var left []*Event
		var errs []error
		for rest := o.unsaved; len(rest) > 0; {
			n := min(len(rest), together)
			more, err := o.save(ctx, rest[:n])
			left, rest = append(left, more...), rest[n:]
			errs = append(errs, err)
		}
		o.unsaved = left
		if err := errors.Join(errs...); err == nil || !errors.Is(err, bus.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("schema: %w %d times in a row", bus.ErrConflict, attempts)
}

// save returns those that it could not store, with the reason. One that was stored although its save failed is found out the next time.
func (o *Observer) save(ctx context.Context, events []*Event) (left []*Event, err error) {
	o.dropForgotten()
	var changes []bus.Profile
	var changed []*Event
	for _, e := range events {
		known, err := o.store.Get(ctx, keyOf(e.Name))
		if err != nil {
			return events, err
		}
		sum, err := parse(known.Value)
		if err != nil {
			return events, fmt.Errorf("profile %q: %w", known.Key, err)
		}
		if sum.By == e.By {
			continue
		}
		sum.add(e, o.config.Samples)
		if known.Value, err = json.Marshal(sum); err != nil {
			return events, err
		}
		changes, changed = append(changes, known), append(changed, e)
	}
	if len(changes) == 0 {
		return nil, nil
	}
	before := make([]uint64, len(changes))
	for i := range changes {
		before[i] = changes[i].Revision
	}
	err = o.store.Save(ctx, changes)
	for i := range changes {
		if err != nil && changes[i].Revision == before[i] {
			left = append(left, changed[i])
		}
	}
	return left, err
}
