package books

import (
	"encoding/json"
	"hash/fnv"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// worked is what the frames of a lane of a pipeline came to that were worked last, as hashes by sequence. A frame is worked again after a crash, and
// comes to the same unless its project has changed.
type worked struct {
	outcomes map[uint64]uint64
	order    []uint64
}

// note takes a frame's record in, and reports whether the frame came to something else before.
func (w *worked) note(r *bus.ProcessRecord) (other bool) {
	is := outcomeOf(r)
	was, again := w.outcomes[r.Sequence]
	w.outcomes[r.Sequence] = is
	if again {
		return was != is
	}
	w.order = append(w.order, r.Sequence)
	if len(w.order) > remembered {
		delete(w.outcomes, w.order[0])
		w.order = w.order[1:]
	}
	return false
}

// outcomeOf is a hash of what a frame came to, whatever it was worked with and by which configuration.
func outcomeOf(r *bus.ProcessRecord) uint64 {
	h := fnv.New64a()
	// A record that was read as JSON can be written as such, and a hash takes every write.
	_ = json.NewEncoder(h).Encode(bus.ProcessRecord{In: r.In, Out: r.Out, Dropped: r.Dropped, Dead: r.Dead, To: r.To, NotTo: r.NotTo})
	return h.Sum64()
}
