package metrics

import (
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/measure"
)

// busState is the bus and its writer.
type busState struct {
	bus    *bus.Bus
	writer *bus.Writer
}

var busGroup = newGroup("prickle_bus_", nil,
	gauge("connected", "1 while the NATS server can be reached, else 0.", func(s busState) float64 {
		if s.bus.Connected() {
			return 1
		}
		return 0
	}),
	gauge("processes", "Processes that share the work; missing with an embedded server.", func(s busState) float64 {
		share, ok := s.bus.Share()
		return known(float64(share.Processes), ok)
	}),
	gauge("lanes_owned", "Lanes of pipelines and destinations that are this process's to work; missing with an embedded server.", func(s busState) float64 {
		share, ok := s.bus.Share()
		return known(float64(share.Lanes), ok)
	}),
	gauge("lanes", "Lanes of pipelines and destinations that all processes work; missing with an embedded server.", func(s busState) float64 {
		share, ok := s.bus.Share()
		return known(float64(share.Of), ok)
	}),
	gauge("disk_free_bytes", "Free space under the embedded server.", func(s busState) float64 {
		free, _, ok := s.bus.Disk()
		return known(float64(free), ok)
	}),
	gauge("disk_reserve_bytes", "Free space below which new events are refused.", func(s busState) float64 {
		_, reserve, ok := s.bus.Disk()
		return known(float64(reserve), ok)
	}),
	gauge("writer_pending_bytes", "Bytes of captured events that wait to be stored.", func(s busState) float64 {
		bytes, _ := s.writer.Pending()
		return float64(bytes)
	}),
	gauge("writer_limit_bytes", "Bytes of captured events that may wait; beyond it, requests are answered with 503.", func(s busState) float64 {
		_, limit := s.writer.Pending()
		return float64(limit)
	}),
)

// streamState is one stream. What the server says of it is missing when it could not be asked.
type streamState struct {
	stats  *bus.StreamStats
	status *bus.StreamStatus
	now    time.Time
}

var streamGroup = newGroup("prickle_bus_", []string{"stream"},
	counter("frames_published_total", "Frames stored; a dead letter counts as a frame of one event.", func(s streamState) float64 {
		return float64(s.stats.Frames.Load())
	}),
	counter("events_published_total", "Events in the frames stored, retries and repeats included.", func(s streamState) float64 {
		return float64(s.stats.Events.Load())
	}),
	counters("publish_failures_total", "reason", "Attempts to store frames that failed.", func(s streamState) map[string]uint64 { return s.stats.Failures() }),
	histogram("publish_duration_seconds", "Time until the frames of one call were acknowledged.", func(s streamState) *measure.Histogram { return s.stats.Duration }),
	histogram("frame_events", "Events in a frame stored.", func(s streamState) *measure.Histogram { return s.stats.FrameEvents }),
	histogram("frame_bytes", "Bytes of a frame stored.", func(s streamState) *measure.Histogram { return s.stats.FrameBytes }),
	gauge("stream_messages", "Frames in the stream.", func(s streamState) float64 {
		return s.told(func(st *bus.StreamStatus) float64 { return float64(st.Messages) })
	}),
	gauge("stream_bytes", "Bytes of the stream.", func(s streamState) float64 {
		return s.told(func(st *bus.StreamStatus) float64 { return float64(st.Bytes) })
	}),
	gauge("stream_limit_bytes", "Bytes that the stream may have (bus.max_bytes); missing when there is no limit.", func(s streamState) float64 {
		return s.told(func(st *bus.StreamStatus) float64 { return known(float64(st.MaxBytes), st.MaxBytes > 0) })
	}),
	gauge("stream_oldest_age_seconds", "Age of the oldest frame in the stream, 0 when it is empty.", func(s streamState) float64 {
		return s.told(func(st *bus.StreamStatus) float64 {
			if st.Messages == 0 {
				return 0
			}
			return age(s.now, st.First)
		})
	}),
)

func (s streamState) told(read func(*bus.StreamStatus) float64) float64 {
	if s.status == nil {
		return unknown
	}
	return read(s.status)
}

func known(v float64, ok bool) float64 {
	if !ok {
		return unknown
	}
	return v
}

// age is the seconds since t, 0 for no time.
func age(now, t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(now.Sub(t), 0).Seconds()
}
