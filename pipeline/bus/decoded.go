package bus

import (
	"container/list"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/prickle-dev/prickle/pipeline"
)

// decodedBytes bounds the lines of frames that are kept decoded. It is more than the takes of all lanes hold together: pipelines that keep up with each
// other are within one take of each other.
const decodedBytes = 48 << 20

// decoded keeps the frames of EVENTS that were decoded last, each until all pipelines have read it: they mostly do so at about the same time.
// It keeps nothing while there is only one. Its zero value is ready.
type decoded struct {
	mu        sync.Mutex
	pipelines map[string]int // those that read, and in how many lanes
	frames    map[uint64]*decodedFrame
	order     list.List // of sequences, the oldest first
	bytes     int
}

// decodedFrame is decoded by whoever comes first.
type decodedFrame struct {
	once   sync.Once
	frame  Frame
	size   int
	stored time.Time // a log that was begun anew has the same sequences again
	left   int       // how often it will be read yet
	at     *list.Element
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
		d.order.Init()
		d.bytes = 0
	}
}

// frame decodes a frame of EVENTS, in room if it is enough, or returns what another pipeline has decoded. Its events must not be changed.
func (d *decoded) frame(room []pipeline.Event, sequence uint64, stored time.Time, header nats.Header, data []byte) Frame {
	kept := d.find(sequence, stored, header, data)
	if kept == nil || !kept.stored.Equal(stored) {
		return frameIn(room, header, data)
	}
	kept.once.Do(func() {
		kept.frame = frameOf(header, data)
		kept.frame.shared = true
	})
	return kept.frame
}

// find returns what is kept of a frame, or begins to keep it, and drops the oldest ones for it. What the last pipeline has asked for is not kept any
// longer; one that works it again decodes it again.
func (d *decoded) find(sequence uint64, stored time.Time, header nats.Header, data []byte) *decodedFrame {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.pipelines) < 2 {
		return nil
	}
	kept := d.frames[sequence]
	if kept == nil {
		kept = &decodedFrame{size: unpackedSize(header, data), stored: stored, left: len(d.pipelines), at: d.order.PushBack(sequence)}
		d.frames[sequence] = kept
		d.bytes += kept.size
		for d.bytes > decodedBytes && len(d.frames) > 1 {
			d.drop(d.order.Front().Value.(uint64))
		}
	}
	if kept.left--; kept.left == 0 {
		d.drop(sequence)
	}
	return kept
}

func (d *decoded) drop(sequence uint64) {
	kept := d.frames[sequence]
	d.order.Remove(kept.at)
	d.bytes -= kept.size
	delete(d.frames, sequence)
}
