package vm

import (
	"context"
	"time"
)

// burnShift turns bytes into steps: work on that many bytes counts as much as one instruction.
const burnShift = 6

// grant hands out steps until the next check.
func (m *machine) grant() {
	m.granted = checkEvery
	if m.limits.Steps >= 0 {
		m.granted = max(min(m.granted, m.limits.Steps-m.steps), 0)
	}
	m.fuel = m.granted
}

// check runs when the fuel is used up.
func (m *machine) check() error {
	m.steps = m.performed()
	m.work &= 1<<burnShift - 1
	if m.limits.Steps >= 0 && m.steps >= m.limits.Steps {
		m.granted, m.fuel = 0, 0
		return errorf(KindSteps, "Step limit of %d exceeded", m.limits.Steps)
	}
	m.grant()
	return m.checkClock()
}

// performed is how many steps the run has made so far.
func (m *machine) performed() int64 { return m.steps + m.granted - m.fuel + m.work>>burnShift }

// burn counts work that is as much as n steps.
func (m *machine) burn(n int) error { return m.burnBytes(n << burnShift) }

// burnBytes counts work on n bytes.
func (m *machine) burnBytes(n int) error {
	if m.work += int64(n); m.work>>burnShift <= m.fuel {
		return nil
	}
	return m.check()
}

// spend counts work on n bytes where no error can be returned: the next instruction finds the fuel used up.
func (m *machine) spend(n int) {
	if m.work += int64(n); m.work>>burnShift > m.fuel {
		m.granted -= m.fuel
		m.fuel = 0
	}
}

// checkContext looks at the context.
func (m *machine) checkContext() error {
	if err := m.ctx.Err(); err != nil {
		return &Error{Kind: KindCanceled, Message: "run canceled: " + context.Cause(m.ctx).Error(), Cause: err}
	}
	return nil
}

// checkClock looks at the context and the wall time.
func (m *machine) checkClock() error {
	if err := m.checkContext(); err != nil {
		return err
	}
	if m.limits.Time < 0 {
		return nil
	}
	if m.deadline.IsZero() {
		m.startClock()
		return nil
	}
	if time.Now().Before(m.deadline) {
		return nil
	}
	return errorf(KindTime, "Execution timed out after %s seconds. Performed %d ops.",
		formatNumber(m.limits.Time.Seconds()), m.performed())
}

// startClock begins the wall time. It is called at the first check, and before what takes long at once: what runs before
// takes microseconds, and short programs, which are most, never ask for the time.
func (m *machine) startClock() {
	if m.deadline.IsZero() && m.limits.Time >= 0 {
		m.deadline = time.Now().Add(m.limits.Time)
	}
}

// charge accounts for n bytes of new values that nothing holds yet. When the room is used up the values alive are
// measured, so that garbage does not count.
func (m *machine) charge(n int) error {
	m.room -= int64(n)
	if m.room >= 0 || m.limits.Memory < 0 {
		return nil
	}
	return m.makeRoom(int64(n))
}

// settle accounts for n bytes of new values that are on the stack already.
func (m *machine) settle(n int) error {
	m.room -= int64(n)
	if m.room >= 0 || m.limits.Memory < 0 {
		return nil
	}
	return m.makeRoom(0)
}

// reserve accounts for n bytes that a library function is about to use; they are given back when it returns.
func (m *machine) reserve(n int) error {
	m.held += int64(n)
	m.room -= int64(n)
	if m.room >= 0 || m.limits.Memory < 0 {
		return nil
	}
	return m.makeRoom(0)
}

// giveBack ends the reservations of a library function.
func (m *machine) giveBack() {
	m.room += m.held
	m.held = 0
}

// makeRoom finds out how much of the memory is in use, with extra bytes on top of the values alive.
func (m *machine) makeRoom(extra int64) error {
	need := m.held + extra
	if need <= m.limits.Memory {
		live, err := m.measure()
		if err != nil {
			return err
		}
		need += live
	}
	if need > m.limits.Memory {
		return errorf(KindMemory, "Memory limit of %d bytes exceeded. Tried to allocate %d bytes.", m.limits.Memory, need)
	}
	m.room = m.limits.Memory - need
	return nil
}

// chargeDeep accounts for a value that is on the stack, and everything in it.
func (m *machine) chargeDeep(v Value) error {
	switch v.Kind() {
	case KindNull, KindBool, KindNumber:
		return nil
	case KindString:
		if err := m.stringSize(len(v.str())); err != nil {
			return err
		}
		return m.settle(len(v.str()))
	}
	size, work := sizeOf(v)
	if err := m.burnBytes(work); err != nil {
		return err
	}
	return m.settle(size)
}

// setLimits sets the limits of a run, which are those of the run before as a rule.
func (m *machine) setLimits(l Limits) {
	if m.limits.Time != 0 && l == m.asked {
		return
	}
	m.asked, m.limits = l, l.withDefaults()
	m.maxText, _ = m.limits.textLimit()
}

func (m *machine) stringSize(n int) error {
	if n > m.maxText {
		return m.tooLong(n)
	}
	return nil
}

func (m *machine) tooLong(n int) error {
	limit, kind := m.limits.textLimit()
	return errTooLong(n, limit, kind)
}

func errTooLong(n, limit int, kind ErrorKind) *Error {
	if kind == KindMemory {
		return errorf(kind, "Memory limit of %d bytes exceeded. Tried to make a string of %d bytes.", limit, n)
	}
	return errorf(kind, "String limit of %d bytes exceeded. Tried to make one of %d bytes.", limit, n)
}
