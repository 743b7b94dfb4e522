package app

import (
	"context"
	"errors"
	"sync"

	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// The tiers, in the order in which they end: whatever one is still handed over finds the next one at work.
const (
	tierIntake = iota // the capture port and the control socket
	tierWriter
	tierProcess
	tierDeliver
	tierIngest
	tierBooks
	tierCount
)

// tiers are the services of a running project.
type tiers struct {
	list [tierCount]*tier

	changing sync.RWMutex // read-held while a reload switches, written by the stop
	stopping bool
}

func newTiers(ctx context.Context, fail func()) *tiers {
	t := &tiers{}
	for i := range t.list {
		t.list[i] = newTier(ctx, fail)
	}
	return t
}

// begin keeps the stop waiting until finish, and fails when it has begun.
func (t *tiers) begin() error {
	t.changing.RLock()
	if t.stopping {
		t.changing.RUnlock()
		return errNotRunning
	}
	return nil
}

func (t *tiers) finish() { t.changing.RUnlock() }

// startStage starts a stage or runner in its tier.
func (t *tiers) startStage(key any) {
	switch s := key.(type) {
	case *process.Stage:
		t.list[tierProcess].start(s, s.Run)
	case *deliver.Stage:
		t.list[tierDeliver].start(s, s.Run)
	case *ingest.Runner:
		t.list[tierIngest].start(s, s.Run)
	}
}

// stop ends one service, whatever its tier.
func (t *tiers) stop(key any) {
	for _, tier := range t.list {
		tier.stop(key)
	}
}

// close ends all tiers, one after the other.
func (t *tiers) close() error {
	t.changing.Lock()
	t.stopping = true
	t.changing.Unlock()
	var errs []error
	for _, tier := range t.list {
		errs = append(errs, tier.close())
	}
	return errors.Join(errs...)
}
