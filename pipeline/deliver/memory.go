package deliver

import "slices"

// memory holds, by sequence, what is known of the events of frames that come again although some of their events are done: in strict order,
// where a frame keeps its place until all of it is done, and where the bus could not take the rest. It dies with the process: then an event
// that was delivered may be sent once more, in its place.
type memory map[uint64]remembered

type remembered struct {
	results []result // by the frame's events
	lines   bool     // what of the frame is no event is in the dead letters
}

// maxMemory bounds the frames in a memory. One is forgotten for another only after as many have failed to be settled.
const maxMemory = 1000

// keep remembers a frame of which anything is done.
func (m *memory) keep(sequence uint64, of remembered) {
	if of.lines || slices.ContainsFunc(of.results, func(r result) bool { return r.final }) {
		if *m == nil {
			*m = memory{}
		}
		(*m)[sequence] = of
	}
	for old := range *m {
		if len(*m) <= maxMemory {
			break
		}
		delete(*m, old)
	}
}

// forget drops what is known of a frame that is settled.
func (m memory) forget(sequence uint64) { delete(m, sequence) }
