package vm

// What values take in bytes, as Go's allocator gives it, beyond the slot that each of them is in.
const (
	slotSize     = 16
	arraySize    = 24
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
		return arraySize + slotSize*cap(v.array().Items)
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
	entries := cap(d.entries)
	n := dictSize + entrySize*entries
	if entries > int(d.room) {
		n += entrySize * int(d.room) // which is not in use any more, but part of the dictionary
	}
	if d.index != nil {
		n += indexSize * len(d.entries)
	}
	return n
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
