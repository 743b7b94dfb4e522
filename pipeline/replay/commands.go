package replay

import (
	"context"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// beginLater is when a replay may begin after the oldest event that is left. By the time that a user has read it, more are gone.
const beginLater = 5 * time.Minute

// prepare checks a request and finds its part of the log.
func (r *Runner) prepare(ctx context.Context, q Request) (*Job, error) {
	now := r.store.now()
	if q.Since.After(now) {
		return nil, fmt.Errorf("since %s is in the future", stamp(q.Since))
	}
	if q.Until.After(now) {
		q.Until = now // what is captured from now on gets there anyhow
	}
	q.Since, q.Until = q.Since.UTC(), q.Until.UTC()
	if err := q.Validate(); err != nil {
		return nil, err
	}
	if _, _, err := r.resolve(&q); err != nil {
		return nil, err
	}
	part, err := r.deps.Log.LogRange(ctx, q.Since, q.Until)
	switch {
	case err != nil:
		return nil, err
	case part.Oldest.IsZero():
		return nil, fmt.Errorf("the event log is empty: bus.retain is how long it keeps events")
	case part.Cut && q.Since.Before(part.Oldest):
		return nil, fmt.Errorf("the event log has no events from before %s any more, and since is %s: begin at %s or later; bus.retain is how long it keeps events",
			part.Oldest.UTC().Format(time.RFC3339Nano), stamp(q.Since), stamp(part.Oldest.Add(beginLater)))
	case q.Until.Before(part.Oldest.Add(-time.Minute)):
		return nil, fmt.Errorf("the event log has events from %s on, and until is %s", stamp(part.Oldest), stamp(q.Until))
	}
	return &Job{
		Request: q, State: Running, First: part.From, Last: part.To, Position: Position{Frame: part.From}, Created: now.UTC(),
	}, nil
}

// Start stores a new job, and returns it. It begins at once, in the process that holds the lease.
func (r *Runner) Start(ctx context.Context, q Request) (*Job, error) {
	j, err := r.prepare(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := r.store.add(ctx, j); err != nil {
		return nil, err
	}
	r.look()
	return j, nil
}

func (r *Runner) look() {
	select {
	case r.nudge <- struct{}{}:
	default:
	}
}

// Try counts what Start would send, and tells progress how far it is.
func (r *Runner) Try(ctx context.Context, q Request, progress func(*Job)) (*Job, error) {
	j, err := r.prepare(ctx, q)
	if err != nil {
		return nil, err
	}
	p, err := r.pass(j, true)
	if err != nil {
		return nil, err
	}
	p.save = func(context.Context) error {
		progress(j)
		return nil
	}
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	j.State = Done
	return j, nil
}

// List returns all jobs that are remembered, the oldest first.
func (r *Runner) List(ctx context.Context) ([]*Job, error) { return r.store.list(ctx) }

// Get returns one job.
func (r *Runner) Get(ctx context.Context, id int) (*Job, error) {
	j, _, err := r.store.get(ctx, id)
	return j, err
}

// Resume makes a job that was cancelled or has failed go on where it was. One that runs is left alone.
func (r *Runner) Resume(ctx context.Context, id int) (*Job, error) {
	j, err := r.store.change(ctx, id, func(j *Job) error {
		if j.State == Done {
			return fmt.Errorf("replay %d is done: start another one to send the events again", id)
		}
		if _, _, err := r.resolve(&j.Request); err != nil {
			return fmt.Errorf("replay %d: %w", id, err)
		}
		j.State, j.Error = Running, ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := r.store.tell(ctx); err != nil {
		return nil, err
	}
	r.look()
	return j, nil
}

// Cancel ends a job. What it has sent stays sent.
func (r *Runner) Cancel(ctx context.Context, id int) (*Job, error) {
	return r.store.change(ctx, id, func(j *Job) error {
		if j.State != Running {
			return fmt.Errorf("replay %d is %s: there is nothing to cancel", id, j.State)
		}
		j.State, j.Waiting = Cancelled, ""
		return nil
	})
}

// followEvery is how often Follow looks at a job.
const followEvery = 200 * time.Millisecond

// Follow tells progress how far a job is, until it has ended, and returns it then.
func (r *Runner) Follow(ctx context.Context, id int, progress func(*Job)) (*Job, error) {
	var seen time.Time
	for {
		j, err := r.Get(ctx, id)
		switch {
		case err != nil:
			return nil, err
		case j.State != Running:
			return j, nil
		case !j.Updated.Equal(seen):
			seen = j.Updated
			progress(j)
		}
		if !bus.Pause(ctx, followEvery) {
			return nil, ctx.Err()
		}
	}
}
