package vm

// directCall is the function of the library that a call with n arguments on a stack of that height calls without further
// ado, or nil.
func (m *machine) directCall(index int32, n, sp int) *Builtin {
	b := m.direct[index]
	if b == nil || n > sp || n < b.Min || n > b.Max && (b.Max >= 0 || n > maxArguments) {
		return nil
	}
	return b
}

// enterAt starts a call of a function of the running program whose arguments are on top: the base of its frame, and its
// first instruction. False means that the call needs more than that, and that nothing has happened.
func (m *machine) enterAt(callee Value, args, sp, ret int) (base, ip int, ok bool) {
	if callee.Kind() != KindFunction {
		return 0, 0, false
	}
	f, depth := callee.function(), len(m.frames)
	if f.Kind != FunctionLocal || f.open || f.Args != args || args > sp || f.program != m.program ||
		depth == cap(m.frames) || depth >= m.limits.Depth || m.room < 0 {
		return 0, 0, false
	}
	m.frames[depth-1].ret = int32(ret)
	m.frames = append(m.frames, frame{fn: f, base: int32(sp - args)})
	m.base = sp - args
	return m.base, int(f.entry), true
}

// leaveAt ends the innermost call: the base of the frame below, and its next instruction. False means that there is more
// to do, and that nothing has happened. The caller puts the result in place of the arguments.
func (m *machine) leaveAt(sp int) (base, ip int, ok bool) {
	last := len(m.frames) - 1
	if last == 0 || sp < m.base || len(m.handlers) > 0 || m.open != nil && int(m.open.slot) >= m.base {
		return 0, 0, false
	}
	below := &m.frames[last-1]
	if below.native != nil || below.fn.program != m.program {
		return 0, 0, false
	}
	m.frames[last] = frame{}
	m.frames = m.frames[:last]
	m.base = int(below.base)
	return m.base, int(below.ret), true
}
