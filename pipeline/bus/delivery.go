package bus

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// Delivery is one frame in delivery. Exactly one of Ack, Delay, Retry, Remainder and Release settles it.
type Delivery struct {
	from     *Deliveries
	message  jetstream.Msg
	sequence uint64
	handed   int       // how often this message has been handed out, from 1
	before   int       // tries of its events in earlier messages
	firstAt  time.Time // of the first of those
	behind   uint64    // how many frames are in the stream behind it
}

func newDelivery(d *Deliveries, m jetstream.Msg, md *jetstream.MsgMetadata) *Delivery {
	out := &Delivery{
		from: d, message: m, sequence: md.Sequence.Stream, handed: int(md.NumDelivered), firstAt: md.Timestamp.UTC(), behind: md.NumPending,
	}
	if text := m.Headers().Get(headerAttempts); text != "" {
		out.before, _ = strconv.Atoi(text)
		if t, err := time.Parse(time.RFC3339Nano, m.Headers().Get(headerFirstAt)); err == nil {
			out.firstAt = t.UTC()
		}
	}
	return out
}

// Frame decodes the events. Each call decodes anew.
func (d *Delivery) Frame() Frame { return d.FrameIn(nil) }

// FrameIn is Frame with room for the events, which is used if it is enough.
func (d *Delivery) FrameIn(room []pipeline.Event) Frame {
	f := frameIn(room, d.message.Headers(), d.message.Data())
	f.Lane = d.from.target.lane
	return f
}

// Trace is where the stage that made the frame stands in its trace, if it is traced.
func (d *Delivery) Trace() trace.Context {
	return trace.Parse(headerValue(d.message.Headers(), trace.Header))
}

// keepTrace hands the frame's trace on to its successor.
func (d *Delivery) keepTrace(header nats.Header) {
	if value := headerValue(d.message.Headers(), trace.Header); value != "" {
		header[trace.Header] = []string{value}
	}
}

// Origin is the id of the frames of captured events that the frame was made of, "" for one that has none.
func (d *Delivery) Origin() string { return headerValue(d.message.Headers(), headerOrigin) }

// After is the sequence of the frame that Retry or Remainder has put this one in place of, or 0.
func (d *Delivery) After() uint64 {
	n, _ := strconv.ParseUint(headerValue(d.message.Headers(), headerAfter), 10, 64)
	return n
}

// Key stands for the frame among those that a stage has handed on: it is the same when one is handed on once more after a crash, for the
// stream does not know what it has given away. It is 0 for what Retry and Remainder have made.
func (d *Delivery) Key() uint64 {
	id := headerValue(d.message.Headers(), nats.MsgIdHdr)
	if id == "" || d.After() > 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // a hash takes every write
	return h.Sum64()
}

// Attempts is how often its events have been handed out, this time included: 1 at first. It grows with every hand-out, through Delay, Retry and
// Remainder. A restart of an embedded server forgets the hand-outs since the last Retry or Remainder.
func (d *Delivery) Attempts() int { return d.before + d.handed }

// FirstAt is when its events were first put up for delivery.
func (d *Delivery) FirstAt() time.Time { return d.firstAt }

// Replayed says that the frame came by ReplayTopic.
func (d *Delivery) Replayed() bool { return d.from.replayed }

// Sequence identifies the frame in its stream. It is the same when the frame is handed out again, and a new one after Retry or Remainder.
func (d *Delivery) Sequence() uint64 { return d.sequence }

// Ack says that all events are settled: the frame is removed. It does not wait for the server; Bus.Close does. An acknowledgement lost
// with the process or the connection means that the frame is handed out once more, which every destination must bear anyhow.
func (d *Delivery) Ack(context.Context) error {
	d.from.settled.Store(ptr(d.message.Reply()))
	return d.failed("ack", d.message.Ack())
}

// Release hands the frame back as it is, to be handed out again at once, before what has not been handed out yet. It waits for the server: a
// fetch that is asked for before the frame is back would bring what stands behind it.
func (d *Delivery) Release() error {
	if d.from.hold.severed() {
		return errors.Join(d.failed("release", errTakenOver), d.message.Nak())
	}
	return d.failed("release", d.from.refuse(d.message))
}

// errTakenOver is for frames that may be another process's to settle by now. It will try them again, and puts none off in vain. That one was
// delivered (Ack) may be said all the same, and that this process does not go on with it, which at worst hands it out once more.
var errTakenOver = errors.New("another process may have taken the lane over")

// Delay hands the frame back as it is, to be handed out again after delay, before what has not been handed out then. Nothing is written
// for it, and meanwhile the frame counts as in flight: with as many delayed frames as may be in flight, nothing new is handed out.
// Like Release it does not wait for the server, and when it is lost the frame is handed out again after 30 seconds. A restart of an
// embedded server ends the wait.
func (d *Delivery) Delay(delay time.Duration) error {
	if delay <= 0 || d.from.hold.severed() {
		return d.Release()
	}
	d.from.settled.Store(ptr(d.message.Reply()))
	return d.failed("delay", d.message.NakWithDelay(delay))
}

// InProgress shows that the frame is being worked on, which gives it another 30 seconds.
func (d *Delivery) InProgress() error { return d.failed("keep", d.message.InProgress()) }

func (d *Delivery) failed(verb string, err error) error {
	if err != nil {
		return fmt.Errorf("%s frame %d of %q: %w", verb, d.sequence, d.from.subject, unavailable(err))
	}
	return nil
}

func ptr[T any](v T) *T { return &v }

// Retry puts the whole frame off: it is handed out again after delay, behind what has arrived until then, with its attempts and first
// time. An error leaves it unsettled; calling Retry again within two minutes does not double it.
func (d *Delivery) Retry(ctx context.Context, delay time.Duration) error {
	header := nats.Header{}
	for _, key := range []string{headerCount, headerFirst, headerLast, headerPacked} {
		if value := headerValue(d.message.Headers(), key); value != "" {
			header[key] = []string{value}
		}
	}
	d.keepTrace(header)
	return d.putOff(ctx, &nats.Msg{Header: header, Data: d.message.Data()}, delay)
}

// Remainder is Retry for some of the frame's events. The others are settled by it, so dead letters must have been buried before.
func (d *Delivery) Remainder(ctx context.Context, events []pipeline.Event, delay time.Duration) error {
	first, last := span(events)
	header := frameHeader(len(events), first, last)
	d.keepTrace(header)
	payload, ok := packed(AppendFrame(nil, events))
	if ok {
		header[headerPacked] = []string{packedS2}
	}
	return d.putOff(ctx, &nats.Msg{Header: header, Data: payload}, delay)
}

// putOff stores a successor of the frame and acknowledges the frame itself after the successor is safe.
func (d *Delivery) putOff(ctx context.Context, m *nats.Msg, delay time.Duration) error {
	if d.from.hold.severed() {
		return d.failed("put off", errTakenOver)
	}
	if err := d.succeed(ctx, m, delay); err != nil {
		return fmt.Errorf("put off frame %d of %q: %w", d.sequence, d.from.subject, err)
	}
	return d.Ack(ctx)
}

// succeed stores the successor. Its id comes from the frame's sequence, so that a repeat after a crash in between is recognised.
func (d *Delivery) succeed(ctx context.Context, m *nats.Msg, delay time.Duration) error {
	m.Header.Set(headerAttempts, strconv.Itoa(d.Attempts()))
	m.Header.Set(headerFirstAt, d.firstAt.Format(time.RFC3339Nano))
	if origin := d.Origin(); origin != "" {
		m.Header[headerOrigin] = []string{origin}
	}
	m.Header[headerAfter] = []string{strconv.FormatUint(d.sequence, 10)}
	id := strconv.FormatUint(d.sequence, 10)
	m.Header.Set(nats.MsgIdHdr, "retry/"+id)
	m.Subject = d.from.bus.subject(d.from.subject)
	if delay > 0 {
		t := d.from.target
		m.Subject = d.from.bus.subject(retrySubject(t.pipeline, t.destination, t.lane, id))
		if d.from.replayed {
			m.Subject = d.from.bus.subject(d.from.subject + "." + id)
		}
		m.Header.Set(jetstream.ScheduleHeader, "@at "+time.Now().Add(delay).UTC().Format(time.RFC3339Nano))
		m.Header.Set(jetstream.ScheduleTargetHeader, d.from.bus.subject(d.from.subject))
	}
	return d.from.bus.publish(ctx, streamDeliver, m)
}
