package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// shortWait is the longest wait for which a frame is delayed where it is; for a longer one it goes into the stream anew, to come back by
// schedule. Delaying costs no write but holds one of the lane's bus.InFlight slots: with 10,000 of them and 5 seconds, a lane would have to
// fail 2,000 frames a second to run out, many times what single calls of a destination make and a breaker lets pass. Schedules hold none,
// so that an outage of a day holds up nobody. They also write the attempts down, which a crash may forget of delays.
const shortWait = 5 * time.Second

// decision sorts a frame's events by what becomes of them.
type decision struct {
	results  []result // by the frame's events
	letters  []bus.DeadLetter
	dead     []int // indexes of events in letters
	again    []pipeline.Event
	delay    time.Duration // before again
	fresh    int           // delivered now
	whole    bool          // again is all of the frame
	cutShort bool          // again was cut off: nothing is known of it
	unburied error         // why the letters could not be stored
}

// settle settles each frame of a batch by what became of its events, once the journal has it. errs is by the batch's events; cutShort says that
// the sending was ended by a stop.
//
// A batch that is delivered as a whole, which all but a few are, is acknowledged beside the next one: waiting for the journal costs no time.
func (w *worker) settle(ctx context.Context, b *batch, errs []error, cutShort bool) {
	decisions, plain := make([]*decision, len(b.frames)), true
	for i := range b.frames {
		f := &b.frames[i]
		decisions[i] = w.decide(ctx, f, f.results(errs), cutShort)
		plain = plain && decisions[i] == nil
	}
	records := w.records(b, errs, decisions)
	stored := make([]func(context.Context) error, len(records))
	for i, r := range records {
		stored[i] = w.stage.out.journal(r)
	}
	conclude := func(ctx context.Context) {
		// Events that are delivered must not be sent again because the journal cannot be written.
		for _, wait := range stored {
			_ = wait(ctx)
		}
		for f := b.settle(); f != nil; f = b.settle() {
			if err := w.conclude(ctx, f, decisions[0]); err != nil {
				w.unsettled(f, err)
			}
			decisions = decisions[1:]
		}
	}
	if !plain {
		conclude(ctx)
		return
	}
	w.concluding <- struct{}{}
	w.hand.take()
	w.conclusions.Go(func() {
		defer w.hand.done()
		defer func() { <-w.concluding }()
		conclude(context.WithoutCancel(ctx)) // it has a limit of its own
	})
}

// unsettled is told of a frame that is delivered again when the bus has waited long enough for us.
func (w *worker) unsettled(f *frame, err error) {
	w.stage.log.Warn("frame not settled", "lane", w.lane, "sequence", f.delivery.Sequence(), "error", err)
}

// decide says what is to become of a frame, after it has buried what is given up. It is nil when all of it is delivered.
func (w *worker) decide(ctx context.Context, f *frame, errs []error, cutShort bool) *decision {
	c := w.stage.countsOf(f)
	if errs == nil && len(f.content.Bad) == 0 {
		c.delivered(f, len(f.content.Events), w.stage.now())
		return nil
	}
	o := w.sort(f, errs, cutShort)
	c.delivered(f, o.fresh, w.stage.now())
	if len(o.letters) > 0 {
		if o.unburied = w.bury(ctx, o.letters); o.unburied != nil {
			// What is delivered must not be sent again because the dead letters cannot be stored.
			w.memory.keep(f.delivery.Sequence(), remembered{o.results, f.lines})
			return o
		}
		w.buried(f, o)
	}
	w.memory.keep(f.delivery.Sequence(), remembered{o.results, len(f.content.Bad) > 0})
	return o
}

// conclude settles a frame as it was decided.
func (w *worker) conclude(ctx context.Context, f *frame, o *decision) error {
	switch {
	case o == nil:
		return f.delivery.Ack(ctx)
	case o.unburied != nil:
		return errors.Join(o.unburied, f.delivery.Delay(busPause))
	}
	if err := w.finish(ctx, f, o); err != nil {
		return err
	}
	if len(o.again) == 0 || !w.stage.target.Strict {
		w.memory.forget(f.delivery.Sequence())
	}
	if !o.cutShort {
		w.stage.countsOf(f).Retried.Add(int64(len(o.again)))
	}
	return nil
}

var errGaveUp = errors.New("gave up")

// buried counts what has got a dead letter, and remembers it as done.
func (w *worker) buried(f *frame, o *decision) {
	c := w.stage.countsOf(f)
	for _, i := range o.dead {
		o.results[i].class = classOf(o.results[i].err)
		if errors.Is(o.results[i].err, errGaveUp) {
			c.GivenUp.Add(1)
		} else {
			c.Refused.Add(1)
		}
		o.results[i].err = nil
	}
	c.Unreadable.Add(int64(len(o.letters) - len(o.dead)))
	c.Dead.Add(int64(len(o.letters)))
}

// sort decides on each event of a frame.
func (w *worker) sort(f *frame, errs []error, cutShort bool) *decision {
	o := &decision{letters: w.unreadable(f), results: make([]result, len(f.content.Events)), cutShort: cutShort}
	late := w.stage.now().Sub(f.delivery.FirstAt()) >= w.stage.target.Retry.GiveUp
	for i := range o.results {
		var err error
		if errs != nil {
			err = errs[i]
		}
		known := f.known != nil && f.known[i].final
		switch {
		case err == nil:
			o.results[i].final = true
			if known {
				o.results[i].class = f.known[i].class
			} else {
				o.fresh++
			}
			continue
		case pipeline.IsPermanent(err):
		case late && !cutShort:
			err = fmt.Errorf("%w after %s: %w", errGaveUp, w.stage.target.Retry.GiveUp, err)
		default:
			o.again = append(o.again, f.content.Events[i])
			o.delay = max(o.delay, w.delay(f, err))
			continue
		}
		o.results[i] = result{final: true, err: err}
		o.dead = append(o.dead, i)
		o.letters = append(o.letters, w.letter(f, i, err))
	}
	o.whole = len(o.again) == len(o.results) && len(o.letters) == 0
	if cutShort {
		o.delay = 0
	}
	return o
}

// finish acknowledges the frame, or puts back the events that are to be tried again: the frame itself when that is all of it. In strict
// order it is always the frame itself, since a new one would stand behind what it must go before; the memory knows what of it is done.
func (w *worker) finish(ctx context.Context, f *frame, o *decision) error {
	switch {
	case len(o.again) == 0:
		return f.delivery.Ack(ctx)
	case (o.whole || w.stage.target.Strict) && o.delay <= 0:
		return f.delivery.Release()
	case w.stage.target.Strict, o.whole && o.delay <= shortWait:
		return f.delivery.Delay(o.delay)
	case o.whole:
		return f.delivery.Retry(ctx, o.delay)
	}
	return f.delivery.Remainder(ctx, o.again, o.delay)
}

// delay is the policy's, or the destination's own when it names a longer one.
func (w *worker) delay(f *frame, err error) time.Duration {
	d := w.stage.target.Retry.Delay(f.delivery.Attempts(), w.stage.out.chance())
	if named, ok := pipeline.RetryDelay(err); ok {
		d = max(d, named)
	}
	return d
}
