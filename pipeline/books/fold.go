package books

import "github.com/prickle-dev/prickle/pipeline/bus"

// Enter enters a record of the journal, but for the places of a bus.BeginRecord, which are Begin's.
func (b *Books) Enter(e bus.JournalEntry) {
	b.Journal = e.Sequence
	b.Lost += e.Lost
	switch {
	case e.Begin != nil:
		for pipeline, destinations := range e.Begin.Waiting {
			for name, waiting := range destinations {
				b.pipeline(pipeline).open(name, waiting)
			}
		}
	case e.Process != nil && !e.Process.Again:
		b.process(e.Process)
	case e.Deliver != nil && !e.Deliver.Again:
		if d := b.destination(e.Deliver.Pipeline, e.Deliver.Destination); d != nil {
			b.deliver(d, e.Deliver)
		}
	}
}

// Remember takes from a record that is in the books already what it takes to know a repeat of it.
func (b *Books) Remember(e bus.JournalEntry) {
	switch {
	case e.Deliver != nil && !e.Deliver.Again:
		b.deliver(nil, e.Deliver)
	case e.Process != nil && !e.Process.Again:
		b.workedOf(e.Process).note(e.Process)
	}
}

func (b *Books) process(r *bus.ProcessRecord) {
	l := b.lane(r.Pipeline, r.Lane)
	if l == nil || r.Sequence <= l.Begun {
		return // of before the account was opened
	}
	before := b.workedOf(r).note(r)
	switch {
	case r.Sequence > l.Done:
		l.Done = r.Sequence
	case before == nil:
		return // the same once more
	default: // the project is another one by now, or what a transform asks for is
		b.pipeline(r.Pipeline).Redone++
		b.count(l, before, -1)
	}
	b.count(l, r, 1)
}

// count enters what a frame of a lane came to, or takes it out when sign is -1.
func (b *Books) count(l *Lane, r *bus.ProcessRecord, sign int64) {
	l.In += sign * int64(r.In)
	dropped, dead := count(r.Dropped), count(r.Dead)
	made := int64(r.Out) - (int64(r.In) - dropped - dead)
	for name, to := range r.To {
		p := b.pipeline(r.Pipeline)
		p.open(name, 0)
		d := p.Destinations[name]
		d.In += sign * int64(r.In)
		d.Made += sign * made
		d.Copies += sign * int64(to.N)
		for transform, s := range r.Dropped {
			d.Filtered[transform] += sign * int64(s.N)
		}
		for class, s := range r.Dead {
			d.Refused[class] += sign * int64(s.N)
		}
		failed := int64(r.NotTo[name].N)
		if failed > 0 {
			d.Refused[bus.ClassWhen] += sign * failed
		}
		if unwanted := int64(r.Out) - int64(to.N) - failed; unwanted > 0 {
			d.Filtered[When] += sign * unwanted
		}
	}
}

// workedOf returns what is known of the lane of a record.
func (b *Books) workedOf(r *bus.ProcessRecord) *worked {
	key := laneOf{pipeline: r.Pipeline, lane: r.Lane}
	if b.worked == nil {
		b.worked = map[laneOf]*worked{}
	}
	w := b.worked[key]
	if w == nil {
		w = &worked{outcomes: map[uint64]*bus.ProcessRecord{}}
		b.worked[key] = w
	}
	return w
}

func count(of map[string]bus.Some) (n int64) {
	for _, s := range of {
		n += int64(s.N)
	}
	return n
}

// deliver enters an attempt into d, or only remembers it when d is nil.
func (b *Books) deliver(d *Destination, r *bus.DeliverRecord) {
	key := laneOf{r.Pipeline, r.Destination, r.Lane}
	if b.recent == nil {
		b.recent = map[laneOf]*recent{}
	}
	lane := b.recent[key]
	if lane == nil {
		lane = &recent{frames: map[uint64]*frame{}, keys: map[uint64]*frame{}}
		b.recent[key] = lane
	}
	for i := range r.Frames {
		delivered, dead := lane.enter(&r.Frames[i])
		if d == nil {
			continue
		}
		d.Delivered += delivered
		for class, n := range dead {
			d.Dead[class] += n
		}
	}
}
