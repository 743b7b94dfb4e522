package replay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/process"
)

const (
	// A step is sent when it has so many events or bytes, or was looked for in so many frames.
	stepEvents, stepBytes, stepFrames = 2000, 2 << 20, 500
	// saveEvery is how often the position is written: each time costs a sync.
	saveEvery = 500 * time.Millisecond
	// busPause is the wait after the bus itself failed.
	busPause = time.Second
	// stopGrace is how much longer than its context a step may take. It is less than what is left of a lease that was lost.
	stopGrace = 2 * time.Second
)

// pass reads the log from a job's position to its end.
type pass struct {
	job      *Job
	log      Log
	replayer *process.Replayer
	where    process.Condition // nil is all
	pacer    pacer
	logger   *slog.Logger
	current  func() bool // the pipeline is still the one that the replayer was made for
	// save writes the job down; its error ends the pass.
	save  func(ctx context.Context) error
	saved time.Time

	step   []pipeline.Event
	bytes  int
	frames int      // looked through since the last step
	read   int64    // events of these
	missed uint64   // frames that had left the log
	from   Position // where the step begins
	next   uint64   // the frame that comes next, if the log has it
}

// stepLimit is how many events a step may have. A limited rate wants small ones, or nothing would be sent for a long time, and then much at once.
func (j *Job) stepLimit() int {
	if j.Rate == 0 {
		return stepEvents
	}
	return min(max(int(j.Rate/4), 1), stepEvents)
}

func (p *pass) run(ctx context.Context) error {
	first, err := p.log.FirstInLog(ctx)
	if err != nil {
		return err
	}
	if first > p.job.Position.Frame && p.job.Position.Frame <= p.job.Last {
		gone := min(first, p.job.Last+1) - p.job.Position.Frame
		p.job.Missed += gone
		p.job.Counts.Frames += gone
		p.job.Position = Position{Frame: first}
	}
	p.from, p.next = p.job.Position, p.job.Position.Frame
	if err := p.log.ReadLog(ctx, p.from.Frame, p.job.Last, func(f bus.LogFrame) error { return p.frame(ctx, &f) }); err != nil {
		return err
	}
	if err := p.upTo(ctx, p.job.Last+1); err != nil {
		return err
	}
	return p.flush(ctx, Position{Frame: p.job.Last + 1})
}

// upTo finds out whether frames before the one of a sequence were passed over because they have left the log. Other numbers that are missing
// were never of captured frames: replayed dead letters have numbers of the log, too.
func (p *pass) upTo(ctx context.Context, sequence uint64) error {
	if p.next < sequence {
		first, err := p.log.FirstInLog(ctx)
		if err != nil {
			return err
		}
		if end := min(first, sequence); end > p.next {
			p.missed += end - p.next
		}
	}
	p.next = sequence
	return nil
}

func (p *pass) frame(ctx context.Context, f *bus.LogFrame) error {
	if err := p.upTo(ctx, f.Sequence); err != nil {
		return err
	}
	p.next++
	begin := 0
	if f.Sequence == p.from.Frame {
		begin = p.from.Event
	}
	for i := begin; i < len(f.Events); i++ {
		p.read++
		if !p.wanted(&f.Events[i]) {
			continue
		}
		p.step = append(p.step, f.Events[i])
		p.bytes += f.Events[i].Size()
		if len(p.step) < p.job.stepLimit() && p.bytes < stepBytes {
			continue
		}
		if err := p.flush(ctx, Position{Frame: f.Sequence, Event: i + 1}); err != nil {
			return err
		}
	}
	p.job.Counts.Frames = f.Sequence - p.job.First + 1
	if p.frames++; p.frames < stepFrames {
		return nil
	}
	return p.flush(ctx, Position{Frame: f.Sequence + 1})
}

// wanted says whether an event is in the time and by the condition. One that the condition cannot be told of is not what the user looks for.
func (p *pass) wanted(e *pipeline.Event) bool {
	if e.ReceivedAt.Before(p.job.Since) || !e.ReceivedAt.Before(p.job.Until) {
		return false
	}
	if p.where == nil {
		return true
	}
	ok, err := p.where.Match(e)
	return ok && err == nil
}

// flush sends the step that has been gathered, and makes next the job's position.
func (p *pass) flush(ctx context.Context, next Position) error {
	if len(p.step) > 0 {
		if err := p.send(ctx); err != nil {
			return err
		}
	}
	p.job.Counts.Read += p.read
	p.job.Missed += p.missed
	p.job.Position, p.from = next, next
	clear(p.step)
	p.step, p.bytes, p.frames, p.read, p.missed = p.step[:0], 0, 0, 0, 0
	if time.Since(p.saved) < saveEvery {
		return nil
	}
	return p.write(ctx)
}

// write writes the job down. While the bus cannot store it, the pass goes on, and writes later.
func (p *pass) write(ctx context.Context) error {
	p.saved = time.Now()
	err := p.save(ctx)
	if errors.Is(err, bus.ErrUnavailable) && ctx.Err() == nil {
		p.logger.Debug("noting how far a replay is", "error", err)
		return nil
	}
	return err
}

// lingering is a context that ends a little after ctx: a stop waits for the step in hand, which the next process would have to send again
// otherwise.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(stopGrace, cancel) })
	return work, func() {
		stop()
		cancel()
	}
}

// send takes the step through the pipeline, and tries again for as long as the bus cannot store what becomes of it.
func (p *pass) send(ctx context.Context) error {
	if err := p.pacer.wait(ctx, len(p.step), func(why string) error { return p.waits(ctx, why) }); err != nil {
		return err
	}
	id := fmt.Sprintf("replay-%d/%d.%d", p.job.ID, p.from.Frame, p.from.Event)
	work, cancel := lingering(ctx)
	defer cancel()
	for {
		if !p.current() {
			return process.ErrReplaced
		}
		n, err := p.replayer.Send(work, id, p.step)
		switch {
		case errors.Is(err, process.ErrReplaced):
			return err
		case err == nil:
			c := &p.job.Counts
			c.Sent, c.Passed, c.Dropped, c.Dead, c.Copies = c.Sent+n.In, c.Passed+n.Passed, c.Dropped+n.Dropped, c.Dead+n.Dead, c.Copies+n.Copies
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		p.logger.Warn("replay cannot go on for now", "replay", p.job.ID, "error", err)
		if err := p.waits(ctx, "the bus: "+err.Error()); err != nil {
			return err
		}
		if !bus.Pause(ctx, busPause) {
			return ctx.Err()
		}
	}
}

// waits notes what the job waits for, for those who watch it, and finds out whether it is still to go on.
func (p *pass) waits(ctx context.Context, why string) error {
	if p.job.Waiting == why && (why == "" || time.Since(p.saved) < saveEvery) {
		return nil
	}
	p.job.Waiting = why
	return p.write(ctx)
}
