package warehouse

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errFault = errors.New("a value that does not fit: secret")
	errDown  = errors.New("no connection")
)

// store is where a Writer under test writes to.
type store struct {
	sync.Mutex
	writes [][]string
	refuse func(r *EventRow) error
	slow   time.Duration
	under  atomic.Int64 // writes now
	most   int64        // writes at once so far
}

func (s *store) insert(_ context.Context, rows []EventRow) error {
	under := s.under.Add(1)
	defer s.under.Add(-1)
	time.Sleep(s.slow) // of the bubble's clock
	s.Lock()
	defer s.Unlock()
	s.most = max(s.most, under)
	var names []string
	for i := range rows {
		if s.refuse != nil {
			if err := s.refuse(&rows[i]); err != nil {
				return err
			}
		}
		names = append(names, rows[i].UUID.String())
	}
	s.writes = append(s.writes, names)
	return nil
}

func (s *store) writer(sizes Sizes, parallel int) *Writer {
	isFault := func(err error) bool { return errors.Is(err, errFault) }
	w := &Writer{Store: "teststore", Insert: s.insert, Fault: isFault, Quotes: isFault, Sizes: sizes, Parallel: parallel}
	w.Start()
	return w
}

// TestWriterShares lets eight calls come while one write is under way, and wants them in one write.
func TestWriterShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Second}
		w := s.writer(Sizes{Events: 1000}, 1)
		defer w.Stop()
		var calls sync.WaitGroup
		for n := range 9 {
			calls.Go(func() {
				if err := w.Send(t.Context(), pipelinetest.Events(n*10, n*10+10)); err != nil {
					t.Errorf("Send: %v", err)
				}
			})
			synctest.Wait()
		}
		calls.Wait()
		if len(s.writes) != 2 || len(s.writes[0]) != 10 || len(s.writes[1]) != 80 {
			t.Errorf("writes\n got %v\nwant one of 10 rows and one of 80", s.writes)
		}
	})
}

// TestWriterBounds has writes no larger than it takes to pass a bound.
func TestWriterBounds(t *testing.T) {
	for name, sizes := range map[string]Sizes{"events": {Events: 25}, "bytes": {Events: 1000, Bytes: 25 * len(pipelinetest.Event(1).Properties)}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &store{slow: time.Second}
				w := s.writer(sizes, 1)
				defer w.Stop()
				var calls sync.WaitGroup
				for n := range 13 {
					calls.Go(func() {
						if err := w.Send(t.Context(), pipelinetest.Events(n*10, n*10+10)); err != nil {
							t.Errorf("Send: %v", err)
						}
					})
					synctest.Wait()
				}
				calls.Wait()
				for i, rows := range s.writes {
					if want := min(1, i)*20 + 10; len(rows) != want {
						t.Errorf("rows of write %d\n got %d\nwant %d", i, len(rows), want)
					}
				}
			})
		})
	}
}

// TestWriterAfter does what is due between two writes when the one is answered and before the other begins.
func TestWriterAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Second}
		began, runs := time.Now(), 0
		w := &Writer{Store: "teststore", Insert: s.insert, Sizes: Sizes{Events: 10}, After: func() {
			runs++
			if s.under.Load() != 0 {
				t.Error("beside a write")
			}
			time.Sleep(time.Minute)
		}}
		w.Start()
		defer w.Stop()
		for i, call := range []func() error{
			func() error { return w.Send(t.Context(), pipelinetest.Events(0, 10)) }, // a full write
			func() error { return w.Send(t.Context(), pipelinetest.Events(10, 11)) },
			func() error { return w.Do(t.Context(), func() error { time.Sleep(time.Second); return nil }) },
			func() error { return w.Send(t.Context(), pipelinetest.Events(20, 21)) },
		} {
			if err := call(); err != nil {
				t.Fatal(err)
			}
			if got, want := time.Since(began), time.Duration(i)*time.Minute+time.Duration(i+1)*time.Second; got != want {
				t.Errorf("call %d answered after %v, want %v", i, got, want)
			}
		}
		synctest.Wait()
		if runs != 4 {
			t.Errorf("runs\n got %d\nwant 4", runs)
		}
	})
}

// TestWriterParallel has full writes overlap, and nothing else: what Do runs is alone.
func TestWriterParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Second}
		w := s.writer(Sizes{Events: 20, Enough: 20}, 2)
		defer w.Stop()
		began := time.Now()
		var calls sync.WaitGroup
		for n := range 12 {
			calls.Go(func() {
				if err := w.Send(t.Context(), pipelinetest.Events(n*10, n*10+10)); err != nil {
					t.Errorf("Send: %v", err)
				}
			})
			synctest.Wait()
		}
		calls.Wait()
		if got := time.Since(began); got != 4*time.Second || s.most != 2 {
			t.Errorf("one write of 10 rows and six of 20 or fewer, of a second each\n took %v, %d at once\nwant 4s, 2 at once", got, s.most)
		}
		calls.Go(func() {
			if err := w.Send(t.Context(), pipelinetest.Events(200, 220)); err != nil {
				t.Errorf("Send: %v", err)
			}
		})
		synctest.Wait() // the full write is under way
		err := w.Do(t.Context(), func() error {
			if under := s.under.Load(); under != 0 {
				t.Errorf("writes under way while a Do runs\n got %d\nwant none", under)
			}
			return nil
		})
		if err != nil {
			t.Errorf("Do: %v", err)
		}
		calls.Wait()
	})
}

// TestWriterFaults wants the bad rows alone refused, for good and without what the store quotes of them, in each call that has them.
func TestWriterFaults(t *testing.T) {
	bad := pipelinetest.Event(3).UUID
	s := &store{refuse: func(r *EventRow) error {
		if r.UUID.String() == bad {
			return errFault
		}
		return nil
	}}
	w := s.writer(Sizes{Events: 1000}, 1)
	defer w.Stop()
	events := append(pipelinetest.Events(0, 10), pipelinetest.Event(3), pipelinetest.Event(3))
	events[5].UUID = "none"
	events[10].Properties = pipeline.Properties(`{"another":"copy"}`)
	errs := pipeline.EventErrors(w.Send(t.Context(), events), len(events))
	for i, err := range errs {
		wantBad := i == 3 || i == 5 || i >= 10
		if (err != nil) != wantBad || wantBad && !pipeline.IsPermanent(err) {
			t.Errorf("event %d\n got %v\nwant a permanent error: %v", i, err, wantBad)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("event %d: the error quotes the event: %v", i, err)
		}
	}
	got := slices.Sorted(slices.Values(slices.Concat(s.writes...)))
	want := pipelinetest.UUIDs(slices.Concat(pipelinetest.Events(0, 3), pipelinetest.Events(4, 5), pipelinetest.Events(6, 10)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows in the store (-want +got):\n%s", diff)
	}
}

// TestWriterDown wants an error that concerns none of the events in particular to fail them all for now.
func TestWriterDown(t *testing.T) {
	s := &store{refuse: func(*EventRow) error { return errDown }}
	w := s.writer(Sizes{Events: 1000}, 1)
	defer w.Stop()
	err := w.Send(t.Context(), pipelinetest.Events(0, 10))
	var batch *pipeline.BatchError
	if !errors.Is(err, errDown) || errors.As(err, &batch) || pipeline.IsPermanent(err) {
		t.Errorf("Send to a store that is down\n got %v\nwant %v for the whole batch, to be tried again", err, errDown)
	}
	if !strings.HasPrefix(err.Error(), "teststore: store events: ") {
		t.Errorf("error\n got %q\nwant one that begins with the store's name", err)
	}
}

// TestWriterStopped refuses what comes after Stop.
func TestWriterStopped(t *testing.T) {
	w := (&store{}).writer(Sizes{Events: 1000}, 0)
	w.Stop()
	if err := w.Send(t.Context(), pipelinetest.Events(0, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("Send\n got %v\nwant %v", err, ErrClosed)
	}
	if err := w.Do(t.Context(), func() error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("Do\n got %v\nwant %v", err, ErrClosed)
	}
}

// TestWriterRests lets a second small write wait for as long as the first one took.
func TestWriterRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Second}
		w := s.writer(Sizes{Events: 1000, Enough: 100, Rest: 400 * time.Millisecond}, 1)
		defer w.Stop()
		began := time.Now()
		for range 2 {
			if err := w.Send(t.Context(), pipelinetest.Events(0, 10)); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(began); got != 2400*time.Millisecond {
			t.Errorf("two small writes\n took %v\nwant a rest of 400ms between them", got)
		}
	})
}
