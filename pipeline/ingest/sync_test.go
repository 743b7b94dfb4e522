package ingest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// slow is a Source that commits a batch a minute, ten of them.
func slow() *script {
	return &script{pass: func(ctx context.Context, n int, _ pipeline.Cursor, emit pipeline.Emit) error {
		for range 10 {
			select {
			case <-time.After(time.Minute):
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := emit(ctx, batch(`{}`, "things")); err != nil {
				return err
			}
		}
		return nil
	}}
}

func TestSyncJoinsARunningPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slow()
		r := runner(s, &store{})
		stop := start(t, r)
		<-time.After(3*time.Minute + time.Second)
		if got := r.Status(); got.State != Running || got.Progress.Rows != 3 {
			t.Errorf("status during a pass\n got %s, %d rows\nwant running, 3", got.State, got.Progress.Rows)
		}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				calls, last := 0, 0
				if err := r.Sync(t.Context(), func(p Progress) { calls++; last = p.Rows }); err != nil {
					t.Errorf("Sync: %v", err)
				}
				if calls != 7 || last != 10 {
					t.Errorf("progress of a joined pass\n got %d calls, %d rows\nwant 7, 10", calls, last)
				}
			})
		}
		wg.Wait()
		if got := s.count(); got != 1 {
			t.Errorf("passes\n got %d\nwant 1", got)
		}
		if err := r.Sync(t.Context(), nil); err != nil || s.count() != 2 {
			t.Errorf("Sync between passes\n got %v, %d passes\nwant a pass of its own", err, s.count())
		}
		stop()
	})
}

// A pass that a command makes ends with the Runner, which has no successor before.
func TestPassOfACommandIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		s := &script{pass: func(ctx context.Context, n int, _ pipeline.Cursor, emit pipeline.Emit) error {
			if n == 1 {
				return emit(ctx, batch(`{}`))
			}
			<-ctx.Done()
			<-time.After(time.Second) // it takes its time
			ended = true
			return ctx.Err()
		}}
		r := New(Deps{Source: s, Name: "shop", Every: time.Hour, Warehouse: &store{}})
		stop := start(t, r)
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- r.Sync(t.Context(), nil) }()
		synctest.Wait()
		stop()
		if !ended || s.count() != 2 {
			t.Errorf("Run has returned, and the pass has ended: %v, of %d", ended, s.count())
		}
		if err := <-done; !errors.Is(err, ErrEnded) {
			t.Errorf("Sync\n got %v\nwant %v", err, ErrEnded)
		}
	})
}

// Whoever waits for a pass that ends with the Runner is told so.
func TestJoinedPassIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slow()
		r := runner(s, &store{})
		stop := start(t, r)
		<-time.After(time.Minute + time.Second)
		done := make(chan error, 1)
		go func() { done <- r.Sync(t.Context(), nil) }()
		synctest.Wait()
		stop()
		if err := <-done; !errors.Is(err, ErrEnded) || s.count() != 1 {
			t.Errorf("Sync\n got %v, %d passes\nwant %v after one", err, s.count(), ErrEnded)
		}
		if err := r.Sync(t.Context(), nil); !errors.Is(err, ErrEnded) {
			t.Errorf("Sync afterwards\n got %v\nwant %v", err, ErrEnded)
		}
	})
}

func TestSyncEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runner(slow(), &store{})
		stop := start(t, r)
		<-time.After(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		calls := 0
		if err := r.Sync(ctx, func(Progress) { calls++ }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("joined Sync\n got %v\nwant %v", err, context.DeadlineExceeded)
		}
		<-time.After(5 * time.Minute)
		if calls != 1 {
			t.Errorf("calls of progress\n got %d\nwant 1, none after Sync returned", calls)
		}
		stop()

		r = runner(slow(), &store{})
		own, cancelOwn := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancelOwn()
		if err := r.Sync(own, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("own Sync\n got %v\nwant %v", err, context.DeadlineExceeded)
		}
		if got := r.Status(); got.State != Cancelled || got.Failures != 0 {
			t.Errorf("status\n got %+v\nwant cancelled, which is no failure", got)
		}
	})
}
