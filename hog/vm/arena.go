package vm

import "unsafe"

// Arena is memory for containers that a host makes, hands to one run, and drops with all that the run left. After Reset
// others are made in the same memory, so nothing may hold one of them then: neither the result of the run nor an error,
// which can have a thrown value in it. Texts are not in the arena. The zero value is ready. It is not safe for concurrent
// use.
type Arena struct {
	dicts   slab[Dict]
	entries slab[entry]
	arrays  slab[Array]
	items   slab[Value]
}

// ParseJSON is ParseJSON with dictionaries and arrays in the arena.
func (a *Arena) ParseJSON(text string) (Value, error) { return parseJSON(text, nil, a) }

// Clone is Dict.Clone in the arena.
func (a *Arena) Clone(d *Dict) *Dict {
	out := a.dict(len(d.entries))
	out.copyOf(d)
	return out
}

// Reset makes the memory free again.
func (a *Arena) Reset() {
	a.dicts.reset()
	a.entries.reset()
	a.arrays.reset()
	a.items.reset()
}

// dict is NewDict; without an arena it is on the heap.
func (a *Arena) dict(n int) *Dict {
	if a == nil {
		return NewDict(n)
	}
	d := &a.dicts.take(1)[0]
	d.entries = a.entries.take(n)[:0]
	return d
}

// array is copyArray; without an arena it is on the heap.
func (a *Arena) array(items []Value) Value {
	if a == nil {
		return copyArray(items)
	}
	list := &a.arrays.take(1)[0]
	list.Items = a.items.take(len(items))
	copy(list.Items, items)
	return object(KindArray, unsafe.Pointer(list))
}

// slab hands out pieces of one block of memory. What the block has no room for is on the heap.
type slab[T any] struct {
	block  []T
	used   int
	wanted int // how much was asked for since the last reset
}

// largestSlab is up to how many elements a block has.
const largestSlab = 1024

func (s *slab[T]) take(n int) []T {
	s.wanted += n
	end := s.used + n
	if end > len(s.block) {
		return make([]T, n)
	}
	piece := s.block[s.used:end:end]
	s.used = end
	return piece
}

// reset clears the block, so that it keeps nothing alive, and makes it larger when it was too small.
func (s *slab[T]) reset() {
	if s.wanted > len(s.block) && len(s.block) < largestSlab {
		s.block = make([]T, min(2*s.wanted, largestSlab))
	} else {
		clear(s.block[:s.used])
	}
	s.used, s.wanted = 0, 0
}
