package process

import (
	"context"
	"fmt"
	"log/slog"
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
	subscriber := s.bus.Subscriber(s.pipeline.Name)
	for lane := range s.bus.Lanes() {
		if err := subscriber.SubscribeInitialize(bus.EventsTopic(lane)); err != nil {
			return fmt.Errorf("pipeline %q: %w", s.pipeline.Name, err)
		}
	}
	if err := subscriber.SubscribeInitialize(bus.EventsOnlyTopic); err != nil {
		return fmt.Errorf("pipeline %q: %w", s.pipeline.Name, err)
	}
	return nil
}

// worker makes a worker for what is captured, or for what is sent once more.
func (s *Stage) worker(publisher message.Publisher, replays bool) *laneWorker {
	l := &laneWorker{stage: s, publisher: publisher, counts: s.counts, tally: newTally(&s.pipeline), out: outbox{topic: bus.DeliverTopic}}
	if replays {
		l.counts, l.out.topic, l.again = s.replayed, bus.ReplayTopic, true
	}
	l.places = newPlaces(&s.pipeline)
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
		router.AddConsumerHandler(fmt.Sprintf("%s-%d", s.pipeline.Name, lane), bus.EventsTopic(lane), s.bus.Subscriber(s.pipeline.Name), l.handle)
	}
	l := s.worker(publisher, true)
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

// laneWorker is the work on one lane. Its scratch is reused from frame to frame, which the router hands over one at a time.
type laneWorker struct {
	stage     *Stage
	publisher message.Publisher
	scratch   Scratch
	tally     tally // of the frame in hand
	out       outbox
	letters   []bus.DeadLetter
	counts    *Counts
	repeats   *bus.Repeats // nil finds none; what is sent once more is meant to be

	only        string // the destination that the frame is meant for alone, or ""
	transformed bool   // its events have been through the transforms: only the condition of that destination is to be asked again

	again  bool       // what comes is sent once more
	at     frameplace // of the frame in hand
	places places
}

func (l *laneWorker) handle(m *message.Message) error {
	start := time.Now()
	span := l.span(m)
	err := l.work(m, span)
	l.tally.note(span, err)
	if err != nil {
		return err
	}
	l.tally.add(l.counts)
	l.counts.Frames.Since(start)
	return nil
}

// work takes a frame through the stage. What it counts is in the tally.
func (l *laneWorker) work(m *message.Message, span trace.Span) error {
	l.only, l.transformed = bus.OnlyOf(m), false
	if to := bus.DestinationOf(m); to != "" {
		l.only, l.transformed = to, true
	}
	l.at = frameplace{sequence: bus.SequenceOf(m), lane: bus.LaneOfMessage(m)}
	frame := bus.FrameOf(m)
	repeated, err := l.repeats.Of(m.Context(), m, frame.Events)
	if err != nil {
		return fmt.Errorf("pipeline %q: %w", l.stage.pipeline.Name, err)
	}
	if err := l.collect(m.Context(), m.UUID, frame, repeated); err != nil {
		return err
	}
	if err := l.publish(m.Context(), span); err != nil {
		return fmt.Errorf("pipeline %q: %w", l.stage.pipeline.Name, err)
	}
	return nil
}

// collect takes the events of a frame through the chain, and puts what becomes of them into the outbox and the letters. Repeated ones, by their
// number, are dropped. Its only error is that of a context that ended.
func (l *laneWorker) collect(ctx context.Context, id string, frame bus.Frame, repeated []bool) error {
	l.out.reset(l.stage.pipeline, l.stage.bus.Lanes(), id)
	l.letters = l.letters[:0]
	l.tally.reset()
	l.places.reset(len(frame.Events))
	l.unreadable(id, frame)
	for i := range frame.Events {
		l.places.now = i
		if repeated != nil && repeated[i] {
			l.repeated()
			continue
		}
		if err := l.event(ctx, id, &frame.Events[i]); err != nil {
			return err
		}
	}
	return nil
}

// repeated drops an event that had been captured before.
func (l *laneWorker) repeated() {
	l.tally.in++
	l.tally.repeated++
	l.places.repeated.Add(l.places.now)
}

// event takes one event through the chain and into the outbox. Its only error is that of a context that ended.
func (l *laneWorker) event(ctx context.Context, frame string, e *pipeline.Event) error {
	t := &l.tally
	if l.transformed {
		l.route(frame, e)
		return nil
	}
	t.in++
	results, err := l.stage.pipeline.Chain.Run(ctx, *e, &l.scratch)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.dead[l.scratch.ended]++
		l.bury(frame, e, "", err)
		return nil
	}
	for i := range results {
		if size, limit := results[i].Size(), l.stage.bus.MaxEvent(); size > limit {
			t.tooBig++
			l.bury(frame, e, "", &tooLargeError{size, limit})
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
		l.route(frame, &results[i])
	}
	return nil
}

// route hands a transformed event to the destinations that want it.
func (l *laneWorker) route(frame string, e *pipeline.Event) {
	for i := range l.stage.pipeline.Routes {
		r := &l.stage.pipeline.Routes[i]
		if l.only != "" && l.only != r.Destination {
			continue
		}
		wanted, err := wants(r, e)
		switch {
		case err != nil:
			l.tally.conditions[i]++
			l.bury(frame, e, r.Destination, err)
		case wanted:
			l.tally.copies[i]++
			l.places.to[i].Add(l.places.now)
			l.out.add(i, *e)
		}
	}
}

func wants(r *Route, e *pipeline.Event) (bool, error) {
	if r.When == nil {
		return true, nil
	}
	return r.When.Match(e)
}

// publish sends what the frame became, with a record of it, and waits until all of it is stored.
func (l *laneWorker) publish(ctx context.Context, span trace.Span) error {
	record := l.stage.bus.Journal(l.record())
	if err := l.publishAll(ctx, span); err != nil {
		return err // the frame is worked again, and its next record is the same or takes no notice of this one
	}
	if err := record.Wait(ctx); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return nil
}

func (l *laneWorker) publishAll(ctx context.Context, span trace.Span) error {
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
