package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a Source whose passes are given by a function.
type script struct {
	mu     sync.Mutex
	starts []time.Time
	active int
	pass   func(ctx context.Context, n int, cursor pipeline.Cursor, emit pipeline.Emit) error
}

func (s *script) Streams() []pipeline.Stream {
	return []pipeline.Stream{{Name: "things"}, {Name: "others"}}
}

func (s *script) Run(ctx context.Context, cursor pipeline.Cursor, emit pipeline.Emit) error {
	s.mu.Lock()
	s.starts = append(s.starts, time.Now())
	n := len(s.starts)
	s.active++
	if s.active > 1 {
		panic("two passes at once")
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.active--
		s.mu.Unlock()
	}()
	return s.pass(ctx, n, cursor, emit)
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.starts)
}

// store is a Warehouse that keeps the loads.
type store struct {
	mu     sync.Mutex
	loads  []pipeline.Load
	cursor pipeline.Cursor
	err    error
}

func (s *store) Merge(ctx context.Context, load pipeline.Load) (pipeline.Merged, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return pipeline.Merged{}, s.err
	}
	s.loads = append(s.loads, load)
	s.cursor = load.Cursor
	return pipeline.Merged{Inserted: len(load.Records)}, nil
}

func (s *store) Cursor(ctx context.Context, source string) (pipeline.Cursor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if source != "shop" {
		return nil, fmt.Errorf("cursor of %q", source)
	}
	return s.cursor, nil
}

func batch(cursor string, streams ...string) pipeline.SourceBatch {
	b := pipeline.SourceBatch{Cursor: pipeline.Cursor(cursor), Done: 1, Total: 2}
	for i, s := range streams {
		b.Records = append(b.Records, pipeline.Record{Stream: s, Key: fmt.Sprint(i)})
	}
	return b
}

func runner(s *script, w *store) *Runner {
	return New(Deps{Source: s, Name: "shop", Every: 10 * time.Minute, Warehouse: w})
}

// start runs r until stop is called, which waits for its end.
func start(t *testing.T, r *Runner) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run\n got %v\nwant nil after a requested stop", err)
		}
	}
}

func TestPassCommitsAndCounts(t *testing.T) {
	w := &store{cursor: pipeline.Cursor(`{"at":1}`)}
	var begun string
	s := &script{pass: func(ctx context.Context, n int, cursor pipeline.Cursor, emit pipeline.Emit) error {
		begun = string(cursor)
		return errors.Join(emit(ctx, batch(`{"at":2}`, "things", "things", "others")), emit(ctx, batch(`{"at":3}`, "others")))
	}}
	r := runner(s, w)
	if got := r.Status().State; got != Queued {
		t.Errorf("state before the first pass\n got %s\nwant %s", got, Queued)
	}
	var seen []int
	if err := r.Sync(t.Context(), func(p Progress) { seen = append(seen, p.Rows) }); err != nil {
		t.Fatal(err)
	}
	if begun != `{"at":1}` || string(w.cursor) != `{"at":3}` {
		t.Errorf("cursors\n got %s, then %s\nwant the stored one, then the last one", begun, w.cursor)
	}
	if diff := cmp.Diff([]int{3, 4}, seen); diff != "" {
		t.Errorf("progress\n%s", diff)
	}
	want := Progress{
		Batches: 2, Rows: 4, Streams: map[string]int{"things": 2, "others": 2}, Merged: pipeline.Merged{Inserted: 4}, Done: 1, Total: 2,
	}
	got := r.Status()
	if diff := cmp.Diff(want, got.Progress); diff != "" || got.State != Succeeded || got.Err != nil || got.Succeeded.IsZero() {
		t.Errorf("status %+v\n%s", got, diff)
	}
	load := w.loads[0]
	if load.Source != "shop" || len(load.Streams) != 2 || len(load.Records) != 3 {
		t.Errorf("load\n got %+v", load)
	}
}

func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{pass: func(ctx context.Context, n int, _ pipeline.Cursor, emit pipeline.Emit) error {
			<-time.After(time.Minute)
			return emit(ctx, batch(`{}`))
		}}
		r := runner(s, &store{})
		began := time.Now()
		stop := start(t, r)
		<-time.After(24 * time.Hour)
		synctest.Wait()
		next := r.Status().Next
		stop()
		if !s.starts[0].Equal(began) {
			t.Errorf("first pass after %v, want at once", s.starts[0].Sub(began))
		}
		same := true
		for i := 1; i < len(s.starts); i++ {
			gap := s.starts[i].Sub(s.starts[i-1]) - time.Minute
			if gap < 9*time.Minute || gap > 11*time.Minute {
				t.Errorf("gap before pass %d\n got %v\nwant 10m give or take a tenth", i, gap)
			}
			same = same && gap == s.starts[1].Sub(s.starts[0])-time.Minute
		}
		if same || len(s.starts) < 120 {
			t.Errorf("%d passes in a day, all gaps the same: %v", len(s.starts), same)
		}
		if !next.IsZero() && next.Before(began.Add(24*time.Hour)) {
			t.Errorf("next pass is at %v, which has passed", next)
		}
	})
}

func TestFailuresAreSpacedOut(t *testing.T) {
	oops := errors.New("oops")
	for name, c := range map[string]struct {
		fail   func(ctx context.Context, emit pipeline.Emit) error
		passes [2]int // in 12 hours
		state  State
	}{
		"nothing committed": {func(context.Context, pipeline.Emit) error { return oops }, [2]int{13, 17}, Failed},
		"something committed": {func(ctx context.Context, emit pipeline.Emit) error {
			return errors.Join(emit(ctx, batch(`{}`)), oops)
		}, [2]int{66, 80}, Partial},
		"for a person": {func(context.Context, pipeline.Emit) error { return pipeline.Permanent(oops) }, [2]int{11, 14}, Blocked},
		"for a person in part": {func(ctx context.Context, emit pipeline.Emit) error {
			return errors.Join(emit(ctx, batch(`{}`)), pipeline.Permanent(oops))
		}, [2]int{66, 80}, Partial},
		"to wait": {func(context.Context, pipeline.Emit) error { return pipeline.RetryAfter(oops, 5*time.Hour) }, [2]int{3, 3}, Failed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{pass: func(ctx context.Context, n int, _ pipeline.Cursor, emit pipeline.Emit) error {
					return c.fail(ctx, emit)
				}}
				r := runner(s, &store{})
				stop := start(t, r)
				<-time.After(12 * time.Hour)
				synctest.Wait()
				got := r.Status()
				stop()
				if n := s.count(); n < c.passes[0] || n > c.passes[1] || got.Failures != n {
					t.Errorf("passes\n got %d, failures %d\nwant %v", n, got.Failures, c.passes)
				}
				if got.State != c.state || !errors.Is(got.Err, oops) || !strings.Contains(got.Err.Error(), `source "shop"`) {
					t.Errorf("status\n got %s, %v\nwant %s", got.State, got.Err, c.state)
				}
			})
		})
	}
}

func TestRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		s := &script{pass: func(ctx context.Context, n int, _ pipeline.Cursor, emit pipeline.Emit) error {
			switch n {
			case 1:
				panic("boom")
			case 2:
				return errors.New("oops")
			}
			return nil
		}}
		r := New(Deps{Source: s, Name: "shop", Every: time.Minute, Warehouse: &store{}, Log: slog.New(slog.NewTextHandler(&text, nil))})
		stop := start(t, r)
		<-time.After(10 * time.Minute)
		synctest.Wait()
		got := r.Status()
		stop()
		if got.State != Succeeded || got.Err != nil || got.Failures != 0 {
			t.Errorf("status after a good pass\n got %+v", got)
		}
		for _, want := range []string{"panic: boom", "oops", "source=shop", "state=failed"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("log\n got %s\nwant %q in it", text.String(), want)
			}
		}
		if lines := strings.Count(text.String(), "level=ERROR"); lines != 2 {
			t.Errorf("errors in the log\n got %d\nwant one for each failed pass", lines)
		}
	})
}

func TestWarehouseErrors(t *testing.T) {
	w := &store{err: errors.New("disk full")}
	s := &script{pass: func(ctx context.Context, n int, _ pipeline.Cursor, emit pipeline.Emit) error {
		return emit(ctx, batch(`{}`, "things"))
	}}
	r := runner(s, w)
	if err := r.Sync(t.Context(), nil); fmt.Sprint(err) != `source "shop": merge: disk full` || r.Status().Progress.Rows != 0 {
		t.Errorf("Sync\n got %v, %+v", err, r.Status().Progress)
	}
	r.deps.Name = "other"
	if err := r.Sync(t.Context(), nil); err == nil || s.count() != 1 {
		t.Errorf("Sync without a cursor\n got %v after %d passes\nwant an error and no further pass", err, s.count())
	}
}

// Of several processes, the one whose turn it is makes the passes, and stops when it is not any more.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := 0
		s := &script{pass: func(ctx context.Context, n int, _ pipeline.Cursor, emit pipeline.Emit) error {
			if n > 1 {
				<-ctx.Done()
				ended++
				return ctx.Err()
			}
			return emit(ctx, batch(`{}`))
		}}
		turn := make(chan context.Context)
		r := New(Deps{Source: s, Name: "shop", Every: time.Minute, Warehouse: &store{}, Alone: func(ctx context.Context, work func(context.Context) error) error {
			for {
				select {
				case mine := <-turn:
					if err := work(mine); err != nil {
						return err
					}
				case <-ctx.Done():
					return nil
				}
			}
		}})
		stop := start(t, r)
		<-time.After(time.Hour)
		if err := r.Sync(t.Context(), nil); !errors.Is(err, ErrElsewhere) || s.count() > 0 || r.Status().State != Elsewhere {
			t.Errorf("while another process has the source: %d passes, state %s, sync\n got %v\nwant %v", s.count(), r.Status().State, err, ErrElsewhere)
		}
		mine, lose := context.WithCancel(t.Context())
		turn <- mine
		synctest.Wait()
		if s.count() != 1 || r.Status().State != Succeeded {
			t.Errorf("on its turn: %d passes, state %s\nwant one at once", s.count(), r.Status().State)
		}
		<-time.After(2 * time.Minute) // in the middle of the second pass
		lose()
		synctest.Wait()
		<-time.After(time.Hour)
		if s.count() != 2 || ended != 1 || r.Status().State != Elsewhere {
			t.Errorf("after its turn: %d passes, %d ended, state %s\nwant the second to have ended, and no more", s.count(), ended, r.Status().State)
		}
		// So it is with a pass that a command makes.
		mine, lose = context.WithCancel(t.Context())
		s.pass = func(ctx context.Context, n int, _ pipeline.Cursor, emit pipeline.Emit) error {
			if n == 3 {
				return emit(ctx, batch(`{}`))
			}
			<-ctx.Done()
			ended++
			return ctx.Err()
		}
		turn <- mine
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- r.Sync(t.Context(), nil) }()
		synctest.Wait()
		lose()
		if err := <-done; !errors.Is(err, ErrElsewhere) || ended != 2 || s.count() != 4 {
			t.Errorf("a pass that a command made when its turn was over: %d passes, %d ended, sync\n got %v\nwant %v", s.count(), ended, err, ErrElsewhere)
		}
		stop()
	})
}
