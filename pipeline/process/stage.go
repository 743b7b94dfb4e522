package process

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/trace"
	"golang.org/x/sync/errgroup"
)

// Condition decides whether a destination wants an event.
type Condition interface {
	Match(e *pipeline.Event) (bool, error)
}

// Named is a Condition that can hold only for events of certain names. For events of other names Match returns false and no error.
type Named interface {
	Condition
	// Names returns them; none for a condition that can hold for an event of any name.
	Names() []string
}

// Route is one destination of a pipeline as this stage sees it.
type Route struct {
	Destination string
	When        Condition      // nil wants every event
	Frame       bus.FrameLimit // of the frames made for it
}

// Pipeline is a chain of transforms and the destinations that its result goes to.
type Pipeline struct {
	Name   string
	Chain  Chain
	Routes []Route
	// Watch makes a Watch for a lane; nil is for a pipeline that nobody watches. What is replayed is not watched: it has been before.
	Watch func() Watch
}

// Watch is told what comes out of a pipeline's transforms. It belongs to one lane, whose events come in order.
type Watch interface {
	// Reset forgets events that were not committed: the frames that they are from are worked again.
	Reset()
	// Event takes an event in, which it does not keep, with the place that it has: the sequence of its frame in the log and its number there.
	Event(e *pipeline.Event, lane int, sequence uint64, index int)
	// Commit stores what the events mean. Only after it has returned nil are they handed on and their frames acknowledged, so it may come again for
	// the same ones.
	Commit(ctx context.Context) error
}

// Bus is what the stage needs of the bus.
type Bus interface {
	Lanes() int
	MaxEvent() int
	Subscriber(pipeline string) *bus.Subscriber
	Publisher() *bus.Publisher
	Tracer() *trace.Tracer
	Repeats(lane int) *bus.Repeats
	Bury(ctx context.Context, letters []bus.DeadLetter) error
	Journal(r *bus.Record) *bus.Stored
	Erasures() *bus.Erasures
}

// Stage works one pipeline.
type Stage struct {
	pipeline Pipeline
	bus      Bus
	log      *slog.Logger
	now      func() time.Time
	counts   *Counts
	replayed *Counts // of the events that are sent once more

	replays sync.RWMutex // read-held while a Replayer sends
	ended   bool         // another stage has taken over
}

// New makes the stage of a pipeline. It does no I/O.
func New(p Pipeline, b Bus, log *slog.Logger) *Stage {
	return &Stage{
		pipeline: p, bus: b, log: log.With("pipeline", p.Name), now: time.Now,
		counts: newCounts(&p), replayed: newCounts(&p),
	}
}

// Counts returns the stage's counters, which go on counting.
func (s *Stage) Counts() *Counts { return s.counts }

// Pipeline returns what the stage was made for. It is not to be changed.
func (s *Stage) Pipeline() *Pipeline { return &s.pipeline }

// Replayed returns the counters of what goes through the stage once more: dead letters that are replayed, and events of the log. They are
// not in Counts, which is about what is captured.
func (s *Stage) Replayed() *Counts { return s.replayed }

// Open gives the pipeline its place in every lane. What is captured afterwards reaches it, whenever Run starts.
func (s *Stage) Open() error {
	subscriber := s.subscriber()
	for lane := range s.bus.Lanes() {
		if err := subscriber.SubscribeInitialize(bus.EventsTopic(lane)); err != nil {
			return fmt.Errorf("pipeline %q: %w", s.pipeline.Name, err)
		}
	}
	if err := s.bus.Subscriber(s.pipeline.Name).SubscribeInitialize(bus.EventsOnlyTopic); err != nil {
		return fmt.Errorf("pipeline %q: %w", s.pipeline.Name, err)
	}
	return nil
}

const (
	// togetherFrames is how many frames that wait are worked together. What a destination wants of them is stored and sent together: the fewer events
	// a destination wants, the more that saves.
	togetherFrames = 64
	// togetherEvents is how many events the frames of every destination must hold for that: with smaller ones there is nothing to save, and much
	// to be stored at once.
	togetherEvents = 50
)

// subscriber makes a subscriber for what is captured.
func (s *Stage) subscriber() *bus.Subscriber {
	subscriber := s.bus.Subscriber(s.pipeline.Name)
	if !slices.ContainsFunc(s.pipeline.Routes, func(r Route) bool { return r.Frame.Events < togetherEvents }) {
		subscriber.Frames = togetherFrames
	}
	return subscriber
}

// worker makes a worker for what is captured, or for what is sent once more.
func (s *Stage) worker(publisher message.Publisher, replays bool) *laneWorker {
	l := &laneWorker{stage: s, publisher: publisher, counts: s.counts, tally: newTally(&s.pipeline), sum: newTally(&s.pipeline), out: outbox{topic: bus.DeliverTopic}}
	if replays {
		l.counts, l.out.topic, l.again = s.replayed, bus.ReplayTopic, true
	}
	l.places, l.names = newPlaces(&s.pipeline), namesOf(&s.pipeline)
	if s.pipeline.Watch != nil && !replays {
		l.watch = s.pipeline.Watch()
	}
	return l
}

// closeTimeout bounds how long a stop waits for the frames in hand. A frame that takes longer is worked again at the next start.
const closeTimeout = 20 * time.Second

// Run works all lanes until ctx ends, and finishes the frames in hand.
func (s *Stage) Run(ctx context.Context) error {
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: closeTimeout}, watermill.NewSlogLoggerWithLevelMapping(s.log, quietly))
	if err != nil {
		return fmt.Errorf("pipeline %q: %w", s.pipeline.Name, err)
	}
	router.AddMiddleware(middleware.Recoverer)
	publisher := s.bus.Publisher()
	for lane := range s.bus.Lanes() {
		l := s.worker(publisher, false)
		l.repeats = s.bus.Repeats(lane)
		router.AddConsumerHandler(fmt.Sprintf("%s-%d", s.pipeline.Name, lane), bus.EventsTopic(lane), s.subscriber(), l.handle)
	}
	l := s.worker(publisher, true)
	if s.pipeline.Watch != nil {
		l.watch = s.pipeline.Watch() // a dead letter's transform had failed: nobody has seen what becomes of it
	}
	router.AddConsumerHandler(s.pipeline.Name+"-only", bus.EventsOnlyTopic, s.bus.Subscriber(s.pipeline.Name), l.handle)
	// A router that is stopped in the middle of its start never ends: a stop waits until all lanes are being worked.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan struct{})
	defer close(ended)
	defer context.AfterFunc(ctx, func() {
		select {
		case <-router.Running():
		case <-ended:
		}
		stop()
	})()
	if err := router.Run(work); err != nil {
		return fmt.Errorf("pipeline %q: %w", s.pipeline.Name, err)
	}
	return nil
}

// quietly keeps Watermill's account of its own doings out of the log, and its errors in.
var quietly = map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug}

// laneWorker is the work on one lane. Its scratch is reused from message to message, which the router hands over one at a time.
type laneWorker struct {
	stage     *Stage
	publisher message.Publisher
	scratch   Scratch
	tally     tally // of the frame in hand
	sum       tally // of the message in hand
	out       outbox
	letters   []bus.DeadLetter
	records   []*bus.Stored
	room      []pipeline.Event // of the frame before
	counts    *Counts
	repeats   *bus.Repeats // nil finds none; what is sent once more is meant to be

	frame  *bus.Received // in hand
	before int           // letters of the frames before it
	again  bool          // what comes is sent once more
	places places
	watch  Watch // nil for none

	names  []string // that destinations ask for before anything else; none when one of them, a transform or a watch sees every event
	chosen []int    // events of the frame in hand that have one of them
}

func (l *laneWorker) handle(m *message.Message) error {
	start := time.Now()
	defer l.stage.bus.Erasures().Begin()()
	frames := bus.FramesOf(m)
	span := l.span(frames)
	err := l.work(m.Context(), frames, span)
	l.sum.note(span, err)
	if err != nil {
		return fmt.Errorf("pipeline %q: %w", l.stage.pipeline.Name, err)
	}
	l.sum.add(l.counts)
	l.counts.Frames.Since(start)
	return nil
}

// work takes frames through the stage together. What it counts is in the sum.
func (l *laneWorker) work(ctx context.Context, frames []bus.Received, span trace.Span) error {
	first, last := &frames[0], &frames[len(frames)-1]
	l.begin(together(first.ID, last, len(frames)))
	records := make([]*bus.Record, len(frames))
	for i := range frames {
		frame := frames[i].FrameIn(l.room)
		repeated, err := l.repeats.Of(ctx, &frames[i], frame.Events)
		if err != nil {
			return err
		}
		if err := l.collect(ctx, &frames[i], frame, repeated); err != nil {
			return err
		}
		l.room = frame.Room()
		records[i] = l.record()
		if len(frames) > 1 {
			records[i].Process.First, records[i].Process.Last = first.Sequence, last.Sequence
		}
	}
	for _, r := range records {
		l.records = append(l.records, l.stage.bus.Journal(r))
	}
	if len(frames) > 1 {
		if err := l.recorded(ctx); err != nil {
			return err
		}
	}
	return l.publish(ctx, span)
}

// together is the id of frames that are worked together: that of one, or that of the first with the sequence of the last.
func together(first string, last *bus.Received, frames int) string {
	if frames == 1 {
		return first
	}
	return first + "-" + strconv.FormatUint(last.Sequence, 10)
}

// begin makes ready for frames that are worked together under an id.
func (l *laneWorker) begin(id string) {
	l.out.reset(l.stage.pipeline, l.stage.bus.Lanes(), id)
	l.letters, l.records = l.letters[:0], l.records[:0]
	l.sum.reset()
	if l.watch != nil {
		l.watch.Reset()
	}
}

// collect takes the events of a frame through the chain, and puts what becomes of them into the outbox and the letters. Repeated ones, by their
// number, are dropped. Nothing of the decoded frame is kept. Its only error is that of a context that ended.
func (l *laneWorker) collect(ctx context.Context, from *bus.Received, frame bus.Frame, repeated []bool) error {
	l.frame, l.before = from, len(l.letters)
	l.tally.reset()
	l.places.reset(len(frame.Events))
	l.unreadable(frame.Bad)
	erasures := l.stage.bus.Erasures()
	if l.byName(frame, repeated, erasures) {
		l.sum.plus(&l.tally)
		return nil
	}
	for i := range frame.Events {
		l.places.now = i
		if erasures.Has(&frame.Events[i]) {
			l.erased()
			continue
		}
		if repeated != nil && repeated[i] {
			l.repeated()
			continue
		}
		if err := l.event(ctx, &frame.Events[i]); err != nil {
			return err
		}
	}
	l.sum.plus(&l.tally)
	return nil
}

// repeated drops an event that had been captured before.
func (l *laneWorker) repeated() {
	l.tally.in++
	l.tally.repeated++
	l.places.repeated.Add(l.places.now)
}

// erased drops an event that was captured before its person was erased.
func (l *laneWorker) erased() {
	l.tally.in++
	l.tally.erased++
	l.places.erased.Add(l.places.now)
}

// event takes one event through the chain and into the outbox. Its only error is that of a context that ended.
func (l *laneWorker) event(ctx context.Context, e *pipeline.Event) error {
	t := &l.tally
	if l.frame.Destination != "" {
		l.route(e)
		return nil
	}
	t.in++
	results, err := l.stage.pipeline.Chain.Run(ctx, *e, &l.scratch)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.dead[l.scratch.ended]++
		l.bury(e, "", err)
		return nil
	}
	for i := range results {
		if size, limit := results[i].Size(), l.stage.bus.MaxEvent(); size > limit {
			t.tooBig++
			l.bury(e, "", &tooLargeError{size, limit})
			return nil
		}
	}
	if len(results) == 0 {
		t.dropped[l.scratch.ended]++
		l.places.dropped[l.scratch.ended].Add(l.places.now)
		return nil
	}
	t.passed++
	t.out += int64(len(results))
	for i := range results {
		if l.watch != nil {
			l.watch.Event(&results[i], l.lane(), l.frame.Sequence, l.places.now)
		}
		l.route(&results[i])
	}
	return nil
}

// lane is the lane that the frame in hand came by, onlyLane for one that was replayed: those are in no order with the others.
func (l *laneWorker) lane() int {
	if l.again {
		return onlyLane
	}
	return l.frame.Lane
}

const onlyLane = -1

// route hands a transformed event to the destinations that want it.
func (l *laneWorker) route(e *pipeline.Event) {
	only := l.only()
	for i := range l.stage.pipeline.Routes {
		r := &l.stage.pipeline.Routes[i]
		if only != "" && only != r.Destination {
			continue
		}
		wanted, err := wants(r, e)
		switch {
		case err != nil:
			l.tally.conditions[i]++
			l.bury(e, r.Destination, err)
		case wanted:
			l.tally.copies[i]++
			l.places.to[i].Add(l.places.now)
			l.out.add(i, e)
		}
	}
}

// only is the destination that the frame is meant for alone, or "".
func (l *laneWorker) only() string { return cmp.Or(l.frame.Destination, l.frame.Only) }

func wants(r *Route, e *pipeline.Event) (bool, error) {
	if r.When == nil {
		return true, nil
	}
	return r.When.Match(e)
}

// recorded waits until the records are stored, or cannot be.
func (l *laneWorker) recorded(ctx context.Context) error {
	for _, r := range l.records {
		if err := r.Wait(ctx); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// publish sends what the frames became, and waits until all of it is stored, and the records of them. After an error the frames are worked
// again, and their next records are the same or take no notice of these.
func (l *laneWorker) publish(ctx context.Context, span trace.Span) error {
	defer l.out.empty() // a lane may be idle for long
	if err := l.publishAll(ctx, span); err != nil {
		return err
	}
	return l.recorded(ctx)
}

func (l *laneWorker) publishAll(ctx context.Context, span trace.Span) error {
	if l.watch != nil {
		if err := l.watch.Commit(ctx); err != nil { // first: who delivers an event may ask for what it, and those before it, mean
			return err
		}
	}
	traced := span.Context().String()
	group, ctx := errgroup.WithContext(ctx)
	for topic, messages := range l.out.messages() {
		for _, m := range messages {
			m.SetContext(ctx)
			if traced != "" {
				m.Metadata.Set(trace.Header, traced)
			}
		}
		group.Go(func() error { return l.publisher.Publish(topic, messages...) })
	}
	if len(l.letters) > 0 {
		group.Go(func() error { return l.stage.bus.Bury(ctx, l.letters) })
	}
	return group.Wait()
}
