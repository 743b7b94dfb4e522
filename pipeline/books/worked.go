package books

import (
	"maps"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// reworked is how many frames of a lane of a pipeline are remembered, twice as many as a take has: each of dozens of lanes keeps some hundred bytes of
// them.
const reworked = 128

// worked is what the frames of a lane of a pipeline came to that were worked last, by sequence. A frame is worked again after a crash, and when the
// queues could not take what it came to.
type worked struct {
	outcomes map[uint64]*bus.ProcessRecord
	order    []uint64
}

// note takes a frame's record in, and returns the one before when the frame came to something else.
func (w *worked) note(r *bus.ProcessRecord) (before *bus.ProcessRecord) {
	is := &bus.ProcessRecord{In: r.In, Out: r.Out, Dropped: numbers(r.Dropped), Dead: numbers(r.Dead), To: numbers(r.To), NotTo: numbers(r.NotTo), Pipeline: r.Pipeline}
	was := w.outcomes[r.Sequence]
	switch {
	case was == nil && len(w.order) > 0 && r.Sequence < w.order[0]:
		return nil // it is remembered no more, and must not take the place of those that come again next
	case was == nil:
		w.order = append(w.order, r.Sequence)
	case same(was, is):
		return nil
	}
	w.outcomes[r.Sequence] = is
	if was != nil {
		return was
	}
	if len(w.order) > reworked {
		delete(w.outcomes, w.order[0])
		w.order = w.order[1:]
	}
	return nil
}

// numbers are how many events, without which.
func numbers(of map[string]bus.Some) map[string]bus.Some {
	if len(of) == 0 {
		return nil
	}
	out := make(map[string]bus.Some, len(of))
	for key, s := range of {
		out[key] = bus.Some{N: s.N}
	}
	return out
}

func same(a, b *bus.ProcessRecord) bool {
	equal := func(a, b map[string]bus.Some) bool {
		return maps.EqualFunc(a, b, func(a, b bus.Some) bool { return a.N == b.N })
	}
	return a.In == b.In && a.Out == b.Out && equal(a.Dropped, b.Dropped) && equal(a.Dead, b.Dead) && equal(a.To, b.To) && equal(a.NotTo, b.NotTo)
}
