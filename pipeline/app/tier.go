package app

import (
	"context"
	"errors"
	"sync"
)

// tier is a set of services that end together, after the tier before them. Services can be added and ended while it runs.
type tier struct {
	ctx  context.Context
	end  context.CancelFunc
	fail func() // called when a service fails by itself

	mu       sync.Mutex
	services map[any]*service
	closed   bool
	errs     []error
}

type service struct {
	stop context.CancelFunc
	done chan struct{}
}

func newTier(ctx context.Context, fail func()) *tier {
	t := &tier{fail: fail, services: map[any]*service{}}
	t.ctx, t.end = context.WithCancel(context.WithoutCancel(ctx))
	return t
}

// start runs a service under a key, until it is stopped, the tier is closed or the service fails. A closed tier starts nothing.
func (t *tier) start(key any, run func(context.Context) error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	ctx, stop := context.WithCancel(t.ctx)
	s := &service{stop: stop, done: make(chan struct{})}
	t.services[key] = s
	go func() {
		defer close(s.done)
		defer stop()
		if err := run(ctx); err != nil {
			t.mu.Lock()
			t.errs = append(t.errs, err)
			t.mu.Unlock()
			t.fail()
		}
	}()
}

// stop ends one service and returns when it has ended. A key that nothing runs under is no mistake.
func (t *tier) stop(key any) {
	t.mu.Lock()
	s := t.services[key]
	delete(t.services, key)
	t.mu.Unlock()
	if s != nil {
		s.stop()
		<-s.done
	}
}

// close ends all services and returns what went wrong with any of them.
func (t *tier) close() error {
	t.mu.Lock()
	t.closed = true
	services := t.services
	t.mu.Unlock()
	t.end()
	for _, s := range services {
		<-s.done
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Join(t.errs...)
}
