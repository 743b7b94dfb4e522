package replay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/pipeline/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type transform func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error)

func (f transform) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	return f(e, out)
}

type condition func(e *pipeline.Event) bool

func (f condition) Match(e *pipeline.Event) (bool, error) { return f(e), nil }

// project is a pipeline web with the destinations crm and lake on a bus, and a runner.
type project struct {
	t      *testing.T
	bus    *bus.Bus
	stage  *process.Stage // the first one
	now    atomic.Pointer[process.Stage]
	runner *Runner
	names  atomic.Pointer[[]string] // of the pipelines
	n      int
}

func newProject(t *testing.T, frame bus.FrameLimit, apply transform) *project {
	t.Helper()
	b := pipelinetest.Bus(t, func(c *bus.Config) { c.Lanes = 2 })
	return onBus(t, b, frame, apply)
}

func onBus(t *testing.T, b *bus.Bus, frame bus.FrameLimit, apply transform) *project {
	if apply == nil {
		apply = func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) { return append(out, e), nil }
	}
	p := &project{t: t, bus: b}
	p.stage = p.newStage(frame, apply)
	p.now.Store(p.stage)
	p.names.Store(&[]string{"web"})
	p.runner = New(Deps{
		Log: b, Pipelines: func() []string { return *p.names.Load() }, Logger: slog.New(slog.DiscardHandler),
		Stage: func(name string) *process.Stage {
			if name != "web" {
				return nil
			}
			return p.now.Load()
		},
		Destinations: func(string) []string { return []string{"crm", "lake"} },
		Compile: func(where string) (process.Condition, error) {
			if where == "bad" {
				return nil, errors.New("--where:1:1: bad")
			}
			return condition(func(e *pipeline.Event) bool { return strings.HasPrefix(e.Name, where) }), nil
		},
		Near: func(name string, known []string) string {
			if i := slices.IndexFunc(known, func(k string) bool { return len(k) == len(name) }); i >= 0 {
				return known[i]
			}
			return ""
		},
	})
	return p
}

func (p *project) newStage(frame bus.FrameLimit, apply transform) *process.Stage {
	return process.New(process.Pipeline{
		Name:   "web",
		Chain:  process.Chain{{Name: "t", Transform: apply, Counts: new(process.StepCounts)}},
		Routes: []process.Route{{Destination: "crm", Frame: frame}, {Destination: "lake", Frame: frame}},
	}, p.bus, slog.New(slog.DiscardHandler))
}

// capture stores frames of so many events each and returns the events' uuids.
func (p *project) capture(name string, sizes ...int) (ids []string) {
	p.t.Helper()
	for _, size := range sizes {
		var events []pipeline.Event
		for range size {
			now := time.Now().UTC().Truncate(time.Millisecond)
			events = append(events, pipeline.Event{
				UUID: uuid.NewString(), Name: name, DistinctID: fmt.Sprint("u", p.n%7), Source: "test", Timestamp: now, ReceivedAt: now,
				Properties: pipeline.Properties(`{}`),
			})
			ids = append(ids, events[len(events)-1].UUID)
		}
		p.n++
		if err := p.bus.Publisher().Publish(bus.EventsTopic(p.n%2), bus.NewMessage(fmt.Sprint(p.n, name), events)); err != nil {
			p.t.Fatal(err)
		}
	}
	return ids
}

// run starts the runner and returns how to end it.
func (p *project) run() (stop func()) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.runner.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
	})
	p.t.Cleanup(stop)
	return stop
}

func (p *project) request() Request {
	return Request{Pipeline: "web", Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour)}
}

func (p *project) start(q Request) *Job {
	p.t.Helper()
	j, err := p.runner.Start(p.t.Context(), q)
	if err != nil {
		p.t.Fatal(err)
	}
	return j
}

// ended waits for the end of a job.
func (p *project) ended(id int) *Job {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	j, err := p.runner.Follow(ctx, id, func(*Job) {})
	if err != nil {
		p.t.Fatal(err)
	}
	return j
}

// arrived takes what was replayed to a destination, in order by person, and returns the uuids.
func (p *project) arrived(destination string, n int) (ids []string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	var queues []*bus.Queue
	for lane := range p.bus.Lanes() {
		q, err := p.bus.Queue(ctx, "web", destination, lane, bus.InFlight)
		if err != nil {
			p.t.Fatal(err)
		}
		queues = append(queues, q)
	}
	for i := 0; len(ids) < n; i++ {
		got, err := queues[i%len(queues)].Fetch(ctx, bus.FetchLimit{Frames: 100, Wait: 20 * time.Millisecond})
		if err != nil {
			p.t.Fatalf("%d of %d events for %s: %v", len(ids), n, destination, err)
		}
		for _, d := range got {
			for _, e := range d.Frame().Events {
				ids = append(ids, e.UUID)
			}
			if err := d.Ack(ctx); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	return ids
}

// backlog is how many frames are on their way to a destination.
func (p *project) backlog(destination string) uint64 {
	p.t.Helper()
	b, err := p.bus.ReplayBacklog(p.t.Context(), "web")
	if err != nil {
		p.t.Fatal(err)
	}
	return b[bus.Target{Pipeline: "web", Destination: destination}]
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	want, got = slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

// small frames fill a destination's queue with 10,000 events.
var small = bus.FrameLimit{Events: 100, Bytes: 1 << 20}

var large = bus.FrameLimit{Events: 500, Bytes: 1 << 20}

func TestReplay(t *testing.T) {
	p := newProject(t, large, func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
		switch e.Name {
		case "noise":
			return out, nil
		case "bad":
			return nil, errors.New("no key")
		}
		return append(out, e), nil
	})
	want := p.capture("good", 30, 1, 700)
	p.capture("noise", 5)
	p.capture("bad", 2)
	p.capture("other", 4)
	p.run()
	q := p.request()
	q.Destination = "crm"
	j := p.ended(p.start(q).ID)
	if want := (Counts{Frames: 6, Read: 742, Sent: 742, Passed: 735, Dropped: 5, Dead: 2, Copies: 735}); j.State != Done || j.Counts != want || j.Total() != 742 {
		t.Errorf("job\n got %+v\nwant done with %+v", j, want)
	}
	if n := p.backlog("lake"); n != 0 {
		t.Errorf("the other destination got %d frames", n)
	}
	same(t, "arrived", want, slices.DeleteFunc(p.arrived("crm", 735), func(id string) bool { return !slices.Contains(want, id) }))
	q.Where, q.Destination = "good", ""
	if j := p.ended(p.start(q).ID); j.Counts.Sent != 731 || j.Counts.Copies != 2*731 || j.ID != 2 {
		t.Errorf("with a condition\n got %+v\nwant 731 sent to both", j)
	}
}

// Only what was received in the time is sent, to the millisecond.
func TestReplayOfATime(t *testing.T) {
	p := newProject(t, large, nil)
	p.capture("a", 1)
	from := time.Now().UTC()
	waitUntil(t, from.Add(3*time.Millisecond))
	want := p.capture("b", 2)
	waitUntil(t, time.Now().Add(3*time.Millisecond))
	to := time.Now().UTC()
	waitUntil(t, to.Add(3*time.Millisecond))
	p.capture("c", 1)
	p.run()
	q := p.request()
	q.Since, q.Until = from, to
	if j := p.ended(p.start(q).ID); j.Counts.Sent != 2 {
		t.Errorf("sent\n got %+v\nwant 2", j.Counts)
	}
	same(t, "arrived", want, p.arrived("crm", 2))
}

// waitUntil waits for the clock, which the events' times are taken from.
func waitUntil(t *testing.T, at time.Time) {
	t.Helper()
	select {
	case <-time.After(time.Until(at)):
	case <-t.Context().Done():
	}
}

// A replay waits for a destination that cannot keep up, instead of filling the disk, and goes on when it can.
func TestReplayWaitsForTheDestination(t *testing.T) {
	p := newProject(t, small, nil)
	want := p.capture("e", slices.Repeat([]int{500}, 60)...)
	p.run()
	q := p.request()
	q.Destination = "crm"
	j := p.start(q)
	waiting(t, p, j.ID)
	if n := p.backlog("crm"); n < 100 || n > 250 {
		t.Errorf("on their way\n got %d frames\nwant a little more than 100", n)
	}
	same(t, "arrived", want, p.arrived("crm", len(want)))
	if j := p.ended(j.ID); j.State != Done || j.Waiting != "" {
		t.Errorf("job\n got %+v\nwant done", j)
	}
}

// waiting returns when a job waits for something, and the job.
func waiting(t *testing.T, p *project, id int) *Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var found *Job
	_, err := p.runner.Follow(ctx, id, func(j *Job) {
		if j.Waiting != "" {
			found = j
			cancel()
		}
	})
	if found == nil {
		t.Fatalf("the job never waited: %v", err)
	}
	return found
}

// A replay waits while captured frames do.
func TestReplayWaitsForLiveTraffic(t *testing.T) {
	p := newProject(t, large, nil)
	if err := p.stage.Open(); err != nil {
		t.Fatal(err)
	}
	p.capture("e", slices.Repeat([]int{1}, 20)...) // which nobody processes
	p.run()
	j := p.start(p.request())
	if w := waiting(t, p, j.ID); !strings.Contains(w.Waiting, `captured frames wait for pipeline "web"`) || w.Counts.Sent != 0 {
		t.Errorf("job\n got %+v\nwant one that waits for the captured frames", w)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.stage.Run(ctx) }()
	if j := p.ended(j.ID); j.State != Done || j.Counts.Sent != 20 {
		t.Errorf("job\n got %+v\nwant done", j)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestCancelAndResume(t *testing.T) {
	p := newProject(t, small, nil)
	want := p.capture("e", slices.Repeat([]int{500}, 60)...)
	p.run()
	q := p.request()
	q.Destination = "crm"
	j := p.start(q)
	waiting(t, p, j.ID)
	if _, err := p.runner.Cancel(t.Context(), j.ID); err != nil {
		t.Fatal(err)
	}
	if j := p.ended(j.ID); j.State != Cancelled {
		t.Errorf("state\n got %s\nwant cancelled", j.State)
	}
	if _, err := p.runner.Cancel(t.Context(), j.ID); err == nil || !strings.Contains(err.Error(), "replay 1 is cancelled: there is nothing to cancel") {
		t.Errorf("cancelled twice\n got %v", err)
	}
	if _, err := p.runner.Resume(t.Context(), j.ID); err != nil {
		t.Fatal(err)
	}
	same(t, "arrived", want, p.arrived("crm", len(want)))
	j = p.ended(j.ID)
	if j.State != Done || j.Counts.Sent != int64(len(want)) || j.Counts.Read != int64(len(want)) {
		t.Errorf("job\n got %+v\nwant %d sent", j, len(want))
	}
	if _, err := p.runner.Resume(t.Context(), j.ID); err == nil || !strings.Contains(err.Error(), "is done") {
		t.Errorf("resumed after the end\n got %v", err)
	}
}

// What was sent before the position could be written is sent again after a crash, and recognised.
func TestStepAfterACrashIsTheSame(t *testing.T) {
	p := newProject(t, large, nil)
	want := p.capture("e", 1900, 1900, 1900) // steps end in the middle of frames
	stored := p.start(p.request())
	broken := errors.New("killed")
	for crash := range 3 {
		j, revision, err := p.runner.store.get(t.Context(), stored.ID)
		if err != nil {
			t.Fatal(err)
		}
		pass, err := p.runner.pass(j, false)
		if err != nil {
			t.Fatal(err)
		}
		saves := 0
		pass.save = func(ctx context.Context) error {
			pass.saved = time.Time{} // write every position
			if saves++; saves == 2 && crash < 2 {
				return broken // the step is sent, the position is lost
			}
			revision, err = p.runner.checkpoint(ctx, j, revision)
			return err
		}
		if err := pass.run(t.Context()); (crash < 2) != errors.Is(err, broken) {
			t.Fatalf("pass %d: %v", crash, err)
		}
	}
	if n := p.backlog("crm"); n > 20 {
		t.Errorf("%d frames are on their way", n)
	}
	same(t, "arrived", want, p.arrived("crm", len(want)))
	p.arrived("lake", len(want))
	if n := p.backlog("crm"); n != 0 {
		t.Errorf("after all events %d frames more are there", n)
	}
}

// A runner that takes over goes on where the last one was.
func TestNextProcessGoesOn(t *testing.T) {
	p := newProject(t, small, nil)
	want := p.capture("e", slices.Repeat([]int{500}, 50)...)
	stop := p.run()
	q := p.request()
	q.Destination = "crm"
	j := p.start(q)
	waiting(t, p, j.ID)
	stop()
	next := onBus(t, p.bus, small, nil)
	next.run()
	same(t, "arrived", want, p.arrived("crm", len(want)))
	if j := next.ended(j.ID); j.State != Done || j.Counts.Sent != int64(len(want)) {
		t.Errorf("job\n got %+v\nwant %d sent", j, len(want))
	}
}

// After a reload a replay goes on through the pipeline as it is then, and no count is lost.
func TestReloadInTheMiddle(t *testing.T) {
	p := newProject(t, small, nil)
	const all = 60 * 500
	p.capture("e", slices.Repeat([]int{500}, 60)...)
	p.run()
	q := p.request()
	q.Destination = "crm"
	j := p.start(q)
	before := waiting(t, p, j.ID)
	next := p.newStage(small, func(_ pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) { return out, nil })
	next.Continue(p.stage)
	p.now.Store(next)
	p.arrived("crm", int(before.Counts.Passed))
	j = p.ended(j.ID)
	if j.State != Done || j.Counts.Sent != all || j.Counts.Dropped == 0 || j.Counts.Passed+j.Counts.Dropped != all {
		t.Errorf("job\n got %+v\nwant %d sent, some of them dropped by the new transform", j, all)
	}
	if c := next.Replayed(); c.In.Load() != all || c.Dropped.Load() != j.Counts.Dropped {
		t.Errorf("counts\n got %d in, %d dropped\nwant %d and %d", c.In.Load(), c.Dropped.Load(), all, j.Counts.Dropped)
	}
}

func TestRateIsObeyed(t *testing.T) {
	p := newProject(t, large, nil)
	p.capture("e", 60)
	p.run()
	q := p.request()
	q.Rate = 100
	begin := time.Now()
	p.ended(p.start(q).ID)
	if took := time.Since(begin); took < 300*time.Millisecond { // the first 25 are free
		t.Errorf("60 events at 100 a second took %s", took)
	}
}

func TestTry(t *testing.T) {
	p := newProject(t, large, nil)
	p.capture("e", 10, 10)
	p.capture("f", 3)
	q := p.request()
	q.Where = "e"
	j, err := p.runner.Try(t.Context(), q, func(*Job) {})
	if err != nil || j.Counts.Read != 23 || j.Counts.Sent != 20 || j.Counts.Copies != 40 {
		t.Errorf("a try\n got %+v, %v\nwant 20 of 23 events, 40 copies", j, err)
	}
	if n := p.backlog("crm"); n != 0 {
		t.Errorf("a try sent %d frames", n)
	}
	if jobs, err := p.runner.List(t.Context()); err != nil || len(jobs) != 0 {
		t.Errorf("a try is remembered: %v, %v", jobs, err)
	}
}

func TestRefused(t *testing.T) {
	p := newProject(t, large, nil)
	hour := time.Now().Add(-time.Hour)
	for want, change := range map[string]func(*Request){
		`pipeline "wbe": there is none of that name; did you mean "web"?`:                    func(q *Request) { q.Pipeline = "wbe" },
		`pipeline "web": destination "crn": there is none of that name; did you mean "crm"?`: func(q *Request) { q.Destination = "crn" },
		`pipeline "web": destination "x": there is none of that name; there is crm, lake`:    func(q *Request) { q.Destination = "x" },
		"is not before until":     func(q *Request) { q.Until = hour.Add(-time.Hour) },
		"is in the future":        func(q *Request) { q.Since = time.Now().Add(time.Hour) },
		"want a time to begin at": func(q *Request) { q.Since = time.Time{} },
		"rate: want a number":     func(q *Request) { q.Rate = -1 },
		"--where:1:1: bad":        func(q *Request) { q.Where = "bad" },
		"the event log is empty":  func(*Request) {},
	} {
		q := Request{Pipeline: "web", Since: hour, Until: time.Now()}
		change(&q)
		if _, err := p.runner.Start(t.Context(), q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
	if _, err := p.runner.Resume(t.Context(), 7); err == nil || !strings.Contains(err.Error(), "replay 7: there is no such replay") {
		t.Errorf("a job that is not there\n got %v", err)
	}
}

// trimmed is a log that has lost its beginning.
type trimmed struct {
	*bus.Bus
	first  uint64
	oldest time.Time
}

func (l trimmed) FirstInLog(context.Context) (uint64, error) { return l.first, nil }

func (l trimmed) LogRange(ctx context.Context, since, until time.Time) (bus.LogRange, error) {
	r, err := l.Bus.LogRange(ctx, since, until)
	r.Cut, r.Oldest = true, l.oldest
	return r, err
}

func TestLogThatLostItsBeginning(t *testing.T) {
	p := newProject(t, large, nil)
	p.capture("e", 10, 10, 10)
	oldest := time.Now().Add(-30 * time.Minute).UTC()
	p.runner.deps.Log = trimmed{p.bus, 1, oldest}
	_, err := p.runner.Start(t.Context(), p.request())
	if err == nil || !strings.Contains(err.Error(), "no events from before "+oldest.Format(time.RFC3339Nano)+" any more") {
		t.Errorf("\n got %v\nwant the time from which on there are events", err)
	}
	q := p.request()
	q.Since = oldest
	j := p.start(q)
	// By the time that it is run, two of its frames have gone.
	p.runner.deps.Log = trimmed{p.bus, 3, oldest}
	p.run()
	if j := p.ended(j.ID); j.State != Done || j.Missed != 2 || j.Counts.Sent != 10 || j.Counts.Frames != 3 {
		t.Errorf("job\n got %+v\nwant done, 2 frames missed", j)
	}
}

// gappy is a log of which frames leave while it is read.
type gappy struct {
	*bus.Bus
	first atomic.Uint64
	gone  map[uint64]uint64 // at a frame, the frames before another have left
}

func (l *gappy) FirstInLog(context.Context) (uint64, error) { return l.first.Load(), nil }

func (l *gappy) ReadLog(ctx context.Context, from, to uint64, yield func(bus.LogFrame) error) error {
	return l.Bus.ReadLog(ctx, from, to, func(f bus.LogFrame) error {
		if f.Sequence < l.first.Load() {
			return nil
		}
		err := yield(f)
		if first, ok := l.gone[f.Sequence]; ok {
			l.first.Store(first)
		}
		return err
	})
}

// Frames that leave the log while it is read are reported, and those that never were captured ones are not.
func TestLogThatShrinksMeanwhile(t *testing.T) {
	p := newProject(t, large, nil)
	p.capture("e", 10, 10, 10)
	for i := range 2 { // frames 4 and 5: replayed letters
		if err := p.bus.Publisher().Publish("events.only.web.0", bus.NewMessage(fmt.Sprint("letter", i), nil)); err != nil {
			t.Fatal(err)
		}
	}
	p.capture("e", 10, 10, 10)
	log := &gappy{Bus: p.bus, gone: map[uint64]uint64{1: 3, 6: 9}}
	log.first.Store(1)
	p.runner.deps.Log = log
	p.run()
	if j := p.ended(p.start(p.request()).ID); j.State != Done || j.Missed != 3 || j.Counts.Sent != 30 {
		t.Errorf("job\n got %+v\nwant done: frames 2, 7 and 8 missed, 30 events sent", j)
	}
}

func TestTotal(t *testing.T) {
	for _, c := range []struct {
		job  Job
		want int64
	}{
		{Job{First: 1, Last: 0}, 0},
		{Job{First: 11, Last: 20}, 10},
		{Job{First: 11, Last: 20, Counts: Counts{Frames: 5, Read: 50}}, 100},
		{Job{First: 11, Last: 20, Counts: Counts{Frames: 10, Read: 70}}, 70},
	} {
		if got := c.job.Total(); got != c.want {
			t.Errorf("%+v\n got %d\nwant %d", c.job, got, c.want)
		}
	}
}
