package vm

import (
	"errors"
	"slices"
)

// maxArguments is how many arguments a call may have.
const maxArguments = 300

func (m *machine) checkArguments(n int) error {
	if n > m.sp {
		return errorf(KindBytecode, "Not enough arguments on the stack")
	}
	if n > maxArguments {
		return errorf(KindArgument, "Too many arguments")
	}
	return nil
}

// callNamed calls a function by name with the n values on top.
func (m *machine) callNamed(index, n int) error {
	if f := m.declared[index]; f != nil && f.Name != "toString" {
		return m.callDeclared(f, n)
	}
	if err := m.checkArguments(n); err != nil {
		return err
	}
	if f := m.host[index]; f != nil {
		return m.callHost(m.program.code.Calls[index], f, n)
	}
	if m.async != nil && m.async[index] {
		return m.suspend(m.program.code.Calls[index], n)
	}
	if b := m.program.calls[index]; b != nil {
		return m.callBuiltin(b, n)
	}
	return m.noFunction(m.program.code.Calls[index], n)
}

// callReversed is callNamed for bytecode that pushes the last argument first. Functions declared by the program take
// their arguments as they lie.
func (m *machine) callReversed(index, n int) error {
	if m.declared[index] == nil && n <= m.sp {
		slices.Reverse(m.stack[m.sp-n : m.sp])
	}
	return m.callNamed(index, n)
}

func (m *machine) noFunction(name string, n int) error {
	if name != "import" {
		return errorf(KindName, "Unsupported function call: %s", name)
	}
	if n != 1 {
		return errorf(KindArgument, "Function import requires exactly 1 argument")
	}
	return m.importChunk()
}

// callTop calls the function on top with the n values under it.
func (m *machine) callTop(n int) error {
	callee, err := m.pop()
	if err != nil {
		return err
	}
	if f, ok := callee.AsFunction(); ok && m.program.code.Reversed && f.Kind != FunctionLocal && n <= m.sp {
		slices.Reverse(m.stack[m.sp-n : m.sp])
	}
	return m.callValue(callee, n)
}

func (m *machine) callValue(callee Value, n int) error {
	f, ok := callee.AsFunction()
	if !ok || f.open {
		return errorf(KindType, "Invalid closure: %s", jsonOf(callee))
	}
	if err := m.checkArguments(n); err != nil {
		return err
	}
	switch f.Kind {
	case FunctionLocal:
		return m.callLocal(f, n)
	case FunctionAsync:
		return m.suspend(f.Name, n)
	}
	if f.library == nil || f.library.Exact {
		return errorf(KindName, "Unsupported function call: %s", f.Name)
	}
	if n < f.library.Min {
		return arityError(f.library, n)
	}
	for ; n < f.library.Max; n++ {
		m.push(Value{})
	}
	return m.callBuiltin(f.library, n)
}

func (m *machine) callDeclared(f *Function, n int) error {
	if err := m.checkArguments(n); err != nil {
		return err
	}
	return m.callLocal(f, n)
}

// callLocal starts a function of the program.
func (m *machine) callLocal(f *Function, n int) error {
	if n > f.Args {
		return errorf(KindArgument, "Too many arguments. Passed %d, expected %d", n, f.Args)
	}
	if f.program != m.program && m.chunkOf(f.program) == nil {
		return errorf(KindType, "Can not call a function of another program")
	}
	base := m.sp - n
	for ; n < f.Args; n++ {
		m.push(Value{})
	}
	if err := m.enter(frame{fn: f, base: int32(base)}); err != nil {
		return err
	}
	m.ip = int(f.entry)
	if f.program != m.program {
		return m.enterChunk(f.program)
	}
	return nil
}

// enter pushes a frame.
func (m *machine) enter(f frame) error {
	if len(m.frames) >= m.limits.Depth && m.limits.Depth >= 0 {
		return m.tooDeep()
	}
	m.frames[len(m.frames)-1].ret = int32(m.ip)
	if len(m.frames) == cap(m.frames) {
		m.growFrames()
	}
	m.frames = append(m.frames, f)
	m.base = int(f.base)
	return m.charge(0)
}

func (m *machine) tooDeep() error {
	return errorf(KindDepth, "Call stack exceeded maximum length of %d", m.limits.Depth)
}

// leave ends the innermost frame and gives its result to the one below.
func (m *machine) leave(result Value) error {
	last := len(m.frames) - 1
	if m.sp < int(m.frames[last].base) {
		return errUnderflow
	}
	m.cut(int(m.frames[last].base))
	m.frames[last] = frame{}
	m.frames = m.frames[:last]
	if len(m.handlers) > 0 {
		m.dropHandlers()
	}
	caller := &m.frames[last-1]
	m.base, m.ip = int(caller.base), int(caller.ret)
	if caller.native != nil {
		return m.resume(caller.native, result)
	}
	m.push(result)
	if caller.fn.program != m.program {
		return m.enterChunk(caller.fn.program)
	}
	return nil
}

func (m *machine) callHost(name string, f Func, n int) error {
	if err := m.checkClock(); err != nil { // the host may take its time in every call
		return err
	}
	v, err := f(m.ctx, m.stack[m.sp-n:m.sp:m.sp])
	if err != nil {
		return hostError(name, err)
	}
	m.cut(m.sp - n)
	v = Copy(v) // the host may keep it, and hand it to other runs
	m.push(v)
	return m.chargeDeep(v)
}

// hostError copies what the program can catch, keeps errors of the machine, and marks all others as the host's.
func hostError(what string, err error) error {
	var t *thrown
	var e *Error
	if errors.As(err, &t) {
		return Throw(Copy(t.value))
	}
	if errors.As(err, &e) {
		return err
	}
	return &Error{Kind: KindHost, Message: what + ": " + err.Error(), Cause: err}
}

func (m *machine) callBuiltin(b *Builtin, n int) error {
	if n < b.Min || b.Max >= 0 && n > b.Max {
		return arityError(b, n)
	}
	if b.Callback != NoCallback {
		return m.start(b, n)
	}
	return m.callLibrary(b, n)
}

// callLibrary calls a function without a callback that takes n arguments.
func (m *machine) callLibrary(b *Builtin, n int) error {
	args := m.stack[m.sp-n : m.sp : m.sp]
	work := 0
	for i := range args {
		if args[i].Kind() == KindString {
			work += len(args[i].str())
		}
	}
	v, err := b.Func(&m.call, args)
	held := int(m.held)
	if held > 0 {
		m.giveBack()
	}
	if err != nil {
		return err
	}
	m.cut(m.sp - n)
	m.push(v)
	size := 0
	switch k := v.Kind(); {
	case k == KindString:
		size = len(v.str())
		if err := m.stringSize(size); err != nil {
			return err
		}
	case k > KindString:
		size = max(shallow(v), held) // what is inside of a container was asked for while it was made
	}
	if err := m.settle(size); err != nil {
		return err
	}
	return m.burnBytes(work + size)
}

func arityError(b *Builtin, n int) error {
	switch {
	case b.Exact:
		return errorf(KindArgument, "Function %s requires exactly %d arguments", b.Name, b.Min)
	case n < b.Min:
		return errorf(KindArgument, "Function %s requires at least %d arguments", b.Name, b.Min)
	}
	return errorf(KindArgument, "Function %s requires at most %d arguments", b.Name, b.Max)
}
