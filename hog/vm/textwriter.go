package vm

import (
	"slices"
	"unsafe"
)

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
	// limit is up to how much text there is nothing to look at: no error, not too long, and little to account for. It may
	// be less than it could be.
	limit int
	path  path
	err   error
}

// outside makes it a writer for a text that is made outside of a run.
func (w *textWriter) outside(dst []byte) {
	w.dst, w.max, w.kind, w.paid = dst, len(dst)+maxOutside, KindStringSize, len(dst)
}

// inside makes it a writer for a string of a run. It takes the machine's buffer, which text gives back, so that no two use
// it at once.
func (w *textWriter) inside(m *machine) {
	w.max, w.kind = m.limits.textLimit()
	w.m, w.dst, m.buffer = m, m.buffer[:0], nil
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
		w.err, w.limit = err, -1
	}
}

// more reports whether to go on.
func (w *textWriter) more() bool { return len(w.dst) <= w.limit || w.look(len(w.dst)) }

// payText is how much work is done between looks at the limits.
const payText = 1 << 16

// look is more for a text of n bytes, which may not be in dst yet.
func (w *textWriter) look(n int) bool {
	if w.err == nil && n > w.max {
		w.fail(errTooLong(n, w.max, w.kind))
	}
	if w.err != nil || n-w.paid+w.owed >= payText && !w.pay(n) {
		return false
	}
	w.limit = min(w.max, w.paid+payText-w.owed-1)
	return true
}

// owe adds work that no text shows.
func (w *textWriter) owe(n int) {
	w.owed += n
	w.limit -= n
}

// pay accounts for the work done for n bytes of text; false when a limit is reached.
func (w *textWriter) pay(n int) bool {
	if w.m != nil {
		w.err = w.m.burnBytes(n - w.paid + w.owed)
	}
	w.paid, w.owed, w.limit = n, 0, -1
	return w.err == nil
}

// enter begins a container; false when it is inside of itself, or nothing more is to be written. Errors are only inside
// of themselves with another container in between, which is found.
func (w *textWriter) enter(v Value) bool {
	if w.owe(1 << burnShift); w.path.set != nil {
		w.owe(4 << burnShift)
	}
	if !w.more() || v.Kind() != KindError && w.path.has(v) {
		return false
	}
	if w.path.depth >= maxNesting {
		w.fail(errorf(KindDepth, "Values inside each other over more than %d levels can not be written", maxNesting))
		return false
	}
	w.path.push(v)
	return true
}

func (w *textWriter) leave() { w.path.pop() }

// text is what was written.
func (w *textWriter) text() (string, error) {
	if !w.more() || !w.pay(len(w.dst)) {
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
	depth int
	first [8]unsafe.Pointer
	rest  []unsafe.Pointer        // those that first has no room for
	set   map[unsafe.Pointer]bool // all of them; nil as long as they are few
}

// longPath is the depth from which a path is looked up in a set.
const longPath = 128

func (p *path) has(v Value) bool {
	if p.set != nil {
		return p.set[v.ptr]
	}
	for _, ptr := range p.first[:min(p.depth, len(p.first))] {
		if ptr == v.ptr {
			return true
		}
	}
	return slices.Contains(p.rest, v.ptr)
}

func (p *path) push(v Value) {
	if p.depth < len(p.first) {
		p.first[p.depth] = v.ptr
	} else {
		p.rest = append(p.rest, v.ptr)
	}
	p.depth++
	switch {
	case p.set != nil:
		p.set[v.ptr] = true
	case p.depth == longPath:
		p.set = make(map[unsafe.Pointer]bool, 2*longPath)
		for _, ptr := range slices.Concat(p.first[:], p.rest) {
			p.set[ptr] = true
		}
	}
}

func (p *path) pop() {
	p.depth--
	if p.depth < len(p.first) {
		if p.set != nil {
			delete(p.set, p.first[p.depth])
		}
		return
	}
	last := len(p.rest) - 1
	delete(p.set, p.rest[last])
	p.rest = p.rest[:last]
}
