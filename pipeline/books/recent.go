package books

import "github.com/prickle-dev/prickle/pipeline/bus"

// laneOf is one lane of a destination.
type laneOf struct {
	pipeline, destination string
	lane                  int
}

// remembered is how many frames of a lane are remembered. A frame comes again when its acknowledgement was lost with the process or the
// connection, or that of the frame that it was made of. Nobody works the lane until then, so it was among the last: the batches in hand, and what
// the server had not written down.
const remembered = 2048

// recent are the frames of a lane that were tried last, with what is done of each. Its order is that of their first records.
type recent struct {
	frames map[uint64]*frame
	keys   map[uint64]*frame // by bus.FrameRecord.Key
	order  []sequenceAndKey
}

type sequenceAndKey struct{ sequence, key uint64 }

// frame is what is known of a frame's events: no more than events of them can be done.
type frame struct {
	events    int64
	delivered int64
	dead      map[string]int64
}

// enter takes a frame's record in, and returns what of its events is newly done.
func (r *recent) enter(f *bus.FrameRecord) (delivered int64, dead map[string]int64) {
	known := r.frames[f.Sequence]
	if known == nil {
		if known = r.keys[f.Key]; known == nil || f.Key == 0 {
			known = &frame{events: int64(f.Events)}
			r.succeed(known, f.After)
		}
		r.add(sequenceAndKey{f.Sequence, f.Key}, known)
	}
	for class, n := range f.Dead {
		more := min(int64(n)-known.dead[class], known.left())
		if more <= 0 {
			continue
		}
		if dead == nil {
			dead = map[string]int64{}
		}
		if known.dead == nil {
			known.dead = map[string]int64{}
		}
		known.dead[class] += more
		dead[class] = more
	}
	delivered = max(min(int64(f.Delivered)-known.delivered, known.left()), 0)
	known.delivered += delivered
	return delivered, dead
}

// succeed hands a frame what was left of the one that it follows. That one may come again after a crash between the two: what is done of it
// then is not counted twice.
func (r *recent) succeed(f *frame, after uint64) {
	if before := r.frames[after]; before != nil {
		f.events = min(f.events, before.left())
		before.events -= f.events
	}
}

func (f *frame) left() int64 { return f.events - f.delivered - sum(f.dead) }

func (r *recent) add(id sequenceAndKey, f *frame) {
	r.frames[id.sequence] = f
	if id.key != 0 {
		r.keys[id.key] = f
	}
	r.order = append(r.order, id)
	if len(r.order) > remembered {
		delete(r.frames, r.order[0].sequence)
		delete(r.keys, r.order[0].key)
		r.order = r.order[1:]
	}
}
