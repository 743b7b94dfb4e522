package vm

import (
	"context"
	"time"
)

// grant hands out steps until the next check.
func (m *machine) grant() {
	m.granted = checkEvery
	if m.limits.Steps >= 0 {
		m.granted = min(m.granted, m.limits.Steps-m.steps)
	}
	m.fuel = m.granted
}

// check runs when the fuel is used up.
func (m *machine) check() error {
	m.steps += m.granted - m.fuel
	if m.limits.Steps >= 0 && m.steps >= m.limits.Steps {
		return errorf(KindSteps, "Step limit of %d exceeded", m.limits.Steps)
	}
	m.grant()
	return m.checkClock()
}

// burn counts work that is more than a step, so that the clock is looked at often enough.
func (m *machine) burn(n int) error {
	m.work += n
	if m.work < checkEvery {
		return nil
	}
	m.work = 0
	return m.checkClock()
}

// checkClock looks at the context and the wall time.
func (m *machine) checkClock() error {
	if err := m.ctx.Err(); err != nil {
		return &Error{Kind: KindCanceled, Message: "run canceled: " + context.Cause(m.ctx).Error(), Cause: err}
	}
	if m.limits.Time < 0 {
		return nil
	}
	now := time.Now()
	if m.deadline.IsZero() {
		// The clock starts at the first check: what ran before it takes microseconds, and short programs, which are
		// most, never ask for the time.
		m.deadline = now.Add(m.limits.Time)
		return nil
	}
	if now.Before(m.deadline) {
		return nil
	}
	return errorf(KindTime, "Execution timed out after %s seconds. Performed %d ops.",
		formatNumber(m.limits.Time.Seconds()), m.steps+m.granted-m.fuel)
}

// charge accounts for n bytes of new values. When the room is used up the values alive are measured, so that garbage
// does not count.
func (m *machine) charge(n int) error {
	m.room -= int64(n)
	if m.room >= 0 || m.limits.Memory < 0 {
		return nil
	}
	need := m.measure() + int64(n)
	if err := m.burn(int(need / slotSize)); err != nil {
		return err
	}
	if need > m.limits.Memory {
		return errorf(KindMemory, "Memory limit of %d bytes exceeded. Tried to allocate %d bytes.", m.limits.Memory, need)
	}
	m.room = m.limits.Memory - need
	return nil
}

// What values cost in bytes beyond the slot they are in.
const (
	slotSize   = 16
	entrySize  = 2 * slotSize
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
	return objectSize
}

// chargeDeep accounts for a value and everything in it.
func (m *machine) chargeDeep(v Value) error {
	switch v.Kind() {
	case KindNull, KindBool, KindNumber:
		return nil
	case KindString:
		if err := m.stringSize(len(v.str())); err != nil {
			return err
		}
		return m.charge(len(v.str()))
	}
	// Values from outside are trees, as a rule, and small: count them without remembering what was seen.
	w := walker{left: plainNodes}
	w.add(v)
	size := w.size()
	if w.left <= 0 {
		w = walker{seen: map[Value]struct{}{}}
		w.add(v)
		size = w.size()
	}
	return m.charge(int(size))
}

func (m *machine) stringSize(n int) error {
	if n > m.limits.StringSize && m.limits.StringSize >= 0 {
		return errorf(KindStringSize, "String limit of %d bytes exceeded. Tried to make one of %d bytes.", m.limits.StringSize, n)
	}
	return nil
}

// measure is the size of all values alive.
func (m *machine) measure() int64 {
	w := walker{seen: map[Value]struct{}{}}
	for _, v := range m.stack[:m.sp] {
		w.add(v)
	}
	w.total += slotSize * int64(len(m.frames)+len(m.handlers))
	for _, f := range m.frames {
		if f.fn != nil {
			w.cells(f.fn.cells)
		}
	}
	return w.size()
}

// walker adds up the sizes of values. It does not recurse, so that depth costs no Go stack.
type walker struct {
	seen  map[Value]struct{} // containers that were counted, or nil to count them each time
	left  int                // containers left before a walk without seen gives up
	todo  []Value
	total int64
}

func (w *walker) add(v Value) {
	w.total += slotSize
	switch v.Kind() {
	case KindNull, KindBool, KindNumber:
	case KindString:
		w.total += int64(len(v.str()))
	default:
		if w.seen == nil {
			w.todo = append(w.todo, v)
		} else if _, ok := w.seen[v]; !ok {
			w.seen[v] = struct{}{}
			w.todo = append(w.todo, v)
		}
	}
}

func (w *walker) size() int64 {
	for len(w.todo) > 0 {
		if w.left--; w.seen == nil && w.left <= 0 {
			break
		}
		v := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.total += objectSize
		w.inside(v)
	}
	return w.total
}

func (w *walker) inside(v Value) {
	switch v.Kind() {
	case KindArray, KindTuple:
		for _, item := range v.array().Items {
			w.add(item)
		}
	case KindDict:
		for _, e := range v.dict().entries {
			w.add(e.key)
			w.add(e.value)
		}
	case KindError:
		e := v.errorValue()
		w.total += int64(len(e.Type) + len(e.Message))
		w.add(e.Payload)
	case KindInterval:
		w.add(v.interval().Value)
	case KindFunction:
		w.cells(v.function().cells)
	}
}

func (w *walker) cells(cells []*cell) {
	for _, c := range cells {
		if c != nil && !c.open {
			w.add(c.value)
		}
	}
}
