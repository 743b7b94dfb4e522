package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// ErrRestart says that Run ended because a new process is needed, and that nothing is in its way. All that was acknowledged is there for it.
var ErrRestart = errors.New("the process has to begin anew")

// A new process is asked for when for so many looks there was room on the disk, and not sooner than restartAfter after the start: a disk that refuses every
// write is not to be hammered.
const roomLooks, roomEvery, restartAfter = 10, 200 * time.Millisecond, 10 * time.Second

// watchBus ends with ErrRestart when the bus cannot go on in this process, and a new one could start. Until then events are refused, and all else is served.
func (a *App) watchBus(ctx context.Context) error {
	failure := a.bus.Failure(ctx)
	if failure == nil {
		return nil
	}
	told := false
	for looks := 0; looks < roomLooks; {
		if !bus.Pause(ctx, roomEvery) {
			return nil
		}
		looks++
		if a.bus.Room() != nil || time.Since(a.started) < restartAfter {
			looks = 0
			continue
		}
		if looks < roomLooks {
			continue
		}
		if err := a.startable(); err != nil {
			looks = 0
			if !told {
				told = true
				a.options.Log.Error("the process has to begin anew, and could not start with the project's files: it waits until they are corrected", "error", err)
			}
		}
	}
	return fmt.Errorf("%w: %w", ErrRestart, failure)
}

// startable returns why a new process could not go on where this one ends: mistakes in the project's files, or changes that a running project refuses, which
// nobody has asked for by starting it.
func (a *App) startable() error {
	if a.again == nil {
		return nil
	}
	next, err := a.again()
	if err != nil {
		return err
	}
	a.mu.Lock() // fingerprints note what they read
	defer a.mu.Unlock()
	return a.unchangeable(next)
}
