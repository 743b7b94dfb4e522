package vm

import (
	"strings"
	"unsafe"
)

// measure is the size of all values alive. It also gives strings that are pieces of larger ones memory of their own: the
// larger ones were charged when they were made, but do not count any more when nothing else holds them.
func (m *machine) measure() (int64, error) {
	w := walker{seen: seen{}, texts: map[Value]Value{}, machine: m}
	// The room for handlers may be larger, from an earlier run, in which case it does not count: a limit means the same in every run.
	w.total = int64(slotSize*(len(m.stack)-startStack) + frameSize*(cap(m.frames)-startFrames) + handlerSize*len(m.handlers))
	for i := range m.stack[:m.sp] {
		w.start(&m.stack[i])
	}
	for _, f := range m.frames {
		if f.fn != nil && len(f.fn.cells) > 0 {
			callee := newFunction(f.fn)
			w.start(&callee)
		}
	}
	for c := m.open; c != nil; c = c.next {
		w.cell(c)
	}
	for _, c := range m.reused {
		w.total += captureSize
		if w.cell(c) {
			w.walk()
		}
	}
	m.appended = nil // no text ends in it any more
	return w.total, w.err
}

// walker adds up the sizes of values. It does not recurse, so that depth costs no Go stack, and remembers the way down and
// not what is left to do, which for a long list would be as large as the list.
type walker struct {
	seen    seen            // nil to count containers as often as they are met
	texts   map[Value]Value // long strings that were seen, and their copies
	left    int             // containers left before a walk without seen gives up
	way     []visit
	total   int64
	machine *machine // whose values these are; nil to look only
	paid    int64
	err     error
}

// seen is the containers and captured variables that were counted.
type seen map[unsafe.Pointer]struct{}

// visit is a container whose values are being walked.
type visit struct {
	value Value
	next  int // of the values in it
}

// sharedText is the length from which a string is looked up among those seen, so that it counts once.
const sharedText = 256

// start counts a value with everything in it.
func (w *walker) start(v *Value) {
	if w.add(v) {
		w.walk()
	}
}

// add counts a value; true when it is a container that the walk goes into.
func (w *walker) add(v *Value) bool {
	switch v.Kind() {
	case KindNull, KindBool, KindNumber:
		return false
	case KindString:
		w.text(v)
		return false
	}
	if !w.first(v.ptr) {
		return false
	}
	w.left--
	size := shallow(*v)
	switch v.Kind() {
	case KindDateTime, KindDate: // which other runs may read
		w.total += int64(size)
		return false
	case KindError:
		size = errorSize // its texts are counted on the way
	}
	w.total += int64(size)
	w.way = append(w.way, visit{value: *v})
	return true
}

// first reports whether a container or a captured variable is met for the first time.
func (w *walker) first(p unsafe.Pointer) bool {
	if w.seen == nil {
		return true
	}
	if _, ok := w.seen[p]; ok {
		return false
	}
	w.seen[p] = struct{}{}
	return true
}

func (w *walker) text(v *Value) {
	n := len(v.str())
	if w.texts == nil || n < sharedText {
		w.total += int64(n)
		w.own(v)
		return
	}
	if copied, ok := w.texts[*v]; ok {
		*v = copied
		return
	}
	w.total += int64(n)
	before := *v
	w.own(v)
	w.texts[before], w.texts[*v] = *v, *v
}

// own puts a copy of a string in its place, unless so much was counted already that the limit is exceeded.
func (w *walker) own(v *Value) {
	if w.machine != nil && w.total <= w.machine.limits.Memory {
		*v = String(strings.Clone(v.str()))
	}
}

// walk counts what is in the containers on the way.
func (w *walker) walk() {
	for len(w.way) > 0 && w.err == nil {
		if w.seen == nil && w.left <= 0 {
			return
		}
		if last := len(w.way) - 1; !w.deeper(&w.way[last]) {
			w.way = w.way[:last]
		}
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

// deeper counts the next values of a container, up to one that the walk goes into first; false when there is none. It
// does not use v after that, which may have moved.
func (w *walker) deeper(v *visit) bool {
	switch v.value.Kind() {
	case KindArray, KindTuple:
		return w.items(v, v.value.array().Items)
	case KindDict:
		return w.dict(v, v.value.dict())
	case KindFunction:
		return w.cells(v, v.value.function().cells)
	}
	if v.next++; v.next > 1 {
		return false
	}
	if v.value.Kind() == KindInterval {
		return w.add(&v.value.interval().Value)
	}
	e := v.value.errorValue()
	w.field(&e.Type)
	w.field(&e.Message)
	return w.add(&e.Payload)
}

func (w *walker) items(v *visit, items []Value) bool {
	for i := v.next; i < len(items); i++ {
		if v.next = i + 1; w.add(&items[i]) {
			return true
		}
	}
	return false
}

// field counts a text of a record.
func (w *walker) field(s *string) {
	v := String(*s)
	w.text(&v)
	if w.machine != nil {
		*s = v.str()
	}
}

func (w *walker) dict(v *visit, d *Dict) bool {
	for i := v.next; i < 2*len(d.entries); i++ {
		e := &d.entries[i/2]
		v.next = i + 1
		if i%2 == 1 {
			if w.add(&e.value) {
				return true
			}
			continue
		}
		deeper := w.add(&e.key)
		if w.machine != nil && d.index != nil && e.key.IsString() {
			d.addToIndex(i / 2) // which takes over the key's new memory
		}
		if deeper {
			return true
		}
	}
	return false
}

func (w *walker) cells(v *visit, cells []*cell) bool {
	for i := v.next; i < len(cells); i++ {
		if v.next = i + 1; cells[i] != nil && w.cell(cells[i]) {
			return true
		}
	}
	return false
}

// cell counts a captured variable; true when it holds a container that the walk goes into.
func (w *walker) cell(c *cell) bool {
	if !w.first(unsafe.Pointer(c)) {
		return false
	}
	w.total += cellSize
	return !c.open && w.add(&c.value)
}
