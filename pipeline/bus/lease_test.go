package bus

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// contender is a process that wants the lease. held tells when it begins, and each begin waits for the test to let go.
type contender struct {
	lease *Lease
	held  chan context.Context
	stop  context.CancelFunc
	done  chan error
}

func contend(t *testing.T, b *Bus, working *atomic.Int32) *contender {
	t.Helper()
	l := b.State().Lease("schedules")
	l.term, l.beat = time.Second, 50*time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	c := &contender{lease: l, held: make(chan context.Context, 10), stop: stop, done: make(chan error, 1)}
	go func() {
		c.done <- l.Run(ctx, func(ctx context.Context) error {
			if n := working.Add(1); n > 1 {
				t.Errorf("%d processes hold the lease", n)
			}
			defer working.Add(-1)
			c.held <- ctx
			<-ctx.Done()
			return nil
		})
	}()
	t.Cleanup(stop)
	return c
}

func (c *contender) begins(t *testing.T) context.Context {
	t.Helper()
	select {
	case ctx := <-c.held:
		return ctx
	case <-time.After(20 * time.Second):
		t.Fatal("the lease is not given")
		return nil
	}
}

func (c *contender) ends(t *testing.T) {
	t.Helper()
	c.stop()
	if err := <-c.done; err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestLeaseHasOneHolder(t *testing.T) {
	s := outside(t, nil)
	connect := func() *Bus { return open(t, "", func(c *Config) { c.URL = s.ClientURL() }) }
	one, two := connect(), connect()
	var working atomic.Int32
	first := contend(t, one, &working)
	first.begins(t)
	second := contend(t, two, &working)

	first.ends(t) // which lets the other have it before the term is over
	began := time.Now()
	ctx := second.begins(t)
	if took := time.Since(began); took > second.lease.term {
		t.Errorf("the lease was given up and taken after %s\nwant less than the term of %s", took, second.lease.term)
	}

	third := contend(t, one, &working)
	two.conn.Close() // a holder that cannot reach the server ends before another begins, which TestLease's count sees to
	third.begins(t)
	if ctx.Err() == nil {
		t.Error("the holder that was cut off goes on")
	}
	third.ends(t)
	second.ends(t)
}

// Somebody else's write is the end of the lease, at once.
func TestLeaseTakenAway(t *testing.T) {
	b := open(t, t.TempDir())
	var working atomic.Int32
	c := contend(t, b, &working)
	ctx := c.begins(t)
	if err := b.State().Put(t.Context(), c.lease.key, []byte("somebody else")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the lease was taken away and the work goes on")
	}
	c.begins(t) // after the term, since the other never wrote again
	c.ends(t)
}

func TestLeaseEndsWithTheWork(t *testing.T) {
	b := open(t, t.TempDir())
	broken := errors.New("broken")
	l := b.State().Lease("replay")
	if err := l.Run(t.Context(), func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("run\n got %v\nwant %v", err, broken)
	}
	if value, _, err := b.State().Get(t.Context(), l.key); value != nil || err != nil {
		t.Errorf("the lease afterwards\n got %q, %v\nwant nothing", value, err)
	}
}

// What does not wait for its turn is told who has the lease, and takes it when nobody has it or its holder is dead.
func TestLeaseTry(t *testing.T) {
	s := outside(t, nil)
	connect := func() *Bus { return open(t, "", func(c *Config) { c.URL = s.ClientURL() }) }
	one, two := connect(), connect()
	try := func() (worked bool, err error) {
		l := two.State().Lease("schedules")
		l.term, l.beat = time.Second, 50*time.Millisecond
		err = l.Try(t.Context(), func(context.Context) error {
			worked = true
			return nil
		})
		return worked, err
	}
	var working atomic.Int32
	holder := contend(t, one, &working)
	holder.begins(t)
	worked, err := try()
	if held := (*HeldError)(nil); worked || !errors.As(err, &held) || held.Holder != thisProcess() {
		t.Errorf("while another process has it\n got %v, worked %t\nwant to be told that %s has it", err, worked, thisProcess())
	}
	holder.ends(t)
	if worked, err := try(); !worked || err != nil {
		t.Errorf("when nobody has it\n got %v, worked %t", err, worked)
	}
	if err := one.State().Put(t.Context(), holder.lease.key, []byte(holder.lease.owner)); err != nil { // as one that was killed leaves it
		t.Fatal(err)
	}
	if worked, err := try(); !worked || err != nil {
		t.Errorf("when its holder is dead\n got %v, worked %t", err, worked)
	}
}
