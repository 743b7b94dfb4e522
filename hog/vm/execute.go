package vm

import "github.com/prickle-dev/prickle/hog/code"

var errUnderflow = errorf(KindBytecode, "Stack underflow")

// execute runs one plain instruction, whatever its operands are.
func (m *machine) execute(in code.Instr) error {
	switch in.Op {
	case code.OpConst, code.OpNull, code.OpTrue, code.OpFalse, code.OpGetLocal, code.OpSetLocal, code.OpPop:
		return m.move(in)
	case code.OpJump, code.OpJumpIfFalse, code.OpJumpIfStackNotNull:
		m.jump(in)
		return nil
	case code.OpPlus, code.OpMinus, code.OpMultiply, code.OpDivide, code.OpMod:
		m.calculate(in.Op)
		return nil
	case code.OpEq, code.OpNotEq, code.OpLt, code.OpLtEq, code.OpGt, code.OpGtEq:
		return m.comparison(in.Op)
	case code.OpNot:
		m.stack[m.sp-1] = Bool(!m.stack[m.sp-1].Truthy())
		return nil
	case code.OpGetProperty:
		return m.property()
	case code.OpReadGlobal:
		return m.readGlobal(int(in.A))
	case code.OpAnd, code.OpOr:
		return m.combine(int(in.A), in.Op == code.OpOr)
	case code.OpArray, code.OpTuple, code.OpDict:
		return m.build(in)
	case code.OpLike, code.OpNotLike, code.OpILike, code.OpNotILike,
		code.OpRegex, code.OpNotRegex, code.OpIRegex, code.OpNotIRegex, code.OpIn, code.OpNotIn:
		return m.test(in.Op)
	case code.OpSetProperty:
		return m.setProperty()
	case code.OpGetGlobal:
		return m.readNamed(int(in.A))
	case code.OpCallGlobal:
		return m.callNamed(int(in.A), int(in.B))
	case code.OpCallGlobalReversed:
		return m.callReversed(int(in.A), int(in.B))
	case code.OpCallLocal:
		return m.callTop(int(in.B))
	case code.OpMakeClosure, code.OpCallable, code.OpClosure, code.OpDeclareFn:
		return m.define(in)
	case code.OpGetUpvalue, code.OpSetUpvalue, code.OpCloseUpvalue:
		return m.upvalue(in)
	case code.OpThrow:
		return m.throwTop()
	case code.OpTry:
		m.handlers = append(m.handlers, handler{frames: int32(len(m.frames)), height: int32(m.sp), catch: in.A})
		return m.charge(handlerSize)
	case code.OpPopTry:
		if len(m.handlers) == 0 {
			return errorf(KindBytecode, "Invalid operation POP_TRY: no try block to pop")
		}
		m.handlers = m.handlers[:len(m.handlers)-1]
		return nil
	}
	if in.Op == code.OpFault {
		return errorf(KindBytecode, "%s", inChunk(m.name, m.program.code.Faults[in.A]))
	}
	return errorf(KindBytecode, "Unexpected node while running bytecode in chunk %q: %d", m.name, in.Op)
}

// take pops n values; they stay valid until the next push.
func (m *machine) take(n int) ([]Value, error) {
	if n > m.sp {
		return nil, errEmptyStack
	}
	m.sp -= n
	return m.stack[m.sp : m.sp+n], nil
}

func (m *machine) combine(n int, or bool) error {
	values, err := m.take(n)
	if err != nil {
		return err
	}
	result := !or
	for _, v := range values {
		if v.Truthy() == or {
			result = or
			break
		}
	}
	m.push(Bool(result))
	return nil
}

// build makes a container of the values on top.
func (m *machine) build(in code.Instr) error {
	n := int(in.A)
	if in.Op == code.OpDict {
		n *= 2
	}
	values, err := m.take(n)
	if err != nil {
		return err
	}
	var v Value
	switch in.Op {
	case code.OpDict:
		d := NewDict(n / 2)
		for i := 0; i < n; i += 2 {
			d.Set(values[i], values[i+1])
			if err := m.burnKey(values[i]); err != nil {
				return err
			}
		}
		v = d.Value()
	case code.OpTuple:
		v = NewTuple(append(make([]Value, 0, n), values...)...)
	default:
		v = copyArray(values)
	}
	m.push(v)
	if err := m.settle(shallow(v)); err != nil {
		return err
	}
	return m.burn(n)
}

// test runs the operators on text and in.
func (m *machine) test(op code.Op) error {
	m.sp--
	left, right := m.stack[m.sp], m.stack[m.sp-1]
	var yes bool
	var err error
	switch op {
	case code.OpLike, code.OpNotLike:
		yes, err = m.like(left, right, false)
	case code.OpILike, code.OpNotILike:
		yes, err = m.like(left, right, true)
	case code.OpRegex, code.OpNotRegex:
		yes, err = m.match(left, right, false)
	case code.OpIRegex, code.OpNotIRegex:
		yes, err = m.match(left, right, true)
	default:
		yes, err = m.contains(right, left)
	}
	if err != nil {
		return err
	}
	switch op {
	case code.OpNotLike, code.OpNotILike, code.OpNotRegex, code.OpNotIRegex, code.OpNotIn:
		yes = !yes
	}
	m.stack[m.sp-1] = Bool(yes)
	if m.held > 0 {
		m.giveBack()
	}
	return nil
}

// compare runs the comparisons of anything but two numbers.
func (m *machine) compare(op code.Op) error {
	m.sp--
	left, right := m.stack[m.sp], m.stack[m.sp-1]
	var yes bool
	switch op {
	case code.OpEq, code.OpNotEq:
		yes = Equal(left, right) == (op == code.OpEq)
	default:
		order, ok, err := m.compareValues(left, right)
		if err != nil {
			return err
		}
		switch op {
		case code.OpLt:
			yes = ok && order < 0
		case code.OpLtEq:
			yes = ok && order <= 0
		case code.OpGt:
			yes = ok && order > 0
		case code.OpGtEq:
			yes = ok && order >= 0
		}
	}
	m.stack[m.sp-1] = Bool(yes)
	return m.burnBytes(compareWork(left) + compareWork(right))
}

func (m *machine) setProperty() error {
	values, err := m.take(3)
	if err != nil {
		return err
	}
	obj, key, value := values[0], values[1], values[2]
	switch obj.Kind() {
	case KindDict:
		d := obj.dict()
		before := d.size()
		d.Set(key, value)
		if err := m.settle(d.size() - before); err != nil {
			return err
		}
		return m.burnKey(key)
	case KindArray, KindTuple:
		room := int64(1 << 24)
		if m.limits.Memory >= 0 {
			room = min(room, m.limits.Memory/slotSize)
		}
		before := shallow(obj)
		if err := setItem(obj.array(), key, value, int(room)); err != nil {
			return err
		}
		return m.charge(shallow(obj) - before)
	}
	return errNotSettable(obj, key)
}

// burnKey counts the work of looking up a key.
func (m *machine) burnKey(key Value) error {
	if key.Kind() != KindString {
		return nil
	}
	return m.burnBytes(len(key.str()))
}
