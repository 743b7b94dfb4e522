package vm

import "sort"

// layout is how a function with a callback lies on the stack while its callback runs, in a saved state. It is that of
// the reference, where these functions are bytecode: which of its slots holds what, and where its bytecode goes on.
// Slots that it has no more use for hold copies of others.
type layout struct {
	size     int
	callback int
	lists    []int // the list of items; the last one is read back
	result   int   // -1 when the function has none before its end
	results  []int // copies of the result
	index    int   // of the current item, from 1
	count    int
	item     int
	ip       int
	args     int
}

var layouts = map[Callback]layout{
	CallbackMap: {
		size: 9, lists: []int{1, 3, 4}, result: 2, results: []int{8}, index: 5, count: 6, item: 7, ip: 39, args: 2,
	},
	CallbackFilter: {size: 8, lists: []int{1, 3, 4}, result: 2, index: 5, count: 6, item: 7, ip: 37, args: 2},
	CallbackCount:  {size: 8, lists: []int{1, 3, 4}, result: 2, index: 5, count: 6, item: 7, ip: 37, args: 2},
	CallbackExists: {size: 7, lists: []int{1, 2, 3}, result: -1, index: 4, count: 5, item: 6, ip: 35, args: 2},
	CallbackReduce: {size: 9, lists: []int{1, 4, 5}, result: 3, index: 6, count: 7, item: 8, ip: 39, args: 3},
}

// shift is how much a slot of the stack moves, from a height on, between a machine and a saved state.
type shift struct{ from, by int }

// shifted is a height, or a slot, on the other side. The shifts are in the order of their heights and add up.
func shifted(shifts []shift, h int) int {
	n := sort.Search(len(shifts), func(i int) bool { return shifts[i].from > h })
	if n == 0 {
		return h
	}
	return h + shifts[n-1].by
}

// addShift appends one that comes on top of those before.
func addShift(shifts []shift, from, by int) []shift {
	if n := len(shifts); n > 0 {
		by += shifts[n-1].by
	}
	return append(shifts, shift{from, by})
}

// save is the slots of a saved state for those of a frame.
func (l *layout) save(slots []Value) []Value {
	saved := make([]Value, l.size)
	saved[l.callback] = slots[slotCallback]
	for _, i := range l.lists {
		saved[i] = slots[slotList]
	}
	if l.result >= 0 {
		saved[l.result] = slots[slotResult]
	}
	for _, i := range l.results {
		saved[i] = slots[slotResult]
	}
	items := slots[slotList].array().Items
	saved[l.index], saved[l.count] = slots[slotIndex], Number(float64(len(items)))
	if i := int(slots[slotIndex].num()) - 1; i >= 0 && i < len(items) {
		saved[l.item] = items[i]
	}
	return saved
}

// restore is the slots of a frame for those of a saved state.
func (l *layout) restore(saved []Value) ([]Value, bool) {
	slots := make([]Value, callbackSlots)
	slots[slotCallback] = saved[l.callback]
	slots[slotList] = saved[l.lists[len(l.lists)-1]]
	slots[slotIndex] = saved[l.index]
	slots[slotResult] = Bool(false)
	if l.result >= 0 {
		slots[slotResult] = saved[l.result]
	}
	return slots, slots[slotList].isList() && slots[slotIndex].IsNumber()
}
