package metrics

import (
	"time"

	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/measure"
)

// destinationState is the second stage for one destination.
type destinationState struct {
	stage  *deliver.Stage
	queue  *queue
	oldest time.Time
	asked  bool // whether oldest is known
	now    time.Time
}

var deliverGroup = newGroup("prickle_deliver_", []string{"pipeline", "destination"},
	counter("events_delivered_total", "Events that the destination has taken.", func(s destinationState) float64 { return float64(s.stage.Counts().Delivered.Load()) }),
	counter("events_retried_total", "Attempts that failed and are made again, one for each event.", func(s destinationState) float64 {
		return float64(s.stage.Counts().Retried.Load())
	}),
	counters("events_dead_total", "reason", "Events that became dead letters: refused for good, given up after retry.give_up, or unreadable.", func(s destinationState) map[string]int64 {
		c := s.stage.Counts()
		return map[string]int64{"refused": c.Refused.Load(), "given_up": c.GivenUp.Load(), "unreadable": c.Unreadable.Load()}
	}),
	counters("events_again_total", "outcome", "Events sent to the destination once more (dead letters, and events of the log), which the others do not count: delivered, dead.", func(s destinationState) map[string]int64 {
		c := s.stage.Replayed()
		return map[string]int64{"delivered": c.Delivered.Load(), "dead": c.Dead.Load()}
	}),
	counters("sends_total", "outcome", "Calls to the destination: delivered, partial (some events failed), failed (to be tried again), rate_limited (not before a time), refused (for good), panic, cancelled (by a stop).",
		func(s destinationState) map[string]int64 { return s.stage.Counts().Sends() }),
	histogram("send_duration_seconds", "Time of one call to the destination, whatever its outcome.", func(s destinationState) *measure.Histogram { return s.stage.Counts().Send }),
	histogram("batch_events", "Events in a batch.", func(s destinationState) *measure.Histogram { return s.stage.Counts().BatchEvents }),
	histogram("batch_bytes", "Bytes of a batch.", func(s destinationState) *measure.Histogram { return s.stage.Counts().BatchBytes }),
	histogram("event_age_seconds", "Time from capture to delivery. The age of a frame's first event stands for all of the frame.", func(s destinationState) *measure.Histogram {
		return s.stage.Counts().Age
	}),
	gauge("pending_frames", "Frames that wait to be sent.", func(s destinationState) float64 {
		return s.queue.told(func(q *queue) float64 { return float64(q.pending) })
	}),
	gauge("in_flight_frames", "Frames being sent.", func(s destinationState) float64 {
		return s.queue.told(func(q *queue) float64 { return float64(q.inFlight) })
	}),
	gauge("delayed_frames", "Frames that wait for another try.", func(s destinationState) float64 {
		return s.queue.told(func(q *queue) float64 { return float64(q.delayed) })
	}),
	gauge("oldest_age_seconds", "Time since the first frame in the queue was put up for delivery, 0 when there is none.", func(s destinationState) float64 {
		return known(age(s.now, s.oldest), s.asked)
	}),
	gauge("paused_seconds", "Time for which nothing is sent because the destination named a rate limit, 0 when it sends.", func(s destinationState) float64 {
		return s.stage.Paused().Seconds()
	}),
	// A circuit breaker's state belongs here: a gauge "breaker_open".
)
