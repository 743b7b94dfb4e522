package vm

// NewDict is an empty dictionary with room for n entries. Its Value method makes it a value.
func NewDict(n int) *Dict {
	switch {
	case n == 0 || n > 24:
		return &Dict{entries: make([]entry, 0, n)}
	case n <= 2:
		return dictWith(func(room *[2]entry) []entry { return room[:] })
	case n <= 4:
		return dictWith(func(room *[4]entry) []entry { return room[:] })
	case n <= 6:
		return dictWith(func(room *[6]entry) []entry { return room[:] })
	case n <= 8:
		return dictWith(func(room *[8]entry) []entry { return room[:] })
	case n <= 12:
		return dictWith(func(room *[12]entry) []entry { return room[:] })
	case n <= 16:
		return dictWith(func(room *[16]entry) []entry { return room[:] })
	}
	return dictWith(func(room *[24]entry) []entry { return room[:] })
}

// dictWith is an empty dictionary in one piece of memory with the room for its entries.
func dictWith[Room any](all func(*Room) []entry) *Dict {
	d := &struct {
		Dict
		room Room
	}{}
	entries := all(&d.room)
	d.entries, d.Dict.room = entries[:0], int32(len(entries))
	return &d.Dict
}

// Clone is a dictionary with the same keys and values.
func (d *Dict) Clone() *Dict {
	out := NewDict(len(d.entries))
	out.copyOf(d)
	return out
}

// copyOf makes an empty dictionary the same as another.
func (d *Dict) copyOf(from *Dict) {
	d.entries, d.marks = append(d.entries, from.entries...), from.marks
	if len(d.entries) >= indexFrom {
		d.buildIndex()
	}
}
