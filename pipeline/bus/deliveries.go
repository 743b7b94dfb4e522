package bus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Deliveries reads the frames for one lane of a destination: those of DeliverTopic, or those of ReplayTopic. It is used by one goroutine at a
// time.
type Deliveries struct {
	bus      *Bus
	consumer jetstream.Consumer
	target   deliverTarget
	subject  string
	inFlight int
	replayed bool                   // it reads ReplayTopic
	settled  atomic.Pointer[string] // where the last frame was settled
	pin      atomic.Pointer[string] // the last one seen
}

type deliverTarget struct {
	pipeline, destination string
	lane                  int
}

// FetchLimit bounds Deliveries.Fetch.
type FetchLimit struct {
	Frames int           // at most this many frames
	Bytes  int           // stop before exceeding this many bytes, but for the first frame; 0 is no limit
	Wait   time.Duration // how long to wait for the first frame
}

const (
	// deliverAckWait leaves a slow Send time between two signs of life.
	deliverAckWait = 30 * time.Second
	// fetchGrace bounds the second step of a fetch, which only collects what the server has said is there. It is long because the client must
	// not give up before the server does: what it was handed out meanwhile would be overtaken by everything behind.
	fetchGrace = deliverAckWait
	// shortestWait is the least that the server is asked to wait, so that "what is there" arrives.
	shortestWait = 5 * time.Millisecond
	// longestWait is the most, so that the end of a context is seen soon.
	longestWait = 500 * time.Millisecond
	// InFlight is how many frames of a lane may be handed out and not settled, unless the reader asks for fewer.
	InFlight = 10_000
)

// Deliveries opens the reading end of DeliverTopic for a destination's lane. Frames that were handed out before and not settled are handed out again
// first when the server is the embedded one, because nobody else can be at work on them; from an outside server they come when their
// wait of 30 seconds is over.
//
// At most inFlight frames are handed out and not settled at a time. With 1, the server itself keeps the order of the lane: whatever becomes
// of a frame (a delay, a crash, a lost message, another process that takes over), nothing behind it is handed out before it is acknowledged.
func (b *Bus) Deliveries(ctx context.Context, pipeline, destination string, lane, inFlight int) (*Deliveries, error) {
	if err := errors.Join(checkName("pipeline", pipeline), checkName("destination", destination)); err != nil {
		return nil, err
	}
	return b.openDeliveries(ctx, deliverTarget{pipeline, destination, lane}, inFlight, false)
}

func (b *Bus) openDeliveries(ctx context.Context, t deliverTarget, inFlight int, replayed bool) (*Deliveries, error) {
	d := &Deliveries{bus: b, target: t, subject: DeliverTopic(t.pipeline, t.destination, t.lane), inFlight: inFlight, replayed: replayed}
	name := t.pipeline + "+" + t.destination + "+" + strconv.Itoa(t.lane)
	metadata := map[string]string{metadataPipeline: t.pipeline, metadataDestination: t.destination, metadataLane: strconv.Itoa(t.lane)}
	if replayed {
		d.subject, name, metadata[metadataReplay] = ReplayTopic(t.pipeline, t.destination, t.lane), name+"+replay", "true"
	}
	config := jetstream.ConsumerConfig{
		Durable:       name,
		FilterSubject: b.subject(d.subject),
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       deliverAckWait,
		MaxDeliver:    -1,
		MaxAckPending: inFlight,
		PinnedTTL:     b.pinnedForSend,
		Metadata:      metadata,
	}
	var err error
	if d.consumer, err = b.open(ctx, b.deliver, config, b.reclaim); err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	b.mu.Lock()
	before := b.readers[d.subject]
	b.readers[d.subject] = d
	b.mu.Unlock()
	if before != nil { // the stage that this one replaces: what it has acknowledged must not be handed out again
		return d, before.barrier()
	}
	return d, nil
}

// What a consumer takes as a sign of life, which about a frame that is settled already means nothing; and as a refusal, to be handed out again.
const (
	inProgress = "+WPI"
	refused    = "-NAK"
)

// barrier waits until the server has worked through all acknowledgements sent before it: they are handled in order, and this one is
// answered. It then gives the lane up.
func (d *Deliveries) barrier() error {
	reply, pin := d.settled.Load(), d.pin.Load()
	if pin != nil {
		defer d.bus.unpin(d.bus.deliver, d.consumer, *pin)
	}
	if reply == nil {
		return nil
	}
	if _, err := d.bus.conn.Request(*reply, []byte(inProgress), publishTimeout); err != nil {
		return fmt.Errorf("acknowledgements of %q: %w", d.subject, err)
	}
	return nil
}

// clientPatience is how much longer than it asked for the client waits for the server's word that there is nothing.
const clientPatience = time.Second

// overdue makes up for a fetch that the client ended by its own clock because an embedded server was too busy to answer. That may still send a frame,
// to nobody, and takes it back as soon as it finds out; a fetch that is asked for before would bring what is behind it. So this waits for an answer
// that takes the same way as frames, to a sign of life of a frame that there is not.
func (d *Deliveries) overdue(ctx context.Context, began time.Time, wait time.Duration, err error) {
	if d.bus.shared() || time.Since(began) < wait+clientPatience && !errors.Is(err, jetstream.ErrNoHeartbeat) {
		return
	}
	subject := ackSubject(d.consumer.CachedInfo(), math.MaxInt64)
	for err := nats.ErrTimeout; errors.Is(err, nats.ErrTimeout) && ctx.Err() == nil; {
		_, err = d.bus.conn.Request(subject, []byte(inProgress), publishTimeout)
	}
}

// Fetch returns what is there, in order, up to limit, and waits for the first frame at most limit.Wait. Nothing there is (nil, nil).
// The end of ctx ends the waiting within half a second, with ctx's error. Each frame that it returns must be settled (Ack, Delay, Retry, Remainder or Release)
// within 30 seconds, or shown to be alive by InProgress, or it is handed out again.
func (d *Deliveries) Fetch(ctx context.Context, limit FetchLimit) ([]*Delivery, error) {
	first, err := d.wait(ctx, limit.Wait)
	if err != nil || first == nil {
		return nil, err
	}
	out := []*Delivery{first}
	// The first frame says how many more there are, so that the second request is filled at once. It does not count those that are to be
	// handed out again, which come together.
	more, wait := min(limit.Frames, d.inFlight)-1, shortestWait
	if first.handed == 1 {
		more, wait = min(more, int(min(first.behind, 1<<20))), fetchGrace
	}
	room := limit.Bytes - len(first.message.Data())
	if more <= 0 || limit.Bytes > 0 && room <= 0 {
		return out, nil
	}
	options := d.options(jetstream.FetchMaxWait(wait))
	if limit.Bytes > 0 {
		options = append(options, jetstream.FetchMaxBytes(room))
	}
	began := time.Now()
	batch, err := d.consumer.Fetch(more, options...)
	if err != nil {
		return out, nil //nolint:nilerr // the first frame is in hand; the next fetch meets the error again
	}
	for m := range batch.Messages() {
		if delivery := d.delivery(m); delivery != nil {
			out = append(out, delivery)
		}
	}
	d.overdue(ctx, began, wait, batch.Error())
	return out, nil
}

// wait fetches one frame.
func (d *Deliveries) wait(ctx context.Context, wait time.Duration) (*Delivery, error) {
	for end := time.Now().Add(wait); ; {
		slice := min(max(time.Until(end), shortestWait), longestWait)
		delivery, err := d.waitOnce(ctx, slice)
		if delivery != nil || err != nil || !time.Now().Before(end) {
			return delivery, err
		}
	}
}

// waitOnce asks the server for one frame. It is the server that ends the waiting, by saying so: if the client gave up by its own clock, a
// frame that was handed out at that moment would be lost to everybody until its ack wait is over.
func (d *Deliveries) waitOnce(ctx context.Context, wait time.Duration) (*Delivery, error) {
	began := time.Now()
	batch, err := d.consumer.Fetch(1, d.options(jetstream.FetchMaxWait(wait))...)
	if err != nil {
		return nil, fmt.Errorf("fetch from %q: %w", d.subject, unavailable(err))
	}
	for m := range batch.Messages() {
		d.notePin(m)
		if ctx.Err() == nil {
			return d.delivery(m), nil
		}
		if err := d.refuse(m); err != nil {
			return nil, fmt.Errorf("release frame of %q: %w", d.subject, unavailable(err))
		}
	}
	d.overdue(ctx, began, wait, batch.Error())
	switch err := batch.Error(); {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("fetch from %q: %w", d.subject, context.Cause(ctx))
	case err != nil && !errors.Is(err, jetstream.ErrPinIDMismatch):
		return nil, fmt.Errorf("fetch from %q: %w", d.subject, unavailable(err))
	}
	return nil, nil // nothing there, or another process works this lane
}

// refuse hands a message back and waits until it is back.
func (d *Deliveries) refuse(m jetstream.Msg) error {
	_, err := d.bus.conn.Request(m.Reply(), []byte(refused), publishTimeout)
	return err
}

func (d *Deliveries) options(more ...jetstream.FetchOpt) []jetstream.FetchOpt {
	if d.bus.shared() {
		more = append(more, jetstream.FetchPriorityGroup(pinGroup))
	}
	return more
}

func (d *Deliveries) delivery(m jetstream.Msg) *Delivery {
	md, err := m.Metadata()
	if err != nil {
		d.bus.log.Error("frame without metadata", "subject", d.subject, "error", err) // only a foreign message can be that
		return nil
	}
	d.notePin(m)
	return newDelivery(d, m, md)
}

func (d *Deliveries) notePin(m jetstream.Msg) {
	if pin := m.Headers().Get(headerPin); pin != "" {
		d.pin.Store(&pin)
	}
}
