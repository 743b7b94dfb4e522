package bus

import (
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/prickle-dev/prickle/pipeline"
)

// Builder makes the payload of a frame, one event at a time. Its zero value is ready.
type Builder struct {
	payload     []byte
	count       int
	first, last time.Time // the earliest Timestamp and the latest
}

// Add appends an event's line. Nothing of the event is kept.
func (b *Builder) Add(e *pipeline.Event) {
	b.payload = append(e.AppendJSON(b.payload), '\n')
	if b.count == 0 || e.Timestamp.Before(b.first) {
		b.first = e.Timestamp
	}
	if b.count == 0 || e.Timestamp.After(b.last) {
		b.last = e.Timestamp
	}
	b.count++
}

// Count is how many events were added.
func (b *Builder) Count() int { return b.count }

// Takes reports whether another event still belongs in the frame. The first one always does.
func (b *Builder) Takes(e *pipeline.Event, limit FrameLimit) bool {
	return b.count == 0 || b.count < limit.Events && len(b.payload)+e.Size()+1 <= limit.Bytes
}

// Message makes the frame, for Publisher. id is the idempotency key: while the stream remembers it (two minutes), publishing the same id again
// changes nothing. The message shares no memory with the Builder.
func (b *Builder) Message(id string) *message.Message {
	payload, packed := packed(b.payload)
	m := message.NewMessage(id, payload)
	if packed {
		m.Metadata[headerPacked] = packedS2
	}
	for key, values := range frameHeader(b.count, b.first, b.last) {
		m.Metadata[key] = values[0]
	}
	return m
}

// Reset makes the Builder empty, and keeps its memory.
func (b *Builder) Reset() { *b = Builder{payload: b.payload[:0]} }
