package deliver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

const (
	simAckWait = 30 * time.Second
	simDedup   = 2 * time.Minute
)

var (
	errKilled = errors.New("the process is dead")
	errLost   = errors.New("no answer")
)

// simStream is the DELIVER and the DEAD stream of one destination as JetStream keeps them: work queues by lane with acknowledgements that
// wait 30 seconds, delayed refusals, schedules, and message ids that are remembered for two minutes. TestQueueContract holds it to the real
// one. Calls take time and get lost by the dice of their lane, as faults says.
type simStream struct {
	mu        sync.Mutex
	judge     *simJudge
	mutation  string
	faults    float64 // how likely a call is lost
	full      bool    // no dead letters are taken
	sequence  uint64
	lanes     []*simLane
	ids       map[string]time.Time
	schedules map[string]simSchedule
	changed   chan struct{}
	process   *simProcess // the living one
	breaker   func() BreakerStatus
	records   simJournal
}

// simProcess is a run of the stage, until it is killed.
type simProcess struct{ dead chan struct{} }

type simLane struct {
	dice    *rand.Rand
	queue   []*simFrame // by sequence; acknowledged ones are gone
	next    uint64      // the first sequence that has never been handed out
	pending map[uint64]time.Time
	again   []uint64
}

type simFrame struct {
	lane     int
	sequence uint64
	events   []pipeline.Event
	handed   int
	before   int
	after    uint64 // the frame that it follows
	firstAt  time.Time
	holder   *simDelivery // who has it in hand
}

type simSchedule struct {
	due   time.Time
	frame *simFrame
}

func newSimStream(lanes int, seed uint64, judge *simJudge) *simStream {
	s := &simStream{judge: judge, ids: map[string]time.Time{}, schedules: map[string]simSchedule{}, changed: make(chan struct{})}
	for lane := range lanes {
		s.lanes = append(s.lanes, &simLane{dice: rand.New(rand.NewPCG(seed, uint64(lane))), pending: map[uint64]time.Time{}})
	}
	s.process = &simProcess{dead: make(chan struct{})}
	return s
}

// restart ends the process. With reclaim, the next one takes back what is not settled, as the bus does with an embedded server.
func (s *simStream) restart(reclaim bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.process.dead)
	s.process = &simProcess{dead: make(chan struct{})}
	for _, l := range s.lanes {
		for _, f := range l.queue {
			if _, ok := l.pending[f.sequence]; ok {
				_, twice := s.ids["retry/"+strconv.FormatUint(f.sequence, 10)] // it and its successor
				s.judge.touch(f.events, !reclaim || twice)
				f.holder = nil
			}
		}
		if reclaim {
			l.again = l.again[:0]
			for _, f := range l.queue {
				if _, ok := l.pending[f.sequence]; ok {
					l.again = append(l.again, f.sequence)
				}
			}
		}
	}
	s.wake()
}

// stopping is told before a process is asked to stop: what it has in hand may be cut off.
func (s *simStream) stopping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lanes {
		for _, f := range l.queue {
			if f.holder != nil {
				s.judge.touch(f.events, false)
			}
		}
	}
}

func (s *simStream) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *simStream) put(f *simFrame) {
	s.sequence++
	f.sequence = s.sequence
	if f.firstAt.IsZero() {
		f.firstAt = time.Now()
	}
	l := s.lanes[f.lane]
	l.queue = append(l.queue, f)
	s.wake()
}

// publish is what process does.
func (s *simStream) publish(lane int, events []pipeline.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(&simFrame{lane: lane, events: events})
	s.judge.published(events)
}

func (s *simStream) empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.schedules) == 0 && !slices.ContainsFunc(s.lanes, func(l *simLane) bool { return len(l.queue) > 0 })
}

// advance does what the server does by itself until now, and returns when it has to do something next.
func (s *simStream) advance(now time.Time) (next time.Time) {
	next = now.Add(time.Hour)
	var due []string
	for subject, sch := range s.schedules {
		if sch.due.After(now) {
			next = earlier(next, sch.due)
			continue
		}
		due = append(due, subject)
	}
	slices.SortFunc(due, func(a, b string) int { return s.schedules[a].due.Compare(s.schedules[b].due) })
	for _, subject := range due {
		f := s.schedules[subject].frame
		delete(s.schedules, subject)
		s.put(f)
	}
	for _, l := range s.lanes {
		for _, f := range l.queue {
			deadline, ok := l.pending[f.sequence]
			switch {
			case !ok || slices.Contains(l.again, f.sequence):
			case deadline.After(now):
				next = earlier(next, deadline)
			default:
				l.again = append(l.again, f.sequence)
				if f.holder != nil {
					s.judge.expired(f.events)
				}
			}
		}
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// handOut takes the next frame that the lane may hand out.
func (s *simStream) handOut(l *simLane, inFlight int) *simFrame {
	if len(l.again) > 0 {
		f := l.find(l.again[0])
		l.again = l.again[1:]
		return f
	}
	if len(l.pending) >= inFlight {
		return nil
	}
	fresh := l.queue[l.after(l.next):]
	if len(fresh) == 0 {
		return nil
	}
	f := fresh[0]
	if s.mutation == "reorder" && len(fresh) > 1 && l.dice.Float64() < 0.2 {
		l.queue[l.after(l.next)], l.queue[l.after(l.next)+1] = fresh[1], fresh[0]
		f = l.queue[l.after(l.next)]
		f.sequence, fresh[1].sequence = fresh[1].sequence, f.sequence
	}
	l.next = f.sequence + 1
	return f
}

func (l *simLane) after(sequence uint64) int {
	i, _ := slices.BinarySearchFunc(l.queue, sequence, func(f *simFrame, n uint64) int { return int(f.sequence) - int(n) })
	return i
}

func (l *simLane) find(sequence uint64) *simFrame {
	if i := l.after(sequence); i < len(l.queue) && l.queue[i].sequence == sequence {
		return l.queue[i]
	}
	return nil
}

func (l *simLane) remove(sequence uint64) {
	l.queue = slices.DeleteFunc(l.queue, func(f *simFrame) bool { return f.sequence == sequence })
	l.again = slices.DeleteFunc(l.again, func(n uint64) bool { return n == sequence })
	delete(l.pending, sequence)
}

// call takes the time of a call, and reports whether it got lost; the dice are the lane's.
func (s *simStream) call(p *simProcess, lane int) (lost bool, err error) {
	s.mu.Lock()
	dice := s.lanes[lane].dice
	took := time.Duration(dice.Int64N(int64(4 * time.Millisecond)))
	lost = dice.Float64() < s.faults
	s.mu.Unlock()
	select {
	case <-time.After(took):
		return lost, nil
	case <-p.dead:
		return false, errKilled
	}
}

// store publishes under a message id, unless that is remembered.
func (s *simStream) store(id string, put func()) {
	now := time.Now()
	if at, ok := s.ids[id]; ok && now.Sub(at) < simDedup {
		return
	}
	s.ids[id] = now
	put()
}

// bury is Bus.Bury.
func (s *simStream) bury(p *simProcess) func(context.Context, []bus.DeadLetter) error {
	return func(_ context.Context, letters []bus.DeadLetter) error {
		lane := s.judge.lane(letters[0].Event)
		lost, err := s.call(p, lane)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.full || lost && s.lanes[lane].dice.IntN(2) == 0 {
			return errLost
		}
		for _, l := range letters {
			s.store("dead/"+l.Key, func() { s.judge.buried(l) })
			if s.mutation == "double letter" {
				s.judge.buried(l)
			}
		}
		if lost {
			s.judge.unanswered(letters)
			return errLost
		}
		return nil
	}
}

// simQueue is Bus.Deliveries.
type simQueue struct {
	stream         *simStream
	process        *simProcess
	lane, inFlight int
}

func (q *simQueue) Fetch(ctx context.Context, limit bus.FetchLimit) ([]delivery, error) {
	end := time.Now().Add(limit.Wait)
	lost, err := q.stream.call(q.process, q.lane)
	for err == nil {
		got, next, changed := q.take(ctx, limit.Frames)
		if len(got) > 0 && lost {
			q.lose(got)
			return nil, errLost
		}
		now := time.Now()
		if len(got) > 0 || !now.Before(end) {
			return got, nil
		}
		timer := time.NewTimer(earlier(next, end).Sub(now))
		select {
		case <-timer.C:
		case <-changed:
		case <-q.process.dead:
			err = errKilled
		case <-ctx.Done():
			err = ctx.Err()
		}
		timer.Stop()
		if err == nil && ctx.Err() != nil {
			err = ctx.Err()
		}
	}
	return nil, err
}

// The lanes of a simulated process are always its own.
func (q *simQueue) Settled()               {}
func (q *simQueue) Alive() context.Context { return context.Background() }
func (q *simQueue) Close() error           { return nil }

// lose drops frames on the way to the process.
func (q *simQueue) lose(got []delivery) {
	q.stream.mu.Lock()
	defer q.stream.mu.Unlock()
	for _, d := range got {
		f := d.(*simDelivery).frame
		f.holder = nil
		q.stream.judge.touch(f.events, true)
	}
}

func (q *simQueue) take(ctx context.Context, frames int) (out []delivery, next time.Time, changed chan struct{}) {
	s, now := q.stream, time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	next = s.advance(now)
	if s.process != q.process {
		return nil, next, s.changed
	}
	l := s.lanes[q.lane]
	for len(out) < frames && ctx.Err() == nil {
		f := s.handOut(l, q.inFlight)
		if f == nil {
			break
		}
		if f.holder = (&simDelivery{queue: q, frame: f}); s.mutation != "forget attempts" || f.handed < 2 {
			f.handed++
		}
		f.holder.attempts = f.before + f.handed
		l.pending[f.sequence] = now.Add(simAckWait)
		s.judge.handedOut(f.events, f.holder.attempts, s.breaker())
		out = append(out, f.holder)
	}
	return out, next, s.changed
}

// simDelivery is bus.Delivery.
type simDelivery struct {
	queue    *simQueue
	frame    *simFrame
	attempts int
	settled  bool
}

func (d *simDelivery) Frame() bus.Frame { return d.FrameIn(nil) }
func (d *simDelivery) FrameIn(room []pipeline.Event) bus.Frame {
	if cap(room) < len(d.frame.events) {
		room = nil
	}
	return bus.Frame{Lane: d.queue.lane, Events: append(room[:0], d.frame.events...)}
}
func (d *simDelivery) Trace() trace.Context { return trace.Context{} }
func (d *simDelivery) Attempts() int        { return d.attempts }
func (d *simDelivery) FirstAt() time.Time   { return d.frame.firstAt }
func (d *simDelivery) Replayed() bool       { return false }
func (d *simDelivery) Sequence() uint64     { return d.frame.sequence }
func (d *simDelivery) Origin() string       { return "" }
func (d *simDelivery) Key() uint64          { return 0 }
func (d *simDelivery) After() uint64        { return d.frame.after }

// settle does something to the frame after the time of a call, if that is not lost. A loud one says so.
func (d *simDelivery) settle(loud, settles bool, do func(l *simLane, pending bool)) error {
	lost, err := d.queue.stream.call(d.queue.process, d.queue.lane)
	if err != nil {
		return err
	}
	return d.change(lost, loud, settles, do)
}

func (d *simDelivery) change(lost, loud, settles bool, do func(l *simLane, pending bool)) error {
	s := d.queue.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != d.queue.process {
		return errKilled
	}
	if settles && d.settled {
		s.judge.fail("frame %d is settled twice", d.frame.sequence)
	}
	if lost {
		s.judge.touch(d.frame.events, true)
	}
	if lost && loud {
		return errLost
	}
	if settles {
		d.settled = true
		if d.frame.holder == d {
			d.frame.holder = nil
		}
	}
	l := s.lanes[d.queue.lane]
	if _, pending := l.pending[d.frame.sequence]; !lost {
		do(l, pending)
		s.wake()
	}
	return nil
}

// InProgress takes no time, since it waits for nobody.
func (d *simDelivery) InProgress() error {
	s := d.queue.stream
	s.mu.Lock()
	lost := s.lanes[d.queue.lane].dice.Float64() < s.faults
	s.mu.Unlock()
	return d.change(lost, false, false, func(l *simLane, pending bool) {
		if pending {
			l.pending[d.frame.sequence] = time.Now().Add(simAckWait)
		}
	})
}

func (d *simDelivery) Ack(context.Context) error {
	return d.settle(false, true, func(l *simLane, _ bool) {
		if d.queue.stream.mutation == "double" && l.dice.Float64() < 0.1 {
			l.again = append(l.again, d.frame.sequence)
			return
		}
		l.remove(d.frame.sequence)
	})
}

func (d *simDelivery) Delay(delay time.Duration) error {
	if delay <= 0 {
		return d.Release()
	}
	return d.settle(false, true, func(l *simLane, pending bool) {
		if d.drops(l) {
			return
		}
		l.again = slices.DeleteFunc(l.again, func(n uint64) bool { return n == d.frame.sequence })
		if pending {
			l.pending[d.frame.sequence] = time.Now().Add(delay)
		}
	})
}

// drops is the mutation that loses what was to come again.
func (d *simDelivery) drops(l *simLane) bool {
	if d.queue.stream.mutation != "drop" || l.dice.Float64() > 0.1 {
		return false
	}
	l.remove(d.frame.sequence)
	return true
}

func (d *simDelivery) Release() error {
	return d.settle(true, true, func(l *simLane, pending bool) {
		if pending && !slices.Contains(l.again, d.frame.sequence) {
			l.again = append(l.again, d.frame.sequence)
		}
	})
}

func (d *simDelivery) Retry(ctx context.Context, delay time.Duration) error {
	return d.Remainder(ctx, d.frame.events, delay)
}

func (d *simDelivery) Remainder(ctx context.Context, events []pipeline.Event, delay time.Duration) error {
	s := d.queue.stream
	lost, err := s.call(d.queue.process, d.queue.lane)
	if err != nil {
		return err
	}
	s.mu.Lock()
	l := s.lanes[d.queue.lane]
	if s.process != d.queue.process {
		s.mu.Unlock()
		return errKilled
	}
	if !lost || l.dice.IntN(2) == 0 { // a lost answer is no lost message
		id := strconv.FormatUint(d.frame.sequence, 10)
		f := &simFrame{lane: d.queue.lane, events: slices.Clone(events), before: d.attempts, after: d.frame.sequence, firstAt: d.frame.firstAt}
		s.store("retry/"+id, func() {
			switch {
			case s.mutation == "drop" && l.dice.Float64() < 0.1:
			case delay > 0:
				late := time.Duration(l.dice.Int64N(int64(time.Second)))
				s.schedules[fmt.Sprintf("retry.%d.%s", d.queue.lane, id)] = simSchedule{due: time.Now().Add(delay + late), frame: f}
			default:
				s.put(f)
			}
			s.wake()
		})
	}
	if lost {
		s.judge.touch(d.frame.events, true)
	}
	s.mu.Unlock()
	if lost {
		return errLost
	}
	return d.Ack(ctx)
}
