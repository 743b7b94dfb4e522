package bus

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// Received is a frame of EVENTS as a Subscriber delivered it, packed as it is stored.
type Received struct {
	// Lane is the lane that the frame came by.
	Lane int
	// ID is the publisher's, or events-<sequence> for a frame of a Writer. It is the same at every delivery.
	ID string
	// Sequence is the frame's in EVENTS, and Stored when it was stored.
	Sequence uint64
	Stored   time.Time
	// Only names the destination that a replayed frame of captured events is meant for alone: the transforms are still to be run.
	Only string
	// Destination names the destination that a replayed frame is meant for alone when its events have been through the transforms: only that
	// destination's condition is to be asked again.
	Destination string
	// Trace is where the capture of the frame stands in its trace, if it is traced.
	Trace trace.Context

	worker  string // what the server calls the process that works the lane
	header  nats.Header
	data    []byte
	decoded *decoded
}

// Frame decodes the frame, or returns what another pipeline has decoded: its events must not be changed. Whoever works frames together lets go of
// each before the next, so that the lines of one are in memory and not those of all.
func (r *Received) Frame() Frame { return r.FrameIn(nil) }

// FrameIn is Frame with the Room of another one for the events, which is used if it is enough.
func (r *Received) FrameIn(room []pipeline.Event) Frame {
	frame := r.decoded.frame(room, r.Sequence, r.Stored, r.header, r.data)
	frame.Lane = r.Lane
	return frame
}

// headerDestination marks a replayed frame whose events went through the transforms before, and headerOnly one of captured events.
const headerDestination, headerOnly = "Prickle-Destination", "Prickle-Only"

type receivedKey struct{}

// FramesOf returns the frames of a message that a Subscriber delivered, one or more, in their order. It is nil for any other message.
func FramesOf(m *message.Message) []Received {
	frames, _ := m.Context().Value(receivedKey{}).([]Received)
	return frames
}

// received reads what a message says of its frame.
func (b *Bus) received(m jetstream.Msg, md *jetstream.MsgMetadata) (Received, error) {
	header := m.Headers()
	if !packingKnown(header) { // a newer version reads it
		return Received{}, fmt.Errorf("frame %d: %w", md.Sequence.Stream, errNotPacked)
	}
	return Received{
		Lane: laneOfSubject(m.Subject()), ID: b.idOf(m, md), Sequence: md.Sequence.Stream, Stored: md.Timestamp,
		Only: headerValue(header, headerOnly), Destination: headerValue(header, headerDestination),
		Trace: trace.Parse(headerValue(header, trace.Header)), worker: headerValue(header, headerPin),
		header: header, data: m.Data(), decoded: &b.decoded,
	}, nil
}

// idOf is Received.ID.
func (b *Bus) idOf(m jetstream.Msg, md *jetstream.MsgMetadata) string {
	if id := headerValue(m.Headers(), nats.MsgIdHdr); id != "" {
		return strings.TrimPrefix(id, b.topic(m.Subject())+"/")
	}
	return fmt.Sprintf("%s-%d", strings.ToLower(md.Stream), md.Sequence.Stream)
}

// message makes a Watermill message of frames. That of one frame is as it was published, but for orders to the server; one of several has only
// FramesOf.
func (t *take) message(ctx context.Context) *message.Message {
	out := message.NewMessage(t.frames[0].ID, nil)
	if len(t.messages) == 1 {
		out.Payload = t.messages[0].Data()
		for key, values := range t.messages[0].Headers() {
			if len(values) > 0 && !strings.HasPrefix(key, "Nats-") {
				out.Metadata[key] = values[0]
			}
		}
	}
	out.SetContext(context.WithValue(ctx, receivedKey{}, t.frames))
	return out
}
