package vm

// What values take in bytes, as Go's allocator gives it, beyond the slot that each of them is in.
const (
	slotSize     = 16
	arraySize    = 32
	entrySize    = 2 * slotSize // of a dictionary
	indexSize    = 48           // of an entry in the index of a dictionary that has one
	dictSize     = 48
	dateSize     = 24
	intervalSize = 32
	errorSize    = 48
	functionSize = 96
	captureSize  = 8
	cellSize     = 32
	frameSize    = 24
	handlerSize  = 16
)

// shallow is what a value takes with its text, and with the slots of the values in it but not with what those take.
func shallow(v Value) int {
	switch v.Kind() {
	case KindNull, KindBool, KindNumber:
		return 0
	case KindString:
		return len(v.str())
	case KindArray, KindTuple:
		return v.array().size()
	case KindDict:
		return v.dict().size()
	case KindFunction:
		return functionSize + captureSize*len(v.function().cells)
	}
	return recordSize(v)
}

// recordSize is shallow of the kinds that have fields.
func recordSize(v Value) int {
	switch v.Kind() {
	case KindDateTime:
		return dateSize + len(v.dateTime().Zone)
	case KindError:
		return errorSize + len(v.errorValue().Type) + len(v.errorValue().Message)
	case KindInterval:
		return intervalSize + len(v.interval().Unit)
	}
	return dateSize
}

// size is what a dictionary takes with the slots of its entries.
func (d *Dict) size() int {
	n := dictSize + entrySize*places(cap(d.entries), d.room)
	if d.index != nil {
		n += indexSize * len(d.entries)
	}
	return n
}

// size is what an array or a tuple takes with the slots of its items.
func (a *Array) size() int { return arraySize + slotSize*places(cap(a.Items), a.room) }

// places is for how many items or entries there is memory: those in use, and those in the piece of memory that the
// container is in, which it keeps when it gets larger.
func places(inUse int, room int32) int {
	if inUse > int(room) {
		inUse += int(room)
	}
	return inUse
}

// sizeOf is the cost of a value with everything in it, and the bytes that finding out, and copying it before, counts as.
func sizeOf(v Value) (size, work int) {
	// Values from outside are trees, as a rule, and small: count them without remembering what was seen.
	if t := (treeSizer{left: plainNodes}); t.add(v, 0) {
		return t.size, t.size
	}
	w := walker{left: plainNodes}
	if w.start(&v); w.left > 0 {
		return int(w.total), int(w.total)
	}
	w = walker{seen: seen{}, texts: map[Value]Value{}}
	w.start(&v)
	return int(w.total), int(w.total) + plainNodes<<burnShift
}
