package vm

import "unsafe"

// maxNesting bounds how deep printing and JSON follow containers, because they recurse in Go.
const maxNesting = 1000

// maxOutside bounds the text made outside of a run.
const maxOutside = 16 << 20

// keptBuffer is how large a buffer for texts a machine keeps.
const keptBuffer = 4096

// textWriter is a text that is made of a value under limits. Who writes to it asks more before every item of a
// container, and stops when it says no.
type textWriter struct {
	dst  []byte
	max  int       // how long dst may get
	kind ErrorKind // of the error when it gets longer
	m    *machine  // whose limits these are; nil outside of a run
	paid int       // how much of dst is accounted for as work
	owed int       // work besides dst that is not accounted for yet
	path path
	err  error
}

// outside is a writer for a text that is made outside of a run.
func outside(dst []byte) textWriter {
	return textWriter{dst: dst, max: len(dst) + maxOutside, kind: KindStringSize, paid: len(dst)}
}

// writer is a writer for a string of the run. It takes the machine's buffer, which text gives back, so that no two use it
// at once.
func (m *machine) writer() textWriter {
	limit, kind := m.limits.textLimit()
	w := textWriter{dst: m.buffer[:0], max: limit, kind: kind, m: m}
	m.buffer = nil
	return w
}

func (w *textWriter) raw(s string) {
	if len(w.dst)+len(s) > w.max {
		w.fail(errTooLong(len(w.dst)+len(s), w.max, w.kind))
		return
	}
	w.dst = append(w.dst, s...)
}

func (w *textWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// more reports whether to go on.
func (w *textWriter) more() bool {
	const every = 1 << 16
	if w.err != nil {
		return false
	}
	if len(w.dst) > w.max {
		w.fail(errTooLong(len(w.dst), w.max, w.kind))
		return false
	}
	if len(w.dst)-w.paid+w.owed < every {
		return true
	}
	return w.pay()
}

// pay accounts for the work done so far; false when a limit is reached.
func (w *textWriter) pay() bool {
	if w.m != nil {
		w.err = w.m.burnBytes(len(w.dst) - w.paid + w.owed)
	}
	w.paid, w.owed = len(w.dst), 0
	return w.err == nil
}

// enter begins a container; false when it is inside of itself, or nothing more is to be written. Errors are only inside
// of themselves with another container in between, which is found.
func (w *textWriter) enter(v Value) bool {
	if w.owed += 1 << burnShift; w.path.set != nil {
		w.owed += 4 << burnShift
	}
	if !w.more() || v.Kind() != KindError && w.path.has(v) {
		return false
	}
	if len(w.path.list) >= maxNesting {
		w.fail(errorf(KindDepth, "Values inside each other over more than %d levels can not be written", maxNesting))
		return false
	}
	w.path.push(v)
	return true
}

func (w *textWriter) leave() { w.path.pop() }

// text is what was written.
func (w *textWriter) text() (string, error) {
	if !w.more() || !w.pay() {
		return "", w.err
	}
	text := string(w.dst)
	if w.m != nil && cap(w.dst) <= keptBuffer {
		w.m.buffer = w.dst[:0]
	}
	return text, nil
}

// path is the containers being walked, outermost first.
type path struct {
	list []unsafe.Pointer
	set  map[unsafe.Pointer]bool // the same; nil as long as they were few
}

// longPath is the length from which a path is looked up in a set.
const longPath = 128

func (p *path) has(v Value) bool {
	if p.set != nil {
		return p.set[v.ptr]
	}
	for _, ptr := range p.list {
		if ptr == v.ptr {
			return true
		}
	}
	return false
}

func (p *path) push(v Value) {
	if p.list == nil {
		p.list = make([]unsafe.Pointer, 0, 8)
	}
	p.list = append(p.list, v.ptr)
	switch {
	case p.set != nil:
		p.set[v.ptr] = true
	case len(p.list) == longPath:
		p.set = make(map[unsafe.Pointer]bool, 2*longPath)
		for _, ptr := range p.list {
			p.set[ptr] = true
		}
	}
}

func (p *path) pop() {
	last := len(p.list) - 1
	delete(p.set, p.list[last])
	p.list = p.list[:last]
}
