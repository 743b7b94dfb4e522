package metrics

import (
	"strconv"

	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/measure"
)

var captureGroup = newGroup("prickle_capture_", nil,
	counters("requests_total", "code", "Requests answered, by HTTP status.", func(s *capture.Server) map[string]uint64 {
		codes := map[string]uint64{}
		for status, n := range s.Stats().Answers() {
			codes[strconv.Itoa(status)] = n
		}
		return codes
	}),
	counters("requests_refused_total", "reason", "Requests answered with an error, by its code.", func(s *capture.Server) map[string]uint64 {
		return s.Stats().Refused()
	}),
	histogram("request_duration_seconds", "Time from a request's headers to the end of its answer.", func(s *capture.Server) *measure.Histogram {
		return s.Stats().Duration
	}),
	counter("received_bytes_total", "Bytes of bodies, as they were sent.", func(s *capture.Server) float64 { return float64(s.Stats().Bytes.Load()) }),
	gauge("in_flight_requests", "Requests being answered.", func(s *capture.Server) float64 { return float64(s.Stats().InFlight.Load()) }),
	gauge("in_flight_bytes", "Bytes of their bodies.", func(s *capture.Server) float64 { return float64(s.Stats().Held.Load()) }),
	gauge("in_flight_limit_bytes", "Bytes that bodies may have together (capture.limits.in_flight).", func(s *capture.Server) float64 {
		return float64(s.MaxInFlight())
	}),
	counter("events_accepted_total", "Events stored in the event log.", func(s *capture.Server) float64 { return float64(s.Stats().Accepted.Load()) }),
	counter("events_filtered_total", "Events taken and left out on purpose: $performance_event and session recordings.", func(s *capture.Server) float64 {
		return float64(s.Stats().Filtered.Load())
	}),
	counter("events_unacknowledged_total", "Events whose storing failed. Their requests were refused, so SDKs send them again; some may be stored.", func(s *capture.Server) float64 {
		return float64(s.Stats().Unacknowledged.Load())
	}),
	counters("events_limited_total", "limit", "Events of requests refused because their key or webhook was over its rate or its quota. A request that is refused several times counts several times.", func(s *capture.Server) map[string]uint64 {
		return map[string]uint64{"rate": s.Stats().OverRate.Load(), "quota": s.Stats().OverQuota.Load()}
	}),
	counters("events_rejected_total", "reason", "Events found wrong, by the code of what was wrong.", func(s *capture.Server) map[string]uint64 {
		return s.Stats().Rejected()
	}),
)
