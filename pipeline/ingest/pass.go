package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/prickle-dev/prickle/pipeline"
)

// errStopped ends a pass whose own context ended. Whoever only joined that pass makes one of its own.
var errStopped = errors.New("the pass was stopped")

// pass is one run of the source that others may join.
type pass struct {
	why       trigger
	ctx       context.Context
	stop      context.CancelFunc // ends ctx
	read      bool               // all that it reads: what changes from now on is the next pass's
	done      chan struct{}      // closed when the pass is over
	err       error              // valid once done is closed
	listeners []*listener
}

// listener is a caller of Sync. It is not called any more once it has left.
type listener struct {
	mu       sync.Mutex
	progress func(Progress)
}

func (l *listener) tell(p Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.progress != nil {
		l.progress(p)
	}
}

func (l *listener) left() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress = nil
}

// Sync makes one pass now and returns how it ended. When a pass is under way already, Sync joins it: it reports its progress and returns
// its result. progress, which may be nil, is called after every committed batch, one call at a time and none after Sync has returned; it
// should return soon. Sync returns ctx's error when ctx ends first, and ErrElsewhere or the error of Deps.Once when another process makes the passes,
// also when that begins in the middle of one; and ErrEnded once Run has ended.
func (r *Runner) Sync(ctx context.Context, progress func(Progress)) error {
	if r.deps.Once == nil {
		return r.sync(ctx, byCommand, progress)
	}
	begun := false
	err := r.deps.Once(ctx, func(ctx context.Context) error {
		begun = true
		return r.sync(ctx, byCommand, progress)
	})
	if err != nil && !begun {
		return fmt.Errorf("source %q: %w", r.deps.Name, err)
	}
	return err
}

// ErrEnded says that a source is not run any more.
var ErrEnded = errors.New("the source was changed, removed or stopped: if the project still has it, run the command again")

// ErrElsewhere says that another process of the project makes the passes of a source.
var ErrElsewhere = errors.New("another process of the project makes its passes: ask that one; prickle status shows for each process what it does")

func (r *Runner) sync(ctx context.Context, why trigger, progress func(Progress)) error {
	l := &listener{progress: progress}
	defer l.left()
	for {
		p, mine, late, err := r.join(ctx, l, why)
		if err != nil {
			return fmt.Errorf("source %q: %w", r.deps.Name, err)
		}
		if mine {
			r.work(p)
		} else {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-p.done:
			}
		}
		if late {
			continue
		}
		if ctx.Err() != nil && p.err != nil {
			return ctx.Err()
		}
		if !errors.Is(p.err, errStopped) {
			return p.err
		}
	}
}

// join returns the pass that is under way, or a new one that is the caller's to work off. One that it comes too late for is to be waited for.
func (r *Runner) join(ctx context.Context, l *listener, why trigger) (p *pass, mine, late bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
		return nil, false, false, ErrEnded
	case !r.mine:
		return nil, false, false, ErrElsewhere
	}
	if r.current == nil {
		r.current = &pass{why: why, done: make(chan struct{})}
		r.current.ctx, r.current.stop = context.WithCancel(ctx)
		r.started()
		mine = true
	}
	if r.current.read {
		return r.current, false, true, nil
	}
	r.current.listeners = append(r.current.listeners, l)
	return r.current, mine, false, nil
}

func (r *Runner) work(p *pass) {
	ctx := p.ctx
	defer p.stop()
	err := r.read(ctx, p)
	stopped := err != nil && ctx.Err() != nil
	r.mu.Lock()
	r.finished(err, stopped)
	p.read = true
	ended := r.status
	ended.Progress = ended.Progress.clone()
	r.mu.Unlock()
	r.tell(ctx, p.why, ended)
	r.mu.Lock()
	p.err = err
	if stopped {
		p.err = fmt.Errorf("%w: %w", errStopped, err)
	}
	r.current = nil
	close(p.done)
	r.mu.Unlock()
	if err != nil && !stopped {
		s := r.Status()
		r.deps.Log.Error("source pass ended with an error", slog.String("source", r.deps.Name), slog.String("state", string(s.State)),
			slog.Int("rows", s.Progress.Rows), slog.Int("failures", s.Failures), slog.Any("error", err))
	}
}

// read runs the source once, from the cursor that the warehouse holds.
func (r *Runner) read(ctx context.Context, p *pass) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("source %q: panic: %v\n%s", r.deps.Name, v, debug.Stack())
		}
	}()
	cursor, err := r.deps.Warehouse.Cursor(ctx, r.deps.Name)
	if err != nil {
		return fmt.Errorf("cursor of source %q: %w", r.deps.Name, err)
	}
	if err := r.deps.Source.Run(ctx, cursor, r.emit(p)); err != nil {
		return fmt.Errorf("source %q: %w", r.deps.Name, err)
	}
	return nil
}

// mergeError is what a warehouse says of a batch. It may quote a value of a record.
type mergeError struct{ cause error }

func (e *mergeError) Error() string { return "merge: " + e.cause.Error() }
func (e *mergeError) Unwrap() error { return e.cause }

// emit commits one batch and tells the listeners.
func (r *Runner) emit(p *pass) pipeline.Emit {
	streams := r.deps.Source.Streams()
	return func(ctx context.Context, b pipeline.SourceBatch) error {
		merged, err := r.deps.Warehouse.Merge(ctx, pipeline.Load{
			Source: r.deps.Name, Streams: streams, Records: b.Records, Cursor: b.Cursor,
		})
		if err != nil {
			return &mergeError{err}
		}
		r.totals.Rows.Add(uint64(len(b.Records)))
		r.mu.Lock()
		r.status.Progress.add(b, merged)
		now := r.status.Progress.clone()
		told := slices.Clone(p.listeners)
		r.mu.Unlock()
		for _, l := range told {
			l.tell(now)
		}
		return nil
	}
}
