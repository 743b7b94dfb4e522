package vm

import "github.com/prickle-dev/prickle/hog/code"

// step runs one plain instruction. It is done when the program has ended.
func (m *machine) step() (result Value, done bool, err error) {
	in := m.program.code.Code[m.ip-1]
	m.fuel--
	if m.fuel < 0 || m.sp >= len(m.stack) || m.sp < int(in.Need) {
		if err := m.prepare(in); err != nil {
			return Value{}, false, err
		}
	}
	switch in.Op {
	case code.OpCallGlobal:
		err = m.callNamed(int(in.A), int(in.B))
	case code.OpReturn, code.OpEnd:
		if in.Op == code.OpReturn || len(m.frames) == 1 && m.sp > 0 {
			m.sp--
			result = m.stack[m.sp]
		}
		if len(m.frames) == 1 {
			return result, true, nil
		}
		err = m.leave(result)
	default:
		err = m.execute(in)
	}
	if err != nil {
		err = m.catch(err)
	}
	return Value{}, false, err
}

// prepare makes the machine ready for an instruction that cannot run at once: the fuel is used up, the stack is full or
// too short.
func (m *machine) prepare(in code.Instr) error {
	if m.fuel < 0 {
		m.fuel = 0
		if err := m.check(); err != nil {
			return err
		}
		m.fuel--
	}
	if m.sp >= len(m.stack) {
		m.grow()
		if err := m.charge(0); err != nil {
			return err
		}
	}
	if m.sp < int(in.Need) {
		return errEmptyStack
	}
	return nil
}

// move runs the instructions that push, set and drop values.
func (m *machine) move(in code.Instr) error {
	switch in.Op {
	case code.OpConst:
		m.push(m.program.consts[in.A])
	case code.OpNull:
		m.push(Value{})
	case code.OpTrue, code.OpFalse:
		m.push(Bool(in.Op == code.OpTrue))
	case code.OpGetLocal:
		m.push(m.slot(m.base + int(in.A)))
	case code.OpSetLocal:
		m.sp--
		if i := m.base + int(in.A); i < m.sp {
			m.stack[i] = m.stack[m.sp]
			return nil
		}
		return errUnderflow
	case code.OpPop:
		m.sp--
	}
	return nil
}

// jump runs the jumps.
func (m *machine) jump(in code.Instr) {
	taken := true
	switch in.Op {
	case code.OpJumpIfFalse:
		m.sp--
		taken = !m.stack[m.sp].Truthy()
	case code.OpJumpIfStackNotNull:
		taken = !m.stack[m.sp-1].IsNull()
	}
	if taken {
		m.ip = int(in.A)
	}
}

// calculate runs arithmetic on values of any kind.
func (m *machine) calculate(op code.Op) {
	m.sp--
	a, b := m.number(m.stack[m.sp]), m.number(m.stack[m.sp-1])
	if op == code.OpMod {
		a = mod(a, b)
	} else {
		a = arithmetic(op, a, b)
	}
	m.stack[m.sp-1] = Number(a)
}

// property reads a property of a value of any kind. What the loop does without counting it as work counts as none here.
func (m *machine) property() error {
	m.sp--
	obj, key := m.stack[m.sp-1], m.stack[m.sp]
	if v, ok := quickProperty(obj, key); ok {
		m.stack[m.sp-1] = v
		return nil
	}
	v, err := getProperty(obj, key)
	if err != nil {
		return err
	}
	m.stack[m.sp-1] = v
	return m.burnKey(key)
}

// comparison compares values of any kind, and as property counts no work that the loop does not count.
func (m *machine) comparison(op code.Op) error {
	a, b := m.stack[m.sp-1], m.stack[m.sp-2]
	var yes, ok bool
	switch {
	case op == code.OpEq || op == code.OpNotEq:
		yes, ok = quickEqual(a, b)
		yes = yes == (op == code.OpEq)
	case a.IsNumber() && b.IsNumber():
		yes, ok = holds(op, a.num(), b.num()), true
	}
	if !ok {
		return m.compare(op)
	}
	m.sp--
	m.stack[m.sp-1] = Bool(yes)
	return nil
}
