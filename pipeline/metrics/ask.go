package metrics

import (
	"context"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// queue is what waits for a pipeline or a destination, in frames, over all lanes.
type queue struct {
	pending, inFlight, delayed uint64
}

// told reads a queue; that of a bus that did not answer is nil.
func (q *queue) told(read func(*queue) float64) float64 {
	if q == nil {
		return unknown
	}
	return read(q)
}

// answers are what the bus says for one scrape. All of it is empty when it did not answer.
type answers struct {
	now     time.Time
	known   bool
	streams map[string]*bus.StreamStatus
	queues  map[[2]string]*queue
	oldest  map[[2]string]time.Time // of destinations
	dead    []bus.DeadStatus
}

func ask(ctx context.Context, s *Stages) answers {
	a := answers{now: time.Now(), streams: map[string]*bus.StreamStatus{}, queues: map[[2]string]*queue{}, oldest: map[[2]string]time.Time{}}
	status, err := s.Bus.Status(ctx)
	if err != nil {
		return a // what cannot be told is left out, and prickle_bus_connected says why
	}
	a.known, a.dead = true, status.Dead
	for i := range status.Streams {
		a.streams[status.Streams[i].Name] = &status.Streams[i]
	}
	for _, c := range status.Consumers {
		place := [2]string{c.Pipeline, c.Destination}
		if a.queues[place] == nil {
			a.queues[place] = &queue{}
		}
		q := a.queues[place]
		q.pending += c.Pending
		q.inFlight += uint64(c.InFlight)
		q.delayed += uint64(c.Delayed)
	}
	for _, stage := range s.Deliveries {
		place := [2]string{stage.Target().Pipeline, stage.Target().Name}
		if q := a.queues[place]; q == nil || q.pending+q.inFlight+q.delayed == 0 {
			a.oldest[place] = time.Time{}
			continue
		}
		if oldest, err := s.Bus.OldestDelivery(ctx, place[0], place[1]); err == nil {
			a.oldest[place] = oldest
		}
	}
	return a
}

// queue returns what waits for a pipeline (destination is "") or a destination, nil when that is not known.
func (a *answers) queue(pipeline, destination string) *queue {
	if q := a.queues[[2]string{pipeline, destination}]; q != nil || !a.known {
		return q
	}
	return &queue{}
}

var (
	deadGroup = newGroup("prickle_", []string{"stage", "pipeline", "destination"},
		gauge("dead_letters", "Dead letters kept, by the stage that gave up; without a destination when a transform failed.", func(d bus.DeadStatus) float64 { return float64(d.Letters) }))
	replayedGroup = newGroup("prickle_", []string{"stage", "pipeline", "destination"},
		counter("dead_letters_replayed_total", "Dead letters sent again, by the stage that had given up; without a destination through the whole pipeline.", func(n int64) float64 { return float64(n) }))
)
