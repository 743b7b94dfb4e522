package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/prickle-dev/prickle/pipeline/trace"
)

const (
	// publishTimeout bounds the wait for an acknowledgement. After it, the outcome is unknown.
	publishTimeout = 5 * time.Second
	// embeddedPatience is publishTimeout for what process hands on to an embedded server.
	embeddedPatience = 30 * time.Second
	// openTimeout bounds the opening of a stream or a consumer of the embedded server. It syncs several files for each, and on a busy disk the
	// last of dozens waits long.
	openTimeout = time.Minute
	// headerRoom is the part of a message that is kept free of events, for headers and a dead letter's reason.
	headerRoom = 64 << 10
	// maxStored bounds a message with its headers: JetStream stores none that is larger, whatever its server's max_payload.
	maxStored = 32 << 20
	// frameEvents and frameBytes bound a frame: more would not make it cheaper, and process and deliver hold whole frames in memory.
	frameEvents, frameBytes = 500, 1 << 20
)

// Bus is an open connection to the streams. Its methods may be called concurrently.
type Bus struct {
	config   Config
	log      *slog.Logger
	embedded *embedded // nil when the server is outside
	stopped  sync.Once // closes embedded
	conn     *nats.Conn
	js       jetstream.JetStream
	disk     disk
	trimmer  trimmer
	records  journal

	events, deliver, dead, journal jetstream.Stream
	kv                             jetstream.KeyValue

	tracer    *trace.Tracer
	stats     map[string]*StreamStats // by stream
	refusedAt atomic.Int64            // when EVENTS was last found full, in nanoseconds since 1970

	standingEvery time.Duration // standingEvery
	standingsNow  *rate.Limiter // for those that are written at once
	standingTold  atomic.Int64  // when the operator was told last that standings cannot be written, in nanoseconds since 1970

	ackWait time.Duration // how long a frame handed to process may be without a sign of life
	cluster *cluster      // nil with an embedded server, where all lanes are this process's

	waiting waiting
	takes   takes
	decoded decoded
	taken   *semaphore.Weighted // bytes of takenBytes

	hasher hasher
	recent []recentLane

	erasures *Erasures

	closed context.Context // ends with Close
	end    context.CancelFunc

	mu      sync.Mutex
	opened  map[string]bool          // consumers that this Bus has opened
	turns   map[string]chan struct{} // by consumer
	readers map[string]*Deliveries   // by subject
	hands   []*hand
}

// Open starts or connects to the server and makes the streams ready. It returns within seconds, except that an embedded server with a
// large store takes its time to check it.
func Open(ctx context.Context, config Config, log *slog.Logger) (*Bus, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	b := &Bus{config: config, log: log, ackWait: 10 * time.Second, standingEvery: standingEvery, standingsNow: rate.NewLimiter(standingRate, standingBurst), disk: disk{now: time.Now}, hasher: newHasher(), opened: map[string]bool{}, turns: map[string]chan struct{}{}, readers: map[string]*Deliveries{}, stats: newStats(), takes: takes{back: takesBack}}
	b.taken = semaphore.NewWeighted(takenBytes)
	b.closed, b.end = context.WithCancel(context.Background())
	b.recent = make([]recentLane, config.Lanes)
	for i := range b.recent {
		b.recent[i].window, b.recent[i].ids = config.DedupWindow, config.DedupIDs
	}
	if err := b.connect(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := b.prepare(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *Bus) connect() (err error) {
	if b.config.URL != "" {
		b.conn, err = connectOutside(b.config, b.log)
		return err
	}
	dir := b.config.Dir
	if b.disk.free = b.config.Free; b.disk.free == nil {
		b.disk.free = func() (int64, error) { return freeBytes(dir) }
	}
	if b.embedded, err = startEmbedded(b.config, &b.disk, b.log); err != nil {
		return err
	}
	b.conn, err = connectEmbedded(b.embedded, b.log)
	return err
}

func (b *Bus) prepare(ctx context.Context) (err error) {
	b.js, err = jetstream.New(b.conn, jetstream.WithPublishAsyncTimeout(b.patience()), jetstream.WithDefaultTimeout(publishTimeout))
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	if err := checkServer(ctx, b.conn, b.js); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{b.openStreams, b.openState} {
		if err := b.timely(ctx, step); err != nil {
			return err
		}
	}
	if err := b.readTakes(ctx); err != nil {
		return err
	}
	if err := b.restorePlaces(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{b.restoreLanes, b.openErasures} {
		if err := b.timely(ctx, step); err != nil {
			return err
		}
	}
	b.placesChanged()
	if b.Shared() {
		b.cluster = newCluster(b)
	}
	return nil
}

// patience is how long what process hands on may take to be stored. An embedded server on a busy disk has much to do before it comes to it, and nobody
// is helped by asking again.
func (b *Bus) patience() time.Duration {
	if b.Shared() {
		return publishTimeout
	}
	return embeddedPatience
}

// timely does what makes streams and consumers ready.
func (b *Bus) timely(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := b.opening(ctx)
	defer cancel()
	return do(ctx)
}

// opening is a context for requests that make streams and consumers. Those of an outside server end by publishTimeout each, which is the
// client's default.
func (b *Bus) opening(ctx context.Context) (context.Context, context.CancelFunc) {
	if b.Shared() {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, openTimeout)
}

// placesChanged is called after a stream or a consumer was made or removed.
func (b *Bus) placesChanged() {
	if b.embedded != nil {
		b.embedded.places.changed()
	}
}

// Close waits until the server has taken what is still on its way (acknowledgements, for one), at most five seconds, and stops an
// embedded server. Stop everything that uses the bus first. Further calls do nothing.
func (b *Bus) Close() error {
	var err error
	if b.conn != nil && !b.conn.IsClosed() && b.conn.IsConnected() {
		err = b.drain()
	}
	if b.cluster != nil {
		b.cluster.close()
	}
	b.end()
	if b.conn != nil {
		b.conn.Close()
	}
	if b.embedded != nil { // and still is: who has not heard of the end may ask
		b.stopped.Do(func() { err = errors.Join(err, b.embedded.close()) })
	}
	if err != nil {
		return fmt.Errorf("close bus: %w", err)
	}
	return nil
}

func (b *Bus) drain() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var group errgroup.Group
	for _, d := range b.readers {
		group.Go(d.Close)
	}
	clear(b.readers)
	return errors.Join(group.Wait(), b.conn.FlushTimeout(publishTimeout))
}

// Trace makes the bus record a span for every frame of captured events that holds a traced request's. It is called before anything else.
func (b *Bus) Trace(t *trace.Tracer) { b.tracer = t }

// Tracer returns what Trace was given, nil when nothing is traced.
func (b *Bus) Tracer() *trace.Tracer { return b.tracer }

// Lanes is the number of lanes.
func (b *Bus) Lanes() int { return b.config.Lanes }

// MaxFrame is the largest frame that should be published. A single event larger than its Bytes makes a frame of its own, up to the
// size of a message.
func (b *Bus) MaxFrame() FrameLimit {
	return FrameLimit{Events: frameEvents, Bytes: min(frameBytes, b.maxEvent())}
}

// MaxEvent is the size in bytes of the largest event line that the bus takes.
func (b *Bus) MaxEvent() int { return b.maxEvent() }

func (b *Bus) maxEvent() int { return int(min(b.conn.MaxPayload(), maxStored)) - headerRoom }

// Shared reports whether other processes may work on the same streams: whether the server is an outside one.
func (b *Bus) Shared() bool { return b.embedded == nil }
