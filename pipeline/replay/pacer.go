package replay

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/process"
)

const (
	// lookEvery is how often a replay looks for what it has to wait for, and how long it waits before it looks again. However fast it is, it looks
	// after lookEvents.
	lookEvery, lookEvents = 100 * time.Millisecond, 4 * stepEvents
	// liveFrames is how many captured frames of each lane may wait before replays stop: those that were just captured are not waiting yet.
	liveFrames = 2
	// longTurn is a wait for the rate that is worth noting.
	longTurn = time.Second
)

// pacer lets a replay send its next step.
type pacer struct {
	log      Log
	replayer *process.Replayer
	pipeline string
	live     func() []string // pipelines whose captured frames go first
	limit    *rate.Limiter
	looked   time.Time
	since    int // events sent since
	dry      bool
}

// wait returns when the next n events may be sent. It tells noted again and again what it waits for, and "" at the end; an error of noted ends
// the waiting.
func (p *pacer) wait(ctx context.Context, n int, noted func(string) error) error {
	for time.Since(p.looked) >= lookEvery || p.since >= lookEvents {
		why, err := p.obstacle(ctx)
		if err != nil {
			why = "the bus: " + err.Error()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := noted(why); err != nil {
			return err
		}
		if why == "" {
			p.looked, p.since = time.Now(), 0
			break
		}
		if !bus.Pause(ctx, lookEvery) {
			return ctx.Err()
		}
	}
	p.since += n
	if p.limit == nil {
		return nil
	}
	return p.slow(ctx, n, noted)
}

// slow waits for as long as the rate wants. A long wait is noted like any other, or a replay that is cancelled meanwhile would send one step more.
func (p *pacer) slow(ctx context.Context, n int, noted func(string) error) error {
	turn := p.limit.ReserveN(time.Now(), n)
	long := turn.Delay() > longTurn
	for left := turn.Delay(); left > 0; left = turn.Delay() {
		if long {
			if err := noted(fmt.Sprintf("at most %v events are sent a second", float64(p.limit.Limit()))); err != nil {
				return err
			}
		}
		if !bus.Pause(ctx, min(left, longTurn)) {
			return ctx.Err()
		}
	}
	if long {
		return noted("")
	}
	return nil
}

// obstacle is what a replay has to wait for, or "".
func (p *pacer) obstacle(ctx context.Context) (string, error) {
	live, err := p.log.LiveBacklog(ctx)
	if err != nil {
		return "", err
	}
	for _, name := range p.live() {
		if live[name] > uint64(liveFrames*p.log.Lanes()) {
			return fmt.Sprintf("%d captured frames wait for pipeline %q, and go first", live[name], name), nil
		}
	}
	if p.dry {
		return "", nil
	}
	backlog, err := p.log.ReplayBacklog(ctx, p.pipeline)
	if err != nil {
		return "", err
	}
	if name := p.replayer.Full(backlog); name != "" {
		return fmt.Sprintf("destination %q has %d frames to deliver", name, backlog[bus.Target{Pipeline: p.pipeline, Destination: name}]), nil
	}
	return "", nil
}
