package vm

import (
	"context"
	"errors"
	"time"

	"github.com/prickle-dev/prickle/hog/code"
	"github.com/prickle-dev/prickle/hog/source"
)

// frame is a call that is under way. The innermost frame's place is in the machine.
type frame struct {
	fn     *Function // nil for the program and for library functions
	native *Builtin  // a library function with a callback, else nil
	base   int32     // height of the stack under the arguments
	ret    int32     // where this frame goes on when the one above it returns
}

func (f *frame) name() string {
	switch {
	case f.native != nil:
		return f.native.Name
	case f.fn != nil:
		return f.fn.Name
	}
	return ""
}

// handler is a try block that is under way.
type handler struct {
	frames int32
	height int32
	catch  int32
}

// checkEvery is how many steps pass between looks at the clock and the context.
const checkEvery = 2048

// machine runs one program at a time; it is pooled with its program.
type machine struct {
	program *Program
	ctx     context.Context
	env     Env
	limits  Limits
	call    Call

	stack    []Value
	sp       int // height of the stack
	ip       int // next instruction
	base     int // of the innermost frame
	frames   []frame
	handlers []handler
	open     *cell // captured variables that still live on the stack, highest slot first

	host     []Func      // by index in code.Calls, when the host has functions
	declared []*Function // by index in code.Calls: legacy functions that the program has declared
	globals  []Value     // by index in code.Chains: scalars read earlier in this run
	known    []bool      // which of globals are set

	fuel     int64 // steps until the next check
	granted  int64 // what fuel was at the last check
	steps    int64 // until the last check
	work     int   // work of library functions since the last look at the clock
	deadline time.Time
	room     int64 // bytes until the live values are measured again
	printed  int
}

// startStack is how many slots a new machine has; keptStack how many it may take back to the pool.
const (
	startStack = 64
	keptStack  = 1024
)

func newMachine(p *Program) *machine {
	m := &machine{
		program: p, stack: make([]Value, startStack), frames: make([]frame, 0, 16),
		host: make([]Func, len(p.code.Calls)), declared: make([]*Function, len(p.code.Calls)),
		globals: make([]Value, len(p.code.Chains)), known: make([]bool, len(p.code.Chains)),
	}
	m.call.m = m
	return m
}

func (m *machine) reset(ctx context.Context, env Env) {
	m.ctx, m.env, m.limits = ctx, env, env.Limits.withDefaults()
	m.frames = append(m.frames[:0], frame{})
	m.sp, m.base, m.ip = 0, 0, int(m.program.code.Functions[0].Entry)
	m.steps, m.granted, m.fuel, m.work, m.printed = 0, 0, 0, 0, 0
	m.deadline = time.Time{}
	m.room = m.limits.Memory
	m.grant()
	if len(env.Functions) > 0 {
		for i, name := range m.program.code.Calls {
			m.host[i] = env.Functions[name]
		}
	}
}

// release drops what the run left behind, so that a pooled machine keeps nothing of it alive.
func (m *machine) release() {
	if len(m.stack) > keptStack {
		m.stack = make([]Value, startStack)
	} else {
		clear(m.stack)
	}
	clear(m.frames)
	m.frames, m.handlers, m.open = m.frames[:0], m.handlers[:0], nil
	if len(m.env.Functions) > 0 {
		clear(m.host)
	}
	clear(m.declared)
	clear(m.globals)
	clear(m.known)
	m.ctx, m.env = nil, Env{}
}

// grow makes the stack larger. It takes the memory without looking at the limit; the next charge does.
func (m *machine) grow() {
	m.room -= slotSize * int64(len(m.stack))
	m.stack = append(m.stack, make([]Value, len(m.stack))...)
}

func (m *machine) push(v Value) {
	if m.sp >= len(m.stack) {
		m.grow()
	}
	m.stack[m.sp] = v
	m.sp++
}

var errEmptyStack = &Error{Kind: KindBytecode, Message: "Invalid HogQL bytecode, stack is empty, can not pop"}

func (m *machine) pop() (Value, error) {
	if m.sp == 0 {
		return Value{}, errEmptyStack
	}
	m.sp--
	return m.stack[m.sp], nil
}

// cut lowers the stack to a height and keeps the captured variables above it.
func (m *machine) cut(height int) {
	m.closeFrom(height)
	if height < m.sp {
		m.sp = height
	}
}

func (m *machine) closeFrom(height int) {
	for m.open != nil && int(m.open.slot) >= height {
		c := m.open
		c.value, c.open = m.slot(int(c.slot)), false
		m.open, c.next = c.next, nil
	}
}

// slot is the value at a slot; slots above the top read as null.
func (m *machine) slot(i int) Value {
	if i < 0 || i >= m.sp {
		return Value{}
	}
	return m.stack[i]
}

// locate fills in where the program stands.
func (m *machine) locate(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Kind: KindHost, Message: err.Error(), Cause: err}
	}
	located := *e
	text := m.program.code.Source
	for i := range m.frames {
		f := &m.frames[i]
		ip := int(f.ret) - 1
		if i == len(m.frames)-1 {
			ip = m.ip - 1
		}
		s := StackFrame{Function: f.name()}
		if f.native == nil {
			s.File, s.Line, s.Col = place(m.program.code, ip)
		}
		located.Stack = append(located.Stack, s)
	}
	for i := len(located.Stack) - 1; i >= 0 && located.Line == 0; i-- {
		s := located.Stack[i]
		located.File, located.Line, located.Col = s.File, s.Line, s.Col
	}
	if located.Line > 0 {
		if at := m.program.code.Offsets[m.innermost()]; at >= 0 {
			located.Snippet = text.Snippet(source.Span{Start: at, End: at + 1})
		}
	}
	return &located
}

// innermost is the instruction that the innermost frame of the program's own code is at.
func (m *machine) innermost() int {
	last := len(m.frames) - 1
	if m.frames[last].native == nil {
		return max(m.ip-1, 0)
	}
	for last > 0 && m.frames[last].native != nil {
		last--
	}
	return max(int(m.frames[last].ret)-1, 0)
}

func place(p *code.Program, ip int) (file string, line, col int) {
	if p.Source == nil || ip < 0 || ip >= len(p.Offsets) || p.Offsets[ip] < 0 {
		return "", 0, 0
	}
	line, col = p.Source.Position(int(p.Offsets[ip]))
	return p.Source.Name, line, col
}
