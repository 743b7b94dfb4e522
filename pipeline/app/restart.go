package app

import (
	"context"
	"errors"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// ErrRestart says that Run ended because a new process is needed, and that there is nothing in its way (Startable). Nothing that was acknowledged is lost.
var ErrRestart = errors.New("the process has to begin anew")

// restartPause is the wait before a process begins anew: a disk that refuses every write is not to be hammered. Files that have mistakes then are looked
// at again as often.
const restartPause = 2 * time.Second

// restarting tells errors of Run that a new process mends.
func restarting(ctx context.Context, err error) error {
	if ctx.Err() != nil || !errors.Is(err, bus.ErrFailed) {
		return err
	}
	return errors.Join(ErrRestart, err)
}

// Startable waits until the project could be started as its files are, and reports false when ctx ends first.
func (a *App) Startable(ctx context.Context) bool {
	for told := false; bus.Pause(ctx, restartPause); {
		_, err := Load(a.path, a.kinds, a.options)
		if err == nil {
			return true
		}
		if !told {
			told = true
			a.options.Log.Error("the process has to begin anew, and the project's files have mistakes: it waits until they are corrected", "error", err)
		}
	}
	return false
}
