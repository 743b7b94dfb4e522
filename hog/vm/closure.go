package vm

import "github.com/prickle-dev/prickle/hog/code"

// define makes functions: closures, the callables they are made of, and legacy functions declared by name.
func (m *machine) define(in code.Instr) error {
	if in.Op == code.OpClosure {
		return m.close(m.program.code.Captures[in.A : in.A+int32(in.B)])
	}
	decl := &m.program.code.Functions[in.A]
	f := &Function{Name: decl.Name, Args: decl.Args, program: m.program, entry: decl.Entry, upvalues: int32(decl.Upvalues)}
	switch in.Op {
	case code.OpDeclareFn:
		m.declare(decl.Call, f)
		return nil
	case code.OpMakeClosure:
		if err := m.capture(f, decl.Captures); err != nil {
			return err
		}
	default:
		f.open = true
	}
	m.push(newFunction(f))
	return m.settle(functionSize + captureSize*len(f.cells))
}

// close makes a closure of the callable on top.
func (m *machine) close(captures []code.Capture) error {
	top, err := m.pop()
	if err != nil {
		return err
	}
	callable, ok := top.AsFunction()
	if !ok || !callable.open {
		return errorf(KindBytecode, "Invalid callable: %s", jsonOf(top))
	}
	if len(captures) != int(callable.upvalues) {
		return errorf(KindBytecode, "Invalid upvalue count. Expected %d, got %d", callable.upvalues, len(captures))
	}
	f := *callable
	f.open = false
	if err := m.capture(&f, captures); err != nil {
		return err
	}
	m.push(newFunction(&f))
	return m.settle(functionSize + captureSize*len(captures))
}

func (m *machine) capture(f *Function, captures []code.Capture) error {
	if len(captures) == 0 {
		return nil
	}
	if err := m.burnBytes(slotSize * len(captures)); err != nil {
		return err
	}
	f.cells = make([]*cell, len(captures))
	outer := m.frames[len(m.frames)-1].fn
	for i, c := range captures {
		if c.Local {
			var err error
			if f.cells[i], err = m.cellAt(m.base + int(c.Index)); err != nil {
				return err
			}
			continue
		}
		if outer == nil || int(c.Index) >= len(outer.cells) {
			return errorf(KindBytecode, "Invalid upvalue index: %d", c.Index)
		}
		f.cells[i] = outer.cells[c.Index]
	}
	return nil
}

// cellAt is the open cell of a stack slot; all closures that capture the slot share it.
func (m *machine) cellAt(slot int) (*cell, error) {
	if m.defects {
		return m.reusedCell(slot)
	}
	return m.openCell(slot)
}

// reusedCell is the cell that was ever made for a slot, even if it has been closed since.
func (m *machine) reusedCell(slot int) (*cell, error) {
	for i, c := range m.reused {
		if int(c.slot) == slot {
			return c, m.burnBytes(slotSize * i)
		}
	}
	if err := m.burnBytes(slotSize * len(m.reused)); err != nil {
		return nil, err
	}
	c, err := m.openCell(slot)
	if err == nil {
		m.room -= captureSize
		m.reused = append(m.reused, c)
	}
	return c, err
}

// openCell looks for the cell of a slot among those above it, of which there are few as a rule. It takes the memory for a new
// one without looking at the limit; who makes the function does.
func (m *machine) openCell(slot int) (*cell, error) {
	at, passed := &m.open, 0
	for *at != nil && int((*at).slot) > slot {
		at = &(*at).next
		passed++
	}
	if err := m.burnBytes(slotSize * passed); err != nil {
		return nil, err
	}
	if *at != nil && int((*at).slot) == slot {
		return *at, nil
	}
	m.room -= cellSize
	c := &cell{slot: int32(slot), next: *at}
	c.openedBy(m)
	*at = c
	return c, nil
}

// upvalue runs the instructions on captured variables.
func (m *machine) upvalue(in code.Instr) error {
	if in.Op == code.OpCloseUpvalue {
		m.cut(m.sp - 1)
		return nil
	}
	f := m.frames[len(m.frames)-1].fn
	if f == nil || int(in.A) >= len(f.cells) {
		return errorf(KindBytecode, "Invalid upvalue index: %d", in.A)
	}
	c := f.cells[in.A]
	if c.open && !c.ownedBy(m) {
		return errorf(KindType, "Can not use a variable of another run")
	}
	if in.Op == code.OpGetUpvalue {
		if c.open {
			m.push(m.slot(int(c.slot)))
		} else {
			m.push(c.value)
		}
		return nil
	}
	m.sp--
	switch {
	case !c.open:
		c.value = m.stack[m.sp]
	case int(c.slot) < m.sp:
		m.stack[c.slot] = m.stack[m.sp]
	default:
		return errUnderflow
	}
	return nil
}
