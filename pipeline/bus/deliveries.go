package bus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Deliveries reads the frames for one lane of a destination: those of DeliverTopic, or those of ReplayTopic. It is used by one goroutine at a
// time.
type Deliveries struct {
	bus      *Bus
	config   jetstream.ConsumerConfig
	consumer jetstream.Consumer
	taken    *taken // the consumer, of an outside server
	target   workLane
	subject  string
	inFlight int
	high     uint64                 // the last frame that arrived
	replayed bool                   // it reads ReplayTopic
	settled  atomic.Pointer[string] // where the last frame was settled
	hold     hold
}

// FetchLimit bounds Deliveries.Fetch.
type FetchLimit struct {
	Frames int           // at most this many frames
	Bytes  int           // stop before exceeding this many bytes of lines, but for the first frame; 0 is no limit
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

// Deliveries opens the reading end of DeliverTopic for a destination's lane. Frames that were handed out before and not settled are handed out
// again first. With an outside server, the lane may belong to another process, and then there is nothing to fetch.
//
// At most inFlight frames are handed out and not settled at a time. With 1, the server itself keeps the order of the lane: whatever becomes
// of a frame (a delay, a crash, a lost message, another process that takes over), nothing behind it is handed out before it is acknowledged.
func (b *Bus) Deliveries(ctx context.Context, pipeline, destination string, lane, inFlight int) (*Deliveries, error) {
	if err := errors.Join(checkName("pipeline", pipeline), checkName("destination", destination)); err != nil {
		return nil, err
	}
	return b.openDeliveries(ctx, workLane{pipeline, destination, lane}, inFlight, nil)
}

// openDeliveries opens the live frames of a lane, or the replayed ones that follow the live ones of lead.
func (b *Bus) openDeliveries(ctx context.Context, t workLane, inFlight int, lead *Deliveries) (*Deliveries, error) {
	replayed := lead != nil
	d := &Deliveries{bus: b, target: t, subject: DeliverTopic(t.pipeline, t.destination, t.lane), inFlight: inFlight, replayed: replayed}
	d.config = b.deliverConfig(t, inFlight)
	if replayed {
		d.subject = ReplayTopic(t.pipeline, t.destination, t.lane)
		d.config.Durable, d.config.FilterSubject, d.config.Metadata[metadataReplay] = d.config.Durable+"+replay", b.subject(d.subject), "true"
	}
	var err error
	if d.consumer, err = b.open(ctx, b.deliver, d.config, b.reclaim); err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	b.mu.Lock()
	before := b.readers[d.subject]
	b.readers[d.subject] = d
	b.mu.Unlock()
	d.hold.open(d, lead)
	d.high = d.consumer.CachedInfo().Delivered.Stream
	if before != nil { // the stage that this one replaces: what it has acknowledged must not be handed out again
		d.high = before.high
		return d, errors.Join(before.Close(), d.recall(ctx))
	}
	return d, nil
}

// deliverConfig is the consumer of the live frames of a lane.
func (b *Bus) deliverConfig(t workLane, inFlight int) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:       t.pipeline + "+" + t.destination + "+" + strconv.Itoa(t.lane),
		FilterSubject: b.subject(DeliverTopic(t.pipeline, t.destination, t.lane)),
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       deliverAckWait,
		MaxDeliver:    -1,
		MaxAckPending: inFlight,
		Metadata:      map[string]string{metadataPipeline: t.pipeline, metadataDestination: t.destination, metadataLane: strconv.Itoa(t.lane)},
		// An embedded server would write ten times a second, and sync, what it has handed out. It need not know that after a restart: all that is
		// not settled is in the stream and comes again in order (restoreLanes).
		MemoryStorage: !b.Shared(),
	}
}

// restoreLanes makes the consumers of an embedded server that the server before had in memory: those of the lanes in which something waits, also
// of destinations that the project does not have any more.
func (b *Bus) restoreLanes(ctx context.Context) error {
	if b.Shared() {
		return nil
	}
	lanes := map[workLane]bool{}
	for _, filter := range []string{"deliver.>", "retry.>"} {
		info, err := b.deliver.Info(ctx, jetstream.WithSubjectFilter(b.subject(filter)))
		if err != nil {
			return fmt.Errorf("what waits to be delivered: %w", unavailable(err))
		}
		for subject := range info.State.Subjects {
			tokens := strings.Split(b.topic(subject), ".")
			if len(tokens) < 4 {
				continue
			}
			if lane, err := strconv.Atoi(tokens[3]); err == nil { // or it is nothing of ours
				lanes[workLane{tokens[1], tokens[2], lane}] = true
			}
		}
	}
	for lane := range lanes {
		config := b.deliverConfig(lane, InFlight)
		if err := b.forgetStored(ctx, b.deliver, config); err != nil {
			return fmt.Errorf("lane %s: %w", lane, err)
		}
		if _, err := b.deliver.CreateOrUpdateConsumer(ctx, config); err != nil {
			return fmt.Errorf("lane %s: %w", lane, err)
		}
	}
	return nil
}

// Close gives the lane up, once the server has seen to what was settled. Nothing is in hand any more. Further calls do nothing.
func (d *Deliveries) Close() error { return d.hold.close() }

// What a consumer takes as a sign of life, which about a frame that is settled already means nothing; and as a refusal, to be handed out again.
const (
	inProgress = "+WPI"
	refused    = "-NAK"
)

// barrier waits until the server has worked through all acknowledgements sent before it: they are handled in order, and this one is
// answered.
func (d *Deliveries) barrier() error {
	reply := d.settled.Load()
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

// overdue makes up for a fetch that the client ended by its own clock because an embedded server was too busy to answer, or because the whole process
// stood still. What the server has sent meanwhile may have come too late to be read; what it still sends, to nobody, it takes back as soon as it
// finds out. A fetch that is asked for before would bring what is behind both. So this waits for an answer that takes the same way as frames, to a
// sign of life of a frame that there is not, and recalls what did not arrive.
func (d *Deliveries) overdue(ctx context.Context, began time.Time, wait time.Duration, err error) {
	if d.bus.Shared() || time.Since(began) < wait+clientPatience && !errors.Is(err, jetstream.ErrNoHeartbeat) {
		return
	}
	subject := ackSubject(d.consumer.CachedInfo(), math.MaxInt64)
	for err := nats.ErrTimeout; errors.Is(err, nats.ErrTimeout) && ctx.Err() == nil; {
		_, err = d.bus.conn.Request(subject, []byte(inProgress), publishTimeout)
	}
	for ctx.Err() == nil && d.recall(ctx) != nil {
		Pause(ctx, reopenPause)
	}
}

// recall makes frames come again at once, in order, that an embedded server has handed out behind the last one that arrived.
func (d *Deliveries) recall(ctx context.Context) error {
	if d.bus.Shared() {
		return nil
	}
	info, err := d.consumer.Info(ctx)
	if err != nil || info.Delivered.Stream <= d.high || info.NumAckPending == 0 {
		return err
	}
	lost := *info
	lost.AckFloor.Stream = max(lost.AckFloor.Stream, d.high)
	return d.bus.reclaim(ctx, d.bus.deliver, &lost)
}

// Fetch returns what is there, in order, up to limit, and waits for the first frame at most limit.Wait. Nothing there is (nil, nil).
// The end of ctx ends the waiting within half a second, with ctx's error. Each frame that it returns must be settled (Ack, Delay, Retry, Remainder or Release)
// within 30 seconds, or shown to be alive by InProgress, or it is handed out again. While the lane is another process's, nothing is there.
//
// Settled has to be called when nothing is in hand any more. ErrMoved and ErrInterrupted ask for that: nothing more comes before.
func (d *Deliveries) Fetch(ctx context.Context, limit FetchLimit) (got []*Delivery, err error) {
	end := time.Now().Add(limit.Wait)
	if mine, err := d.hold.begin(ctx, limit.Wait); !mine {
		return nil, err
	}
	defer func() { d.hold.fetched(len(got)) }()
	return d.fetch(ctx, limit, end)
}

// Settled says that nothing is in hand: the lane may be given up if it is another process's by now.
func (d *Deliveries) Settled() { d.hold.settled() }

// Alive returns a context that ends when nothing of the frames in hand may be sent any more, because this process cannot know whether the lane
// is still its own.
func (d *Deliveries) Alive() context.Context { return d.hold.alive() }

func (d *Deliveries) fetch(ctx context.Context, limit FetchLimit, end time.Time) ([]*Delivery, error) {
	first, err := d.wait(ctx, end)
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
	options := d.options(jetstream.FetchMaxWait(wait))
	if limit.Bytes > 0 {
		more, options = d.fit(more, limit.Bytes, first.message, options)
	}
	if more <= 0 {
		return out, nil
	}
	began := time.Now()
	if d.bus.Shared() && wait == fetchGrace {
		options = append(options, jetstream.FetchHeartbeat(time.Second)) // a server that dies meanwhile is missed after two
	}
	batch, err := d.consumer.Fetch(more, options...)
	if err != nil {
		d.hold.disturbed()
		return out, nil //nolint:nilerr // the first frame is in hand; the next fetch meets the error again
	}
	for m := range batch.Messages() {
		if delivery := d.delivery(m); delivery != nil && d.hold.sound() {
			out = append(out, delivery)
		}
	}
	d.overdue(ctx, began, wait, batch.Error())
	if batch.Error() != nil {
		d.hold.disturbed()
	}
	return out, nil
}

// fit bounds a request for more frames, so that their lines fit whatever is left of them when they are packed: none has more than frameBytes, but for
// one that holds a single large event. An embedded server is told the bytes as well.
func (d *Deliveries) fit(more, limit int, first jetstream.Msg, options []jetstream.FetchOpt) (int, []jetstream.FetchOpt) {
	room := max(limit-unpackedSize(first.Headers(), first.Data()), 0)
	if more = min(more, room/frameBytes); more > 0 && !d.bus.Shared() { // see lookAhead
		options = append(options, jetstream.FetchMaxBytes(room))
	}
	return more, options
}

// wait fetches one frame.
func (d *Deliveries) wait(ctx context.Context, end time.Time) (*Delivery, error) {
	for {
		slice := min(max(time.Until(end), shortestWait), longestWait)
		delivery, err := d.waitOnce(ctx, slice)
		if delivery == nil && err == nil && d.taken.haunted(ctx) {
			d.hold.disturbed()
		}
		if delivery != nil || err != nil || !d.hold.sound() || !time.Now().Before(end) {
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
		d.hold.disturbed()
		return nil, fmt.Errorf("fetch from %q: %w", d.subject, unavailable(err))
	}
	for m := range batch.Messages() {
		if delivery := d.delivery(m); ctx.Err() == nil && d.hold.sound() {
			return delivery, nil
		}
		if err := d.refuse(m); err != nil {
			return nil, fmt.Errorf("release frame of %q: %w", d.subject, unavailable(err))
		}
	}
	err = batch.Error()
	d.overdue(ctx, began, wait, err)
	if err != nil || time.Since(began) >= wait+clientPatience {
		d.hold.disturbed()
	}
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("fetch from %q: %w", d.subject, context.Cause(ctx))
	case err != nil && !errors.Is(err, jetstream.ErrPinIDMismatch):
		return nil, fmt.Errorf("fetch from %q: %w", d.subject, unavailable(err))
	}
	return nil, nil // nothing there
}

// refuse hands a message back and waits until it is back.
func (d *Deliveries) refuse(m jetstream.Msg) error {
	ctx, cancel := context.WithTimeout(d.hold.alive(), publishTimeout)
	defer cancel()
	_, err := d.bus.conn.RequestWithContext(ctx, m.Reply(), []byte(refused))
	return err
}

func (d *Deliveries) options(more ...jetstream.FetchOpt) []jetstream.FetchOpt {
	if d.bus.Shared() {
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
	d.high = max(d.high, md.Sequence.Stream)
	if d.taken != nil && !d.taken.follows(md.Sequence.Consumer) {
		d.hold.disturbed() // what is missing has to come before this one
	}
	return newDelivery(d, m, md)
}
