package bus

import (
	"bytes"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/prickle-dev/prickle/pipeline"
)

// Header names of a frame. Times are in pipeline.TimeFormat.
const (
	headerCount    = "Prickle-Count"    // number of events
	headerFirst    = "Prickle-First"    // earliest Timestamp among them
	headerLast     = "Prickle-Last"     // latest Timestamp among them
	headerAttempts = "Prickle-Attempts" // how often the events of a retried frame have been tried before
	headerFirstAt  = "Prickle-First-At" // when they were first put up for delivery
)

// headerOrigin is the id of the frames of captured events that a frame was made of, and headerAfter the sequence of the frame that it follows.
const (
	headerOrigin = "Prickle-Origin"
	headerAfter  = "Prickle-After"
)

// SetOrigin notes on a message for Publisher which frames it was made of.
func SetOrigin(m *message.Message, frames string) { m.Metadata.Set(headerOrigin, frames) }

// Frame is one message of the bus, decoded: events of one lane in their order.
type Frame struct {
	// Lane is the lane that the frame came by.
	Lane int
	// Events are the events that could be decoded. They alias the message's payload.
	Events []pipeline.Event
	// Bad lists the lines that could not be decoded. It is empty unless something other than Prickle wrote to the stream, or a stored
	// message was damaged.
	Bad []BadLine

	summary *summary // shared by all copies of the frame; nil makes it for each who asks
	shared  bool     // other pipelines read its events
}

// Room lets go of the events and returns the memory that they were in, for FrameIn. Whoever calls it uses neither the events nor pointers to them any
// more; texts that were taken out of them stay. It is nil for a frame that others read.
func (f *Frame) Room() []pipeline.Event {
	if f.shared {
		return nil
	}
	room := f.Events
	f.Events = nil
	clear(room)
	return room[:0]
}

// BadLine is a line of a frame that is not an event.
type BadLine struct {
	Index int    // of the line in the frame, from 0
	Line  []byte // aliases the payload
	Err   error
}

// FrameLimit bounds one frame. A frame holds at least one event whatever its size.
type FrameLimit struct {
	Events int // at most this many events
	Bytes  int // at most about this many bytes of event lines
}

// AppendFrame appends the payload of a frame: each event's line and a line break. Events untouched since they were parsed are copied.
func AppendFrame(dst []byte, events []pipeline.Event) []byte {
	for i := range events {
		dst = append(events[i].AppendJSON(dst), '\n')
	}
	return dst
}

// ParseFrame decodes a payload without copying: the events alias it, so it must not be changed. Lines that are not events are listed in
// Bad and do not affect the others. Lane is left 0. countHint, when known, sizes the result.
func ParseFrame(payload []byte, countHint int) Frame { return parseFrame(nil, payload, countHint) }

// parseFrame is ParseFrame with room for the events, which is used when it is enough.
func parseFrame(room []pipeline.Event, payload []byte, countHint int) Frame {
	if countHint <= 0 || countHint > len(payload) {
		countHint = bytes.Count(payload, newline) + 1
	}
	if cap(room) < countHint {
		room = make([]pipeline.Event, 0, countHint)
	}
	f := Frame{Events: room[:0], summary: new(summary)}
	for index := 0; len(payload) > 0; index++ {
		line, rest, _ := bytes.Cut(payload, newline)
		payload = rest
		if len(line) == 0 {
			continue
		}
		event, err := pipeline.ParseEvent(line)
		if err != nil {
			f.Bad = append(f.Bad, BadLine{Index: index, Line: line, Err: err})
			continue
		}
		f.Events = append(f.Events, event)
	}
	return f
}

var newline = []byte{'\n'}

// NewMessage makes a frame of events for Publisher, as Builder does.
func NewMessage(id string, events []pipeline.Event) *message.Message {
	var b Builder
	for i := range events {
		b.Add(&events[i])
	}
	return b.Message(id)
}

func span(events []pipeline.Event) (first, last time.Time) {
	for i := range events {
		t := events[i].Timestamp
		if i == 0 || t.Before(first) {
			first = t
		}
		if i == 0 || t.After(last) {
			last = t
		}
	}
	return first.UTC(), last.UTC()
}
