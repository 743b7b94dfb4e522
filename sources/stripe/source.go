package stripe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Source reads one Stripe account. It is made by New.
type Source struct {
	client   *client
	log      *slog.Logger
	mode     string
	since    int64
	selected []*table

	mu        sync.Mutex
	committed pipeline.Cursor  // by this process; seen belongs to it
	seen      map[string]int64 // events already followed, with their time, as far back as they are read again
}

// New returns a Source for a Config that Validate accepts.
func New(c *Config, env pipeline.Env) (*Source, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	if env.Now == nil {
		env.Now = time.Now
	}
	names := c.Tables
	if len(names) == 0 {
		names = tableNames()
	}
	s := &Source{client: newClient(c, env), log: env.Log, mode: mode(string(c.Key))}
	for _, name := range names {
		s.selected = append(s.selected, tableNamed(name))
	}
	var err error
	s.since, err = c.since()
	return s, err
}

// Streams lists the selected tables.
func (s *Source) Streams() []pipeline.Stream {
	out := make([]pipeline.Stream, len(s.selected))
	for i, t := range s.selected {
		out[i] = pipeline.Stream{Name: t.name, Columns: t.columns}
	}
	return out
}

// Run makes one pass. A table that the key may not read is left out and named in the error; the others are read all the same.
func (s *Source) Run(ctx context.Context, cursor pipeline.Cursor, emit pipeline.Emit) error {
	st, err := decodeState(cursor)
	if err != nil {
		return err
	}
	if err := st.setMode(s.mode); err != nil {
		return err
	}
	s.client.versions.raise(st.Version)
	s.forgetUnless(cursor)
	if err := s.probe(ctx); err != nil {
		return s.ended(ctx, err)
	}
	p := &pass{Source: s, state: st, emit: emit, start: s.client.now().Unix(), turn: make(chan struct{}, 1), blocked: map[string]error{}}
	return s.ended(ctx, p.run(ctx))
}

// probe asks for one event: it proves the key and sets the clock before anything is read. A key that may not read events tells the time too.
func (s *Source) probe(ctx context.Context) error {
	_, err := s.client.list(ctx, &feed, filter{limit: 1})
	if hasStatus(err, http.StatusForbidden) {
		return nil
	}
	return err
}

// ended makes the error of a pass say what to do.
func (s *Source) ended(ctx context.Context, err error) error {
	var e *apiError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case hasStatus(err, http.StatusUnauthorized):
		return refused(err)
	case errors.As(err, &e) && e.after > 0:
		return pipeline.RetryAfter(err, e.after)
	}
	return err
}

// forgetUnless drops the memory of followed events unless cursor is what this process committed last: with another one, what they led to may
// not be in the warehouse.
func (s *Source) forgetUnless(cursor pipeline.Cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil || !sameJSON(s.committed, cursor) {
		s.seen = map[string]int64{}
	}
}

// sameJSON compares two cursors. A warehouse may have changed the spacing.
func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// Check asks for one row of every selected table and of the events, and reports everything that is not allowed.
func (s *Source) Check(ctx context.Context) error {
	hasty := *s.client
	hasty.patience = 10 * time.Second
	var problems []error
	for _, t := range s.asked() {
		_, err := hasty.list(ctx, t, filter{limit: 1})
		switch {
		case err == nil:
		case hasStatus(err, http.StatusForbidden):
			problems = append(problems, blocked(t.title(), err))
		default:
			return s.ended(ctx, err)
		}
	}
	return errors.Join(problems...)
}

// asked is every list that a pass reads.
func (s *Source) asked() []*table {
	out := append([]*table(nil), s.selected...)
	if s.follows() {
		out = append(out, &feed)
	}
	return out
}

// follows reports whether any selected table needs the event feed.
func (s *Source) follows() bool {
	for _, t := range s.selected {
		if !t.silent {
			return true
		}
	}
	return false
}
