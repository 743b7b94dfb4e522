package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Values of DeadLetter.Stage.
const (
	StageProcess = "process" // a transform or condition failed
	StageDeliver = "deliver" // the destination refused, or too often
)

// DeadLetter is one event that was given up, and why.
type DeadLetter struct {
	// ID is its number, set when it is read. Numbers grow with time and are not used twice.
	ID uint64 `json:"id"`
	// Key makes Bury idempotent: burying the same key again within two minutes changes nothing. "" is no key. It is not read back.
	Key string `json:"-"`
	// Pipeline and Destination say where it was on its way to. In StageProcess, Destination is empty when a transform failed on the
	// event, which is then as it was captured; it is set when the destination's condition failed on what the transforms had made.
	Pipeline    string `json:"pipeline"`
	Destination string `json:"destination,omitempty"`
	// Stage is StageProcess or StageDeliver.
	Stage string `json:"stage"`
	// Component names the transform or destination type that gave up.
	Component string `json:"component,omitempty"`
	// Reason is the error. It is cut at 16 KB and must not hold secrets.
	Reason string `json:"reason"`
	// Attempts is how often it was tried, from FirstAt to LastAt.
	Attempts int       `json:"attempts"`
	FirstAt  time.Time `json:"first_at"`
	LastAt   time.Time `json:"last_at"`
	// Event is the event's line, byte for byte. A line that is not JSON is read back as a JSON string.
	Event json.RawMessage `json:"event"`
}

const (
	// headerLetter holds the letter without its event as JSON, so that the message's body is the event's exact bytes.
	headerLetter = "Prickle-Dead-Letter"
	// maxReason bounds Reason: headers share the message with the event.
	maxReason = 16 << 10
)

// Bury stores letters and returns nil once the stream has acknowledged all of them. After an error any of them may be stored.
func (b *Bus) Bury(ctx context.Context, letters []DeadLetter) error {
	stats, start := b.stats[streamDead], time.Now()
	if err := stats.done(start, b.bury(ctx, letters)); err != nil {
		return err
	}
	for i := range letters {
		stats.frame("1", len(letters[i].Event))
	}
	return nil
}

func (b *Bus) bury(ctx context.Context, letters []DeadLetter) error {
	if err := b.disk.room(streamDead); err != nil {
		return err
	}
	futures := make([]jetstream.PubAckFuture, len(letters))
	for i := range letters {
		m, err := letterMessage(letters[i])
		if err != nil {
			return err
		}
		m.Subject = b.subject(m.Subject)
		if futures[i], err = b.js.PublishMsgAsync(m, jetstream.WithExpectStream(b.config.streamName(streamDead))); err != nil {
			return publishError(streamDead, err)
		}
	}
	return await(streamDead, futures, func(int) context.Context { return ctx })
}

func letterMessage(l DeadLetter) (*nats.Msg, error) {
	err := checkName("pipeline", l.Pipeline)
	switch {
	case l.Stage == StageDeliver:
		err = errors.Join(err, checkName("destination", l.Destination))
	case l.Stage != StageProcess:
		err = errors.Join(err, fmt.Errorf("stage %q: want %q or %q", l.Stage, StageProcess, StageDeliver))
	case l.Destination != "":
		err = errors.Join(err, checkName("destination", l.Destination))
	}
	if err != nil {
		return nil, fmt.Errorf("dead letter: %w", err)
	}
	m := &nats.Msg{Subject: deadSubject(&l), Header: nats.Header{}, Data: l.Event}
	if l.Key != "" {
		m.Header.Set(nats.MsgIdHdr, messageID(m.Subject, l.Key))
	}
	l.ID, l.Event, l.Reason = 0, nil, cut(l.Reason, maxReason)
	text, err := json.Marshal(l) // which has no line breaks, as headers must not
	for err == nil && len(text) > maxReason+headerRoom/4 && l.Reason != "" {
		l.Reason = cut(l.Reason, len(l.Reason)/2) // escapes can make it six times as long
		text, err = json.Marshal(l)
	}
	if err != nil {
		return nil, fmt.Errorf("dead letter: %w", err)
	}
	m.Header.Set(headerLetter, string(text))
	return m, nil
}

// cut shortens text to at most n bytes without breaking a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	const ellipsis = "…"
	if n -= len(ellipsis); n <= 0 {
		return ""
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + ellipsis
}

// letterFrom is the reverse of letterMessage.
func letterFrom(m *jetstream.RawStreamMsg) (DeadLetter, error) {
	var l DeadLetter
	if err := json.Unmarshal([]byte(m.Header.Get(headerLetter)), &l); err != nil {
		return DeadLetter{}, fmt.Errorf("header of message %d: %w", m.Sequence, err)
	}
	l.ID, l.Event = m.Sequence, m.Data
	if !json.Valid(m.Data) {
		l.Event, _ = json.Marshal(string(m.Data)) // a string always can be
	}
	return l, nil
}
