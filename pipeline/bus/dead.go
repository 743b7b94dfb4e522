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

	"github.com/prickle-dev/prickle/pipeline"
)

// Values of DeadLetter.Stage.
const (
	StageProcess = "process" // a transform or condition failed
	StageDeliver = "deliver" // the destination refused, or too often
)

// Values of DeadLetter.Class. Those of transforms are made of their names.
const (
	ClassWhen       = "when"       // a destination's condition failed
	ClassTooLarge   = "too_large"  // the transforms made more of the event than the bus takes
	ClassUnreadable = "unreadable" // no event
	ClassPermanent  = "permanent"  // the destination will never take it
	ClassGaveUp     = "gave_up"    // it failed for as long as the retry policy allows
	ClassPanic      = "panic"      // a defect of the destination's code
	ClassErased     = "erased"     // its person was erased while it waited: only the journal counts it, there is no letter
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
	// Only is the destination that a replay of the log was for, when a transform failed in it: what becomes of the event is for that one alone.
	Only string `json:"only,omitempty"`
	// Component names the transform or destination type that gave up.
	Component string `json:"component,omitempty"`
	// Reason is the error. It is cut at 16 KB and must not hold secrets.
	Reason string `json:"reason"`
	// Class is the kind of reason in a word, to count by. In StageProcess it is the transform's name, a dot and what happened ("mask.limit"),
	// or ClassWhen, ClassTooLarge or ClassUnreadable; in StageDeliver ClassPermanent, ClassGaveUp, ClassPanic or ClassUnreadable.
	Class string `json:"class,omitempty"`
	// Response is what the other side answered to the last attempt, or nil.
	Response *pipeline.Response `json:"response,omitempty"`
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
	futures, options := make([]jetstream.PubAckFuture, len(letters)), b.storing(streamDead)
	for i := range letters {
		m, err := letterMessage(letters[i])
		if err != nil {
			return err
		}
		m.Subject = b.subject(m.Subject)
		if futures[i], err = b.js.PublishMsgAsync(m, options...); err != nil {
			return publishError(streamDead, err)
		}
	}
	return await(streamDead, b.patience(), futures, func(int) context.Context { return ctx })
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
	text, err := letterHeader(l)
	if err != nil {
		return nil, fmt.Errorf("dead letter: %w", err)
	}
	m.Header.Set(headerLetter, text)
	return m, nil
}

// letterHeader is a letter without its event as JSON, which has no line breaks, as headers must not. What is too long is cut: escapes can make
// it six times as long.
func letterHeader(l DeadLetter) (string, error) {
	l.ID, l.Event, l.Reason = 0, nil, cut(l.Reason, maxReason)
	var answer pipeline.Response
	if l.Response != nil {
		answer = *l.Response
		l.Response = &answer
	}
	for {
		text, err := json.Marshal(l)
		if err != nil || len(text) <= maxReason+headerRoom/4 {
			return string(text), err
		}
		switch {
		case answer.Body != "":
			answer.Body = cut(answer.Body, len(answer.Body)/2)
		case l.Reason != "":
			l.Reason = cut(l.Reason, len(l.Reason)/2)
		default:
			return string(text), nil
		}
	}
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
func letterFrom(id uint64, header nats.Header, data []byte) (DeadLetter, error) {
	var l DeadLetter
	if err := json.Unmarshal([]byte(header.Get(headerLetter)), &l); err != nil {
		return DeadLetter{}, fmt.Errorf("header of message %d: %w", id, err)
	}
	l.ID, l.Event = id, data
	if !json.Valid(data) {
		l.Event, _ = json.Marshal(string(data)) // a string always can be
	}
	return l, nil
}
