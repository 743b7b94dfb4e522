package metrics

import (
	"time"

	"github.com/prickle-dev/prickle/pipeline/measure"
	"github.com/prickle-dev/prickle/pipeline/process"
	"github.com/prickle-dev/prickle/pipeline/schema"
)

// pipelineState is the first stage of a pipeline.
type pipelineState struct {
	stage  *process.Stage
	queue  *queue
	oldest time.Time
	now    time.Time
}

// tooBig stands among the components for the limit of the bus.
const tooBig = "size limit"

// removed stands for the transforms or destinations that a reload has removed; no name has parentheses.
const removed = "(removed)"

var processGroup = newGroup("prickle_process_", []string{"pipeline"},
	counter("events_in_total", "Captured events read.", func(s pipelineState) float64 { return float64(s.stage.Counts().In.Load()) }),
	counter("events_passed_total", "Captured events of which at least one came through the transforms.", func(s pipelineState) float64 {
		return float64(s.stage.Counts().Passed.Load())
	}),
	counters("events_dropped_total", "transform", "Captured events of which nothing was left, by the transform that dropped the last of it, or "+process.Repeated+" for those that had been captured before, "+process.Erased+" for those whose person was erased since.", func(s pipelineState) map[string]int64 {
		dropped := s.steps(func(c *process.OutcomeCounts) int64 { return c.Dropped.Load() })
		dropped[process.Repeated] = s.stage.Counts().Repeated.Load()
		dropped[process.Erased] = s.stage.Counts().Erased.Load()
		return dropped
	}),
	counters("events_dead_total", "component", `Captured events that became dead letters, by the transform that failed, or "`+tooBig+`".`, func(s pipelineState) map[string]int64 {
		dead := s.steps(func(c *process.OutcomeCounts) int64 { return c.Dead.Load() })
		dead[tooBig] = s.stage.Counts().TooBig.Load()
		return dead
	}),
	counters("events_again_total", "outcome", "Events sent through the pipeline once more (dead letters, and events of the log), which the others do not count: passed, dropped, dead.", func(s pipelineState) map[string]int64 {
		c := s.stage.Replayed()
		return map[string]int64{"passed": c.Passed.Load(), "dropped": c.Dropped.Load(), "dead": c.Dead.Load()}
	}),
	counter("events_out_total", "Events that came out of the transforms, which may make several of one.", func(s pipelineState) float64 {
		return float64(s.stage.Counts().Out.Load())
	}),
	counters("copies_total", "destination", "Events handed to each destination.", func(s pipelineState) map[string]int64 {
		return s.routes(func(c *process.RouteCounts) int64 { return c.Copies.Load() })
	}),
	counters("condition_failures_total", "destination", "Events that became dead letters because a destination's condition failed.", func(s pipelineState) map[string]int64 {
		return s.routes(func(c *process.RouteCounts) int64 { return c.Dead.Load() })
	}),
	counters("transform_errors_total", "transform", "Failures of each transform, whatever its on_error made of them.", func(s pipelineState) map[string]int64 {
		failed := map[string]int64{}
		for _, step := range s.stage.Pipeline().Chain {
			failed[step.Name] = step.Counts.Failed.Load()
		}
		return failed
	}),
	counters("contract_violations_total", "action", "Events that violated their contract, by what became of them: warn, quarantine, reject. What is worked again counts again.", func(s pipelineState) map[string]int64 {
		chain, violations := s.stage.Pipeline().Chain, map[string]int64{}
		if len(chain) == 0 {
			return violations
		}
		if c, ok := chain[len(chain)-1].Transform.(*schema.Contract); ok {
			for action, n := range c.Counts() {
				violations[string(action)] = n
			}
		}
		return violations
	}),
	counter("unreadable_lines_total", "Lines in the event log that were no events.", func(s pipelineState) float64 { return float64(s.stage.Counts().Unreadable.Load()) }),
	histogram("frame_duration_seconds", "Time from reading a frame, or several that are worked together, until all that was made of them is stored.", func(s pipelineState) *measure.Histogram {
		return s.stage.Counts().Frames
	}),
	gauge("pending_frames", "Frames that the pipeline has not finished.", func(s pipelineState) float64 {
		return s.queue.told(func(q *queue) float64 { return float64(q.pending + q.inFlight) })
	}),
	gauge("oldest_age_seconds", "Age of the oldest frame that the pipeline has not finished in this process, 0 when there is none.", func(s pipelineState) float64 {
		return s.queue.told(func(q *queue) float64 {
			if q.pending+q.inFlight == 0 {
				return 0
			}
			return age(s.now, s.oldest)
		})
	}),
)

func (s pipelineState) steps(read func(*process.OutcomeCounts) int64) map[string]int64 {
	values := map[string]int64{}
	for i, step := range s.stage.Pipeline().Chain {
		values[step.Name] = read(&s.stage.Counts().Steps[i])
	}
	if n := read(&s.stage.Counts().FormerSteps); n > 0 {
		values[removed] = n
	}
	return values
}

func (s pipelineState) routes(read func(*process.RouteCounts) int64) map[string]int64 {
	values := map[string]int64{}
	for i, route := range s.stage.Pipeline().Routes {
		values[route.Destination] = read(&s.stage.Counts().Routes[i])
	}
	if n := read(&s.stage.Counts().FormerRoutes); n > 0 {
		values[removed] = n
	}
	return values
}
