package process

import (
	"hash"
	"hash/fnv"
	"strconv"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// outbox collects what frames became: frames for each destination and lane. Events are written into them at once, so that nothing of what they were
// made of stays in memory.
type outbox struct {
	topic    func(pipeline, destination string, lane int) string
	pipeline Pipeline
	lanes    int
	frame    string  // the id of the frames
	shelves  []shelf // by route and lane
}

// shelf is what is for one lane of a destination.
type shelf struct {
	topic string
	done  []*message.Message
	draft *drafted // the frame that the next event may go into; nil for none
}

// drafted is a frame in the making.
type drafted struct {
	bus.Builder
	events hash.Hash64 // of their UUIDs
}

// drafts holds the memory of frames for the next ones, of all lanes.
var drafts = sync.Pool{New: func() any { return &drafted{events: fnv.New64a()} }}

func (o *outbox) reset(p Pipeline, lanes int, frame string) {
	o.pipeline, o.lanes, o.frame = p, lanes, frame
	if o.shelves == nil {
		o.shelves = make([]shelf, len(p.Routes)*lanes)
		for i := range o.shelves {
			o.shelves[i].topic = o.topic(p.Name, p.Routes[i/lanes].Destination, i%lanes)
		}
	}
	o.empty()
}

// empty lets go of what was collected.
func (o *outbox) empty() {
	for i := range o.shelves {
		o.shelves[i].done = nil
		o.shelves[i].clear()
	}
}

// clear takes the draft away.
func (s *shelf) clear() {
	if s.draft != nil {
		s.draft.Reset()
		s.draft.events.Reset()
		drafts.Put(s.draft)
		s.draft = nil
	}
}

// add puts e up for a route, in the lane of whoever it concerns: a transform may have changed that.
func (o *outbox) add(route int, e *pipeline.Event) {
	s := &o.shelves[route*o.lanes+bus.LaneOf(e.DistinctID, o.lanes)]
	if s.draft != nil && !s.draft.Takes(e, o.limit(route)) {
		o.finish(s)
	}
	if s.draft == nil {
		s.draft = drafts.Get().(*drafted)
	}
	s.draft.Add(e)
	_, _ = s.draft.events.Write([]byte(e.UUID)) // a hash takes every write
}

// draftBytes bounds the lines that the drafts of a worker hold together, and leastBytes those of a frame below which they are not made smaller for it.
const draftBytes, leastBytes = 8 << 20, 64 << 10

// limit is that of a route's frames. With many destinations, frames are smaller: each has one in the making.
func (o *outbox) limit(route int) bus.FrameLimit {
	limit := o.pipeline.Routes[route].Frame
	limit.Bytes = min(limit.Bytes, max(draftBytes/len(o.pipeline.Routes), leastBytes))
	return limit
}

// finish makes a shelf's draft a frame.
//
// Its id is the idempotency key: where it came from, where it goes, its number among those, and which events it holds. The events belong in it
// because the configuration may change between a crash and the repeat: a frame with other events must not be taken for one that is stored already.
// The number does because two events may come with one UUID, in frames of one event each.
func (o *outbox) finish(s *shelf) {
	id := o.frame + "/" + s.topic + "/" + strconv.Itoa(len(s.done)) + "/" + strconv.FormatUint(s.draft.events.Sum64(), 36)
	m := s.draft.Message(id)
	bus.SetOrigin(m, o.frame)
	s.done = append(s.done, m)
	s.clear()
}

// messages yields the frames to publish by topic, cut to the size that the destination wants.
func (o *outbox) messages() func(yield func(topic string, messages []*message.Message) bool) {
	return func(yield func(string, []*message.Message) bool) {
		for i := range o.shelves {
			s := &o.shelves[i]
			if s.draft != nil {
				o.finish(s)
			}
			if len(s.done) > 0 && !yield(s.topic, s.done) {
				return
			}
		}
	}
}
