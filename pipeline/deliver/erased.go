package deliver

import "github.com/prickle-dev/prickle/pipeline/bus"

// erase takes the events out of a batch whose persons were erased after they were captured. They are done with: the journal has them in a class of
// their own, and there is no letter.
func (b *batch) erase(gone erasures) {
	if !b.anyErased(gone) {
		return
	}
	b.events, b.bytes = nil, 0
	for i := range b.frames {
		b.frames[i].erase(gone)
		b.frames[i].from = len(b.events)
		for j, e := range b.frames[i].content.Events {
			if known := b.frames[i].known; known == nil || !known[j].final {
				b.bytes += e.Size()
				b.events = append(b.events, e)
			}
		}
		b.frames[i].to = len(b.events)
	}
}

func (b *batch) anyErased(gone erasures) bool {
	for i := range b.events {
		if gone.Has(&b.events[i]) {
			return true
		}
	}
	return false
}

func (f *frame) erase(gone erasures) {
	known := make([]result, len(f.content.Events))
	copy(known, f.known)
	for i := range known {
		if !known[i].final && gone.Has(&f.content.Events[i]) {
			known[i] = result{final: true, class: bus.ClassErased}
			f.known = known
		}
	}
}
