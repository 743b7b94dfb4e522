package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

var testBreaker = Breaker{Failures: 4, After: 10 * time.Second, Probe: 5 * time.Second, Max: 15 * time.Second}

func closedBreaker() *breaker {
	return newBreaker(testBreaker, func(int) time.Duration { return time.Second }, time.Now)
}

// fail lets so many batches fail, each of its own and a second after the other, and returns the last permit.
func fail(t *testing.T, b *breaker, batches int) {
	t.Helper()
	for i := range batches {
		p, ok := b.admit(t.Context(), 0)
		if !ok || p.probe {
			t.Fatalf("batch %d: admitted %t, as a probe %t", i, ok, p.probe)
		}
		b.used(p, down, fmt.Sprint(i), errDown)
		time.Sleep(time.Second)
	}
}

func wantState(t *testing.T, b *breaker, want string) {
	t.Helper()
	if got := b.snapshot().State; got != want {
		t.Errorf("state\n got %s\nwant %s", got, want)
	}
}

func TestBreakerOpensProbesAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := closedBreaker()
		idle, _ := b.admit(t.Context(), 1)
		fail(t, b, 10)
		wantState(t, b, BreakerClosed) // for 9 seconds
		fail(t, b, 1)
		wantState(t, b, BreakerOpen)
		if idle.ctx.Err() == nil {
			t.Error("a lane that waits for frames goes on fetching")
		}
		opened := time.Now().Add(-time.Second)
		for _, pause := range []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second, 15 * time.Second} {
			before := time.Now()
			if next := b.snapshot().NextProbe.Sub(before); next > pause || next < pause-time.Second {
				t.Errorf("next probe in %s, want about %s", next, pause)
			}
			p, _ := b.admit(t.Context(), 2)
			if waited := time.Since(before); !p.probe || waited > pause || waited < pause-time.Second {
				t.Errorf("a probe %t after %s, want one after about %s", p.probe, waited, pause)
			}
			wantState(t, b, BreakerHalfOpen)
			if !b.used(p, down, "x", errors.New("still down")) {
				t.Error("a probe that failed is no turn")
			}
		}
		if st := b.snapshot(); st.State != BreakerOpen || !st.Since.Equal(opened) || st.LastError != "still down" {
			t.Errorf("after failed probes\n got %+v\nwant open since %s", st, opened)
		}
		p, _ := b.admit(t.Context(), 0)
		b.used(p, alive, "", nil)
		wantState(t, b, BreakerClosed)
		if p, _ := b.admit(t.Context(), 0); p.probe {
			t.Error("a closed breaker lets through probes only")
		}
	})
}

// While one lane probes, the others wait; a lane that has nothing to send gives the probe to the next, and none comes twice before all others.
func TestBreakerProbesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := closedBreaker()
		fail(t, b, 11)
		turns := make(chan int)
		ctx, cancel := context.WithCancel(t.Context())
		for lane := range 3 {
			go func() {
				for {
					p, ok := b.admit(ctx, lane)
					if !ok {
						return
					}
					turns <- lane
					b.unused(p)
				}
			}()
		}
		var order []string
		for range 9 {
			synctest.Wait()
			time.Sleep(time.Second)
			select {
			case lane := <-turns:
				order = append(order, fmt.Sprint(lane))
			case <-time.After(time.Minute):
				t.Fatalf("nobody probes after %v", order)
			}
			select {
			case lane := <-turns:
				order = append(order, fmt.Sprint(lane))
			default:
			}
		}
		cancel()
		synctest.Wait()
		for i := 3; i < len(order); i++ {
			if order[i] != order[i-3] {
				t.Fatalf("turns %s: want the three lanes again and again", strings.Join(order, ""))
			}
		}
	})
}

func TestWhatDoesNotOpenTheBreaker(t *testing.T) {
	for name, show := range map[string]func(b *breaker, p permit, i int){
		"one event that always fails": func(b *breaker, p permit, _ int) { b.used(p, down, "same", errDown) },
		"two events that always fail": func(b *breaker, p permit, i int) { b.used(p, down, fmt.Sprint(i%2), errDown) },
		"a rate limit":                func(b *breaker, p permit, i int) { b.used(p, limited, fmt.Sprint(i), nil) },
		"batches that are cut off":    func(b *breaker, p permit, i int) { b.used(p, unknown, fmt.Sprint(i), nil) },
		"now and then one is delivered": func(b *breaker, p permit, i int) {
			b.used(p, []verdict{down, down, down, alive}[i%4], fmt.Sprint(i), errDown)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := closedBreaker()
				for i := range 100 {
					p, _ := b.admit(t.Context(), 0)
					show(b, p, i)
					time.Sleep(time.Second)
				}
				wantState(t, b, BreakerClosed)
			})
		})
	}
}

func TestJudge(t *testing.T) {
	busy, never := errors.New("busy"), pipeline.Permanent(errors.New("never"))
	soon := pipeline.RetryAfter(errors.New("429"), time.Second)
	for name, c := range map[string]struct {
		errs []error
		want verdict
	}{
		"all delivered":         {nil, alive},
		"one delivered":         {[]error{busy, nil}, alive},
		"one refused for good":  {[]error{busy, never}, alive},
		"a panic":               {[]error{pipeline.Permanent(errPanic)}, alive},
		"all failed":            {[]error{busy, busy}, down},
		"a rate limit":          {[]error{soon, soon}, limited},
		"a rate limit and more": {[]error{busy, soon}, limited},
	} {
		if got := judge(c.errs, false); got != c.want {
			t.Errorf("%s\n got %d\nwant %d", name, got, c.want)
		}
	}
	if got := judge([]error{context.Canceled}, true); got != unknown {
		t.Errorf("cut off\n got %d\nwant %d", got, unknown)
	}
}

// A breaker that was open stays open over a restart, and its next pause is the one that was due.
func TestBreakerSurvivesRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &simStore{}
		target := Target{Pipeline: "p", Name: "d", Breaker: testBreaker, State: store}
		stage := func() *Stage {
			return newStage(target, outside{chance: func() float64 { return 0 }}, slog.New(slog.DiscardHandler))
		}
		first := stage()
		fail(t, first.breaker, 11)
		p, _ := first.breaker.admit(t.Context(), 0)
		first.breaker.used(p, down, "x", errDown)
		first.breakerTurned(t.Context())
		want := first.Breaker()
		second := stage()
		second.loadBreaker(t.Context())
		if got := second.Breaker(); got.State != want.State || !got.Since.Equal(want.Since) || !got.NextProbe.Equal(want.NextProbe) || got.LastError != want.LastError {
			t.Errorf("after a restart\n got %+v\nwant %+v", got, want)
		}
		p, _ = second.breaker.admit(t.Context(), 0)
		second.breaker.used(p, down, "x", errDown)
		if next := time.Until(second.Breaker().NextProbe); next != testBreaker.Max {
			t.Errorf("the pause after the one that was kept\n got %s\nwant %s", next, testBreaker.Max)
		}
		target.Breaker = Breaker{}
		third := stage()
		third.loadBreaker(t.Context())
		if got := third.Breaker().State; got != BreakerOff {
			t.Errorf("a breaker that was taken away\n got %s\nwant %s", got, BreakerOff)
		}
	})
}
