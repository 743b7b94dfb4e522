package bus

import (
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// decodedBytes bounds the lines of frames that are kept decoded.
const decodedBytes = 24 << 20

// decoded keeps the frames of EVENTS that were decoded last, for the other pipelines that read them: they mostly do so at about the same time.
// It keeps nothing while there is only one. Its zero value is ready.
type decoded struct {
	mu        sync.Mutex
	pipelines map[string]int // those that read, and in how many lanes
	frames    map[uint64]*decodedFrame
	order     []uint64
	bytes     int
}

// decodedFrame is decoded by whoever comes first.
type decodedFrame struct {
	once   sync.Once
	frame  Frame
	size   int
	stored time.Time // a log that was begun anew has the same sequences again
}

// enter and leave say that a pipeline reads a lane.
func (d *decoded) enter(pipeline string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pipelines == nil {
		d.pipelines, d.frames = map[string]int{}, map[uint64]*decodedFrame{}
	}
	d.pipelines[pipeline]++
}

func (d *decoded) leave(pipeline string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pipelines[pipeline]--; d.pipelines[pipeline] == 0 {
		delete(d.pipelines, pipeline)
	}
	if len(d.pipelines) < 2 {
		clear(d.frames)
		d.order, d.bytes = nil, 0
	}
}

// frame decodes a frame of EVENTS, or returns what another pipeline has decoded. Its events must not be changed.
func (d *decoded) frame(sequence uint64, stored time.Time, header nats.Header, data []byte) Frame {
	kept := d.find(sequence, stored, header, data)
	if kept == nil || !kept.stored.Equal(stored) {
		return frameOf(header, data)
	}
	kept.once.Do(func() { kept.frame = frameOf(header, data) })
	return kept.frame
}

// find returns what is kept of a frame, or begins to keep it, and drops the oldest ones for it.
func (d *decoded) find(sequence uint64, stored time.Time, header nats.Header, data []byte) *decodedFrame {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.pipelines) < 2 {
		return nil
	}
	if kept := d.frames[sequence]; kept != nil {
		return kept
	}
	kept := &decodedFrame{size: unpackedSize(header, data), stored: stored}
	d.frames[sequence] = kept
	d.order = append(d.order, sequence)
	d.bytes += kept.size
	for d.bytes > decodedBytes && len(d.order) > 1 {
		oldest := d.order[0]
		d.order = d.order[1:]
		d.bytes -= d.frames[oldest].size
		delete(d.frames, oldest)
	}
	return kept
}
