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

// Whoever waits for a pass that is stopped from outside gets one of his own.
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
		if err := <-done; err != nil || s.count() != 2 {
			t.Errorf("Sync\n got %v, %d passes\nwant nil after a second pass", err, s.count())
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
