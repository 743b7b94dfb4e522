package vm

import "strings"

// What values cost in bytes beyond the slot they are in.
const (
	slotSize   = 16
	entrySize  = 4 * slotSize // key, value and their places in the index
	objectSize = 48
)

// shallow is the cost of a value without that of the values in it.
func shallow(v Value) int {
	switch v.Kind() {
	case KindNull, KindBool, KindNumber:
		return 0
	case KindString:
		return len(v.str())
	case KindArray, KindTuple:
		return objectSize + slotSize*len(v.array().Items)
	case KindDict:
		return objectSize + entrySize*len(v.dict().entries)
	}
	return objectSize + recordText(v)
}

// recordText is the length of the texts in a record that are no values.
func recordText(v Value) int {
	switch v.Kind() {
	case KindDateTime:
		return len(v.dateTime().Zone)
	case KindError:
		return len(v.errorValue().Type) + len(v.errorValue().Message)
	case KindInterval:
		return len(v.interval().Unit)
	}
	return 0
}

// sizeOf is the cost of a value with everything in it, and the bytes that finding out, and copying it before, counts as.
func sizeOf(v Value) (size, work int) {
	// Values from outside are trees, as a rule, and small: count them without remembering what was seen.
	if t := (treeSizer{left: 1000}); t.add(v, 0) {
		return t.size, t.size
	}
	w := walker{left: plainNodes, todo: make([]Value, 0, 8)}
	w.add(&v)
	if w.walk(); w.left > 0 {
		return int(w.total), int(w.total)
	}
	w = walker{seen: map[Value]Value{}}
	w.add(&v)
	w.walk()
	return int(w.total), int(w.total) + plainNodes<<burnShift
}

// measure is the size of all values alive. It also gives strings that are pieces of larger ones memory of their own: the
// larger ones were charged when they were made, but do not count any more when nothing else holds them.
func (m *machine) measure() (int64, error) {
	w := walker{seen: map[Value]Value{}, machine: m}
	for i := range m.stack[:m.sp] {
		w.add(&m.stack[i])
	}
	w.total += slotSize * int64(len(m.frames)+len(m.handlers))
	for _, f := range m.frames {
		if f.fn != nil {
			w.cells(f.fn.cells)
		}
	}
	w.walk()
	return w.total, w.err
}

// walker adds up the sizes of values. It does not recurse, so that depth costs no Go stack.
type walker struct {
	seen    map[Value]Value // containers that were counted, long strings and their copies; nil to count each time
	left    int             // containers left before a walk without seen gives up
	todo    []Value
	total   int64
	machine *machine // whose values these are; nil to look only
	paid    int64
	err     error
}

// sharedText is the length from which a string is looked up among those seen, so that it counts once.
const sharedText = 256

func (w *walker) add(v *Value) {
	w.total += slotSize
	switch v.Kind() {
	case KindNull, KindBool, KindNumber:
	case KindString:
		w.text(v)
	default:
		if w.seen == nil {
			w.todo = append(w.todo, *v)
		} else if _, ok := w.seen[*v]; !ok {
			w.seen[*v] = *v
			w.todo = append(w.todo, *v)
		}
	}
}

func (w *walker) text(v *Value) {
	n := len(v.str())
	if w.seen == nil || n < sharedText {
		w.total += int64(n)
		w.own(v)
		return
	}
	if copied, ok := w.seen[*v]; ok {
		if w.machine != nil {
			*v = copied
		}
		return
	}
	w.total += int64(n)
	before := *v
	w.own(v)
	w.seen[before], w.seen[*v] = *v, *v
}

// own puts a copy of a string in its place, unless so much was counted already that the limit is exceeded.
func (w *walker) own(v *Value) {
	if w.machine != nil && w.total <= w.machine.limits.Memory {
		*v = String(strings.Clone(v.str()))
	}
}

func (w *walker) walk() {
	for len(w.todo) > 0 && w.err == nil {
		if w.left--; w.seen == nil && w.left <= 0 {
			return
		}
		v := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.total += objectSize
		w.inside(v)
		w.pay()
	}
}

// pay counts the work of the walk itself.
func (w *walker) pay() {
	const every = 1 << 16
	if w.machine == nil || w.total-w.paid < every {
		return
	}
	w.err = w.machine.burnBytes(int(min(w.total-w.paid, maxText)))
	w.paid = w.total
}

func (w *walker) inside(v Value) {
	switch v.Kind() {
	case KindArray, KindTuple:
		items := v.array().Items
		for i := range items {
			w.add(&items[i])
		}
	case KindDict:
		w.dict(v.dict())
	case KindDateTime:
		w.total += int64(recordText(v)) // which is its own already, and other runs may read it
	case KindError:
		e := v.errorValue()
		w.field(&e.Type)
		w.field(&e.Message)
		w.add(&e.Payload)
	case KindInterval:
		w.total += int64(recordText(v))
		w.add(&v.interval().Value)
	case KindFunction:
		w.cells(v.function().cells)
	}
}

// field adds a text of a record.
func (w *walker) field(s *string) {
	v := String(*s)
	w.text(&v)
	if w.machine != nil {
		*s = v.str()
	}
}

func (w *walker) dict(d *Dict) {
	w.total += int64(len(d.entries)) * (entrySize - 2*slotSize)
	for i := range d.entries {
		e := &d.entries[i]
		w.add(&e.key)
		w.add(&e.value)
		if w.machine != nil && d.strings != nil {
			d.index(i) // which takes over the key's new memory
		}
	}
}

func (w *walker) cells(cells []*cell) {
	for _, c := range cells {
		if c != nil && !c.open {
			w.add(&c.value)
		}
	}
}
