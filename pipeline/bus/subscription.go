package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go/jetstream"
)

// subscription is one call of Subscribe.
type subscription struct {
	*Subscriber
	topic    string
	lane     workLane
	config   jetstream.ConsumerConfig
	frames   int // that a message may hold
	standing *standing
	done     uint64         // frames up to this one are settled
	acking   sync.WaitGroup // acknowledgements that the server has not confirmed yet
	out      chan *message.Message
	hand     *hand
}

// run works the lane whenever it is this process's.
func (s *subscription) run(ctx context.Context) {
	defer close(s.out)
	defer s.bus.dropHand(s.hand)
	if s.bus.cluster != nil {
		defer s.bus.cluster.leave(s.lane.group())
	}
	stopping, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	defer context.AfterFunc(s.bus.closed, cancel)()
	turn := s.bus.turn(s.config.Durable)
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-stopping.Done():
		return
	}
	if s.bus.keepsStanding(s.topic) {
		defer s.standing.last() // before the next one has the turn, whose standing it would overwrite
		var keeping sync.WaitGroup
		keeping.Go(func() { s.standing.keep(stopping) })
		defer keeping.Wait()
	}
	defer s.acking.Wait()
	defer cancel()
	for stopping.Err() == nil {
		t, err := s.bus.claim(stopping, s.lane)
		if err != nil {
			return
		}
		err = s.work(ctx, stopping, t)
		troubled := err != nil && stopping.Err() == nil && !over(t.moved)
		s.bus.release(t)
		switch {
		case !troubled:
		case errors.Is(err, errPassedBy):
			Pause(stopping, passedByPause)
		default:
			s.bus.log.Warn("waiting for events", "topic", s.topic, "pipeline", s.pipeline, "error", err)
			Pause(stopping, reopenPause)
		}
	}
}

// passedByPause is the wait before a lane is begun anew for a frame that did not arrive. It keeps two processes that both believe to own a lane from
// taking it from each other all the time.
const passedByPause = 20 * time.Millisecond

// turn is held by the subscription that works a consumer, of those in this process.
func (b *Bus) turn(consumer string) chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.turns[consumer] == nil {
		b.turns[consumer] = make(chan struct{}, 1)
	}
	return b.turns[consumer]
}

// longestRest bounds the rest of a lane after each take, which is as long as the take took: an idle machine makes it short, and on a busy one more
// frames wait meanwhile, which are cheaper to work together. A lane that lags behind does not rest.
const longestRest = 250 * time.Millisecond

// work hands out messages until the tenure or the subscription is to end, or until something may have got lost on the way. What is in hand then
// is not put back: whoever works the lane next takes it over.
func (s *subscription) work(ctx, stopping context.Context, t *tenure) error {
	ending, cancel := context.WithCancel(t.moved)
	defer cancel()
	defer context.AfterFunc(stopping, cancel)()
	taker, err := s.begin(ending)
	if err != nil {
		return err
	}
	defer func() {
		if over(ending) && !over(t.cut) { // otherwise what is not confirmed is looked after anew
			s.acking.Wait()
		}
	}()
	for {
		got, err := taker.take(ending)
		switch {
		case over(ending):
			if got != nil {
				s.bus.keep(got, 0)
			}
			return nil
		case err != nil:
			return err
		case got == nil:
			continue
		}
		s.hand.take(got.frames[0].Stored)
		began := time.Now()
		done, err := s.handle(ctx, ending, t.cut, taker, got)
		s.bus.keep(got, 0)
		if !done {
			return err
		}
		took := time.Since(began)
		taker.pace(len(got.frames), took)
		if taker.frames > 1 && !got.more {
			Pause(ending, min(took, longestRest))
		}
	}
}

// handle gives frames to the handler, as often as it takes, and settles them. It reports false when the lane is not to be worked on as it is.
func (s *subscription) handle(ctx, ending, cut context.Context, from *taker, t *take) (bool, error) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(cut, cancel)()
	alive := time.NewTicker(s.bus.ackWait / 3)
	defer alive.Stop()
	for {
		m := t.message(work)
		if taken, err := s.offer(ending, m, t, alive.C); !taken {
			return false, err
		}
		acked, err := s.await(ending, cut, cancel, m, t, alive.C)
		if acked {
			err = s.settle(from, t)
		}
		if acked || err != nil || over(ending) || over(cut) {
			return acked && err == nil, err
		}
		if err := s.rest(ending, t, alive.C); err != nil || over(ending) {
			return false, err
		}
	}
}

// offer waits for the handler to take a message.
func (s *subscription) offer(ending context.Context, m *message.Message, t *take, alive <-chan time.Time) (taken bool, err error) {
	for {
		select {
		case s.out <- m:
			return true, nil
		case <-ending.Done():
			return false, nil
		case <-alive:
			if err := t.inProgress(); err != nil {
				return false, err
			}
		}
	}
}

// await waits for the handler's word. Its context is the subscription's, and outlives the end of that by Grace, but not cut.
func (s *subscription) await(ending, cut context.Context, cancel context.CancelFunc, m *message.Message, t *take, alive <-chan time.Time) (acked bool, err error) {
	ended, lost := ending.Done(), cut.Done()
	var patience, last <-chan time.Time
	for {
		select {
		case <-m.Acked():
			return true, nil
		case <-m.Nacked():
			return false, nil
		case <-alive:
			if err := t.inProgress(); err != nil {
				s.bus.log.Warn("keeping frames", "topic", s.topic, "pipeline", s.pipeline, "error", err)
			}
		case <-ended:
			ended, patience = nil, time.After(s.Grace)
		case <-patience:
			cancel()
			patience, last = nil, time.After(time.Second) // a handler whose context has been cancelled may still say how it went
		case <-lost:
			cancel()
			lost, last = nil, time.After(time.Second)
		case <-last:
			return false, nil
		}
	}
}

// settle acknowledges frames. A clean stop waits for the server to know, so that it never repeats one. The next take need not: an outside server
// hands it out once it has read the acknowledgement, long before the other servers, too, have stored it.
func (s *subscription) settle(from *taker, t *take) error {
	s.done = t.frames[len(t.frames)-1].Sequence
	s.standing.reached(s.done)
	s.hand.done()
	if !s.bus.Shared() {
		from.done = s.done
		return t.ack()
	}
	s.acking.Go(func() {
		if err := t.ack(); err != nil {
			s.report(err)
			from.lost.Store(true)
		}
	})
	return nil
}

// report logs an acknowledgement that did not arrive. The frames come again, which costs time and nothing else.
func (s *subscription) report(err error) {
	if err != nil {
		s.bus.log.Warn("settling frames", "topic", s.topic, "pipeline", s.pipeline, "error", err)
	}
}

// rest is the pause after a Nack.
func (s *subscription) rest(ending context.Context, t *take, alive <-chan time.Time) error {
	over := time.NewTimer(s.NackDelay)
	defer over.Stop()
	for {
		select {
		case <-over.C:
			return nil
		case <-ending.Done():
			return nil
		case <-alive:
			if err := t.inProgress(); err != nil {
				return err
			}
		}
	}
}
