package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/prickle-dev/prickle/pipeline"
)

const (
	listsAtOnce = 4
	followEvery = time.Minute // how often the feed is read while lists are
)

// pass is one run. Lists and the feed are read at once and take turns to change the state and commit, because a cursor speaks for all
// tables. A part of the state that only one of them changes may be read by that one at any time.
type pass struct {
	*Source
	emit  pipeline.Emit
	start int64

	turn   chan struct{} // holds one token while the state is changed and committed
	state  *state
	failed error // of emit: nothing is emitted after it

	mu      sync.Mutex
	blocked map[string]error
}

func (p *pass) run(ctx context.Context) error {
	p.prepare()
	lists, following := errgroup.WithContext(ctx)
	finished := make(chan struct{})
	lists.Go(func() error {
		defer close(finished)
		return p.readTables(following)
	})
	if p.follows() {
		lists.Go(func() error { return p.follow(following, finished) })
	}
	if err := lists.Wait(); err != nil {
		return err
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(p.blocked)) {
		problems = append(problems, p.blocked[name])
	}
	return errors.Join(problems...)
}

// prepare fits the state to the configuration and to what Stripe still knows.
func (p *pass) prepare() {
	age := time.Duration(p.start-p.state.Events) * time.Second
	switch {
	case p.state.expired(p.start):
		p.log.Warn("the event feed was not read for so long that changes are lost; all tables are read anew, deletions of that time stay unknown",
			slog.Duration("age", age))
		for _, t := range p.selected {
			if ts := p.state.Tables[t.name]; ts != nil && !t.silent {
				ts.Reread = true
			}
		}
	case p.state.Events != 0 && age > warned:
		p.log.Warn("the event feed was not read for long; Stripe forgets events after 30 days", slog.Duration("age", age))
	}
	p.state.plan(p.selected, p.since, p.start)
	p.log.Debug("pass begins", slog.String("lists", p.state.phases()), slog.Int64("events", p.state.Events))
}

func (p *pass) readTables(ctx context.Context) error {
	lists, ctx := errgroup.WithContext(ctx)
	lists.SetLimit(listsAtOnce)
	for _, t := range p.selected {
		lists.Go(func() error {
			err := p.readTable(ctx, t)
			if err == nil || p.block(t, err) {
				return nil
			}
			return fmt.Errorf("table %q: %w", t.name, err)
		})
	}
	return lists.Wait()
}

// follow reads the feed now, again from time to time while lists are read, and once more after them.
func (p *pass) follow(ctx context.Context, finished <-chan struct{}) error {
	for last := false; ; {
		select {
		case <-finished:
			last = true
		default:
		}
		if err := p.catchUp(ctx); err != nil {
			if p.block(&feed, err) {
				return nil
			}
			return fmt.Errorf("events: %w", err)
		}
		if last {
			return nil
		}
		timer := time.NewTimer(followEvery)
		select {
		case <-finished:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// block notes a table that the key may not read. It reports whether that is what err says.
func (p *pass) block(t *table, err error) bool {
	if !hasStatus(err, http.StatusForbidden) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocked[t.name] = blocked(t.title(), err)
	return true
}

func (p *pass) isBlocked(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blocked[name] != nil
}

// exclusive runs f while nobody else changes the state.
func (p *pass) exclusive(ctx context.Context, f func() error) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
		return f()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commit applies change to the state and hands over records together with the cursor that results.
func (p *pass) commit(ctx context.Context, records []pipeline.Record, change func(*state)) error {
	return p.exclusive(ctx, func() error {
		if p.failed != nil {
			return p.failed
		}
		change(p.state)
		p.state.Version = p.client.versions.highest()
		cursor, err := json.Marshal(p.state)
		if err != nil {
			return err
		}
		batch := pipeline.SourceBatch{Records: records, Cursor: cursor, Done: p.state.done(), Total: len(p.state.Tables)}
		if p.failed = p.emit(ctx, batch); p.failed != nil {
			return p.failed
		}
		p.Source.mu.Lock()
		p.Source.committed = cursor
		p.Source.mu.Unlock()
		return nil
	})
}
