package process

import (
	"hash/fnv"
	"strconv"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// outbox collects what frames became: events for each destination and lane. Its slices are reused.
type outbox struct {
	topic    func(pipeline, destination string, lane int) string
	pipeline Pipeline
	lanes    int
	frame    string             // the id of the frames
	events   [][]pipeline.Event // by route and lane
}

func (o *outbox) reset(p Pipeline, lanes int, frame string) {
	o.pipeline, o.lanes, o.frame = p, lanes, frame
	if o.events == nil {
		o.events = make([][]pipeline.Event, len(p.Routes)*lanes)
	}
	for i := range o.events {
		o.events[i] = o.events[i][:0]
	}
}

// add puts e up for a route, in the lane of whoever it concerns: a transform may have changed that.
func (o *outbox) add(route int, e pipeline.Event) {
	i := route*o.lanes + bus.LaneOf(e.DistinctID, o.lanes)
	o.events[i] = append(o.events[i], e)
}

// messages yields the frames to publish by topic, cut to the size that the destination wants.
func (o *outbox) messages() func(yield func(topic string, messages []*message.Message) bool) {
	return func(yield func(string, []*message.Message) bool) {
		for i, events := range o.events {
			if len(events) == 0 {
				continue
			}
			route, lane := &o.pipeline.Routes[i/o.lanes], i%o.lanes
			topic := o.topic(o.pipeline.Name, route.Destination, lane)
			var messages []*message.Message
			for part := range bus.Split(events, route.Frame) {
				m := bus.NewMessage(o.id(topic, len(messages), part), part)
				bus.SetOrigin(m, o.frame)
				messages = append(messages, m)
			}
			if !yield(topic, messages) {
				return
			}
		}
	}
}

// id is the idempotency key of a frame: where it came from, where it goes, its number among those, and which events it holds. The events
// belong in it because the configuration may change between a crash and the repeat: a frame with other events must not be taken for one that
// is stored already. The number does because two events may come with one UUID, in frames of one event each.
func (o *outbox) id(topic string, number int, events []pipeline.Event) string {
	h := fnv.New64a()
	for i := range events {
		_, _ = h.Write([]byte(events[i].UUID)) // a hash takes every write
	}
	return o.frame + "/" + topic + "/" + strconv.Itoa(number) + "/" + strconv.FormatUint(h.Sum64(), 36)
}
