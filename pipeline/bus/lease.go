package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nuid"
)

const (
	// leaseTerm is how long a holder may give no sign of life before another process takes the lease.
	leaseTerm = 6 * time.Second
	// leaseBeat is how often the holder gives one, and how often the others look.
	leaseBeat = 1500 * time.Millisecond
)

// Lease is the right of one process at a time, among all that run the project, to do something: run the schedules, for one.
//
// Nobody's clock is compared with anybody else's. The holder rewrites the key again and again; another process takes it over when it has
// seen no change of its revision for the whole term by its own clock. A holder that cannot write gives up well before that.
type Lease struct {
	state *State
	key   string
	owner string
	term  time.Duration
	beat  time.Duration
	mine  uint64 // the revision written last, 0 when somebody else holds it or nobody
}

// Lease makes the lease of a name, a single token.
func (s *State) Lease(name string) *Lease {
	return &Lease{state: s, key: "lease." + name, owner: nuid.Next() + " " + thisProcess(), term: leaseTerm, beat: leaseBeat}
}

// thisProcess names the process for people.
func thisProcess() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	return fmt.Sprintf("process %d on %s", os.Getpid(), host)
}

// HeldError says that another process has a lease.
type HeldError struct {
	Holder string // for people: "process 4711 on web-1"
}

// Error names the holder.
func (e *HeldError) Error() string { return e.Holder + " has it" }

// errLeaseLost is how a Try ends when the lease was lost in the middle of the work.
var errLeaseLost = errors.New("the bus could not be reached, so that another process may go on with it")

// Run waits for the lease, calls work, and returns its error; when the lease is lost meanwhile, it begins anew. The context of work ends when
// ctx does or when the lease is lost, and work has to return soon then: another process may begin after the term. Without the lease until ctx
// ends, it returns nil.
func (l *Lease) Run(ctx context.Context, work func(ctx context.Context) error) error {
	for l.acquire(ctx) {
		if lost, err := l.hold(ctx, work); !lost {
			return err
		}
	}
	return nil
}

// Try is Run for work that does not wait for its turn: when another process has the lease, it returns a *HeldError. To see that one is dead takes
// the term. When the lease is lost meanwhile, Try returns an error.
func (l *Lease) Try(ctx context.Context, work func(ctx context.Context) error) error {
	for look := (leaseLook{}); ; {
		mine, err := l.look(ctx, &look)
		switch {
		case err != nil && !errors.Is(err, ErrConflict):
			return err
		case look.alive:
			return &HeldError{look.holder}
		}
		if mine {
			break
		}
		if !Pause(ctx, l.beat) {
			return fmt.Errorf("waiting for a lease: %w", context.Cause(ctx))
		}
	}
	lost, err := l.hold(ctx, work)
	if lost {
		return errors.Join(errLeaseLost, err)
	}
	return err
}

// leaseLook is what looks at a lease have shown.
type leaseLook struct {
	revision uint64
	since    time.Time // it is the same
	holder   string    // for people
	alive    bool      // the holder has written since the first look
}

// look takes the lease if nobody has it, or if its holder has not been heard for the term.
func (l *Lease) look(ctx context.Context, at *leaseLook) (mine bool, err error) {
	value, revision, err := l.state.Get(ctx, l.key)
	if err != nil {
		return false, err
	}
	if revision != at.revision {
		at.alive = at.revision != 0 && revision != 0
		at.revision, at.since = revision, time.Now()
	}
	if _, at.holder, _ = strings.Cut(string(value), " "); at.holder == "" {
		at.holder = "another process"
	}
	if revision != 0 && time.Since(at.since) < l.term {
		return false, nil
	}
	l.mine, err = l.state.Update(ctx, l.key, []byte(l.owner), revision)
	return err == nil, err
}

// acquire returns false when ctx ended first.
func (l *Lease) acquire(ctx context.Context) bool {
	for look := (leaseLook{}); ; {
		mine, err := l.look(ctx, &look)
		if mine {
			return true
		}
		if err != nil && !errors.Is(err, ErrConflict) && ctx.Err() == nil {
			l.state.bus.log.Debug("waiting for a lease", "lease", l.key, "error", err)
		}
		if !Pause(ctx, l.beat) {
			return false
		}
	}
}

// hold runs work and keeps the lease alive beside it.
func (l *Lease) hold(ctx context.Context, work func(context.Context) error) (lost bool, err error) {
	working, cancel := context.WithCancel(ctx)
	var beating sync.WaitGroup
	beating.Go(func() {
		defer cancel()
		lost = l.keep(working)
	})
	err = work(working)
	cancel()
	beating.Wait()
	if !lost {
		l.release()
	}
	return lost, err
}

// keep rewrites the key until ctx ends, and reports whether the lease was lost. It gives up when half of the term has passed without a
// success, so that the work can end before another process begins.
func (l *Lease) keep(ctx context.Context) (lost bool) {
	last := time.Now()
	for Pause(ctx, l.beat) {
		attempt, cancel := context.WithTimeout(ctx, l.beat)
		revision, err := l.state.Update(attempt, l.key, []byte(l.owner), l.mine)
		cancel()
		switch {
		case err == nil:
			l.mine, last = revision, time.Now()
		case ctx.Err() != nil:
			return false
		case errors.Is(err, ErrConflict) && !l.ours(ctx), time.Since(last) > l.term/2:
			l.state.bus.log.Warn("lease lost", "lease", l.key, "error", err)
			return true
		}
	}
	return false
}

// ours finds out whether a write whose answer was lost has arrived all the same.
func (l *Lease) ours(ctx context.Context) bool {
	value, revision, err := l.state.Get(ctx, l.key)
	if err != nil || string(value) != l.owner {
		return false
	}
	l.mine = revision
	return true
}

// release lets another process have the lease at once.
func (l *Lease) release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if !l.ours(ctx) {
		return
	}
	if err := l.state.remove(ctx, l.key, l.mine); err != nil {
		l.state.bus.log.Debug("giving a lease up", "error", fmt.Errorf("%s: %w", l.key, err)) // the others will find out
	}
}
