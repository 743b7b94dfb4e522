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
	fn     *Function // nil for library functions
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
	*chunk  // that of the innermost frame
	root    *chunk
	chunks  map[*Program]*chunk // all but the root
	ctx     context.Context
	env     Env
	limits  Limits
	maxText int // see Limits.textLimit
	call    Call
	waiting *asyncCall // what the run is suspended for

	stack    []Value // as much of it as the run has paid for; a pooled machine may have more
	sp       int     // height of the stack
	ip       int     // next instruction
	base     int     // of the innermost frame
	frames   []frame // in calls, likewise
	calls    []frame
	handlers []handler
	open     *cell   // captured variables that still live on the stack, highest slot first
	defects  bool    // those of the reference, see Program.WithReferenceDefects
	reused   []*cell // with the defects: all captured variables, one for each slot

	fuel     int64 // steps until the next check
	granted  int64 // what fuel was at the last check
	steps    int64 // until the last check
	work     int64 // bytes that were worked on since the last check
	deadline time.Time
	room     int64 // bytes until the live values are measured again
	held     int64 // bytes that the library function at work has asked for
	printed  int
	reads    int    // of globals
	appended []byte // the text made by appending last, see Call.Append
	piece    []byte // what is left of the memory for short texts, see Call.Bytes
	buffer   []byte // for texts that are being written, see writer

	recent     *compiledPattern // the one searched for last, if it is in the cache
	containers *openContainers  // for JSON that is being read, see parseJSON

	asyncSteps int
	spent      time.Duration // of the wall time, until the last suspension
	peak       int64         // the most memory in use, as far as it was measured
	asked      Limits        // what the limits were made of
}

// startStack and startFrames are how many slots and frames a run has without paying for them; keptStack and keptFrames how
// many a machine may take back to the pool.
const (
	startStack  = 64
	keptStack   = 1024
	startFrames = 16
	keptFrames  = 1024
)

func newMachine(p *Program) *machine {
	root := newChunk(rootChunk, p)
	m := &machine{chunk: root, root: root, stack: make([]Value, startStack), calls: make([]frame, startFrames)}
	m.frames = m.calls[:0]
	m.call.m = m
	return m
}

func (m *machine) reset(ctx context.Context, env Env) { m.resetOn(0, ctx, env) }

// resetOn starts the root chunk on the lowest values of the stack.
func (m *machine) resetOn(height int, ctx context.Context, env Env) {
	m.ctx, m.env = ctx, env
	m.setLimits(env.Limits)
	m.frames = append(m.calls[:0:startFrames], frame{fn: m.main})
	m.stack = m.stack[:max(startStack, height)]
	m.sp, m.base, m.ip = height, 0, int(m.main.entry)
	m.steps, m.granted, m.fuel, m.work, m.printed, m.reads, m.held = 0, 0, 0, 0, 0, 0, 0
	m.deadline, m.asyncSteps, m.spent, m.peak = time.Time{}, 0, 0, 0
	if m.room = m.limits.Memory; height > 0 {
		m.room = 0 // the values on the stack count, too: the first charge measures them
	}
	m.defects = m.root.program.defects
	m.grant()
	if len(env.Functions) > 0 || env.Async != nil || m.program.sleeps {
		m.link(&env)
	}
}

// release drops what the run left behind, so that a pooled machine keeps nothing of it alive but the bytes of short texts
// that share a piece of memory with what is left of it. Functions that outlive the
// run, in its result for instance, keep their variables.
func (m *machine) release() {
	m.closeFrom(0)
	if clear(m.stack); cap(m.stack) > keptStack {
		m.stack = make([]Value, startStack)
	}
	clear(m.frames)
	if len(m.calls) > keptFrames {
		m.calls = make([]frame, startFrames)
	}
	m.frames, m.handlers = m.calls[:0], m.handlers[:0]
	m.root.clear()
	m.ctx, m.env = nil, Env{}
	if m.chunks != nil || m.waiting != nil || m.reused != nil {
		m.chunk, m.chunks, m.waiting, m.reused = m.root, nil, nil, nil
	}
	m.appended = nil
}

// drive runs until the program ends, fails or is suspended.
func (m *machine) drive() (Value, error) {
	v, err := m.run()
	for err != nil && errors.Is(err, errSwitch) {
		v, err = m.run()
	}
	return v, err
}

// grow makes the stack larger. It takes the memory without looking at the limit; the next charge does. What the machine has
// from an earlier run is paid for like what is new, so that a limit means the same in every run.
func (m *machine) grow() {
	n := len(m.stack)
	m.room -= slotSize * int64(n)
	if 2*n <= cap(m.stack) {
		m.stack = m.stack[:2*n]
		return
	}
	m.stack = append(make([]Value, 0, 2*n), m.stack...)[:2*n]
}

// growFrames is grow for the frames.
func (m *machine) growFrames() {
	n := cap(m.frames)
	m.room -= frameSize * int64(n)
	if len(m.calls) < 2*n {
		m.calls = make([]frame, 2*n)
	}
	copy(m.calls, m.frames)
	m.frames = m.calls[: n : 2*n]
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
	located.Message = clip(e.Message)
	for i := range m.frames {
		f := &m.frames[i]
		ip := int(f.ret) - 1
		if i == len(m.frames)-1 {
			ip = m.ip - 1
		}
		s := StackFrame{Function: f.name()}
		if f.native == nil {
			s.File, s.Line, s.Col = place(f.fn.program.code, ip)
			if c := m.chunkOf(f.fn.program); c != nil && c.imported {
				s.Chunk, located.Chunk = c.name, c.name
			} else {
				located.Chunk = ""
			}
		}
		located.Stack = append(located.Stack, s)
	}
	for i := len(located.Stack) - 1; i >= 0 && located.Line == 0; i-- {
		s := located.Stack[i]
		located.File, located.Line, located.Col = s.File, s.Line, s.Col
	}
	if located.Line > 0 {
		located.Snippet = m.snippet()
	}
	return &located
}

// snippet is the line that the innermost frame of the program's own code is at.
func (m *machine) snippet() string {
	last, ip := len(m.frames)-1, m.ip
	for last > 0 && m.frames[last].native != nil {
		last--
		ip = int(m.frames[last].ret)
	}
	p := m.frames[last].fn.program.code
	if ip = max(ip-1, 0); p.Source == nil || ip >= len(p.Offsets) || p.Offsets[ip] < 0 {
		return ""
	}
	at := p.Offsets[ip]
	return p.Source.Snippet(source.Span{Start: at, End: at + 1})
}

func place(p *code.Program, ip int) (file string, line, col int) {
	if p.Source == nil || ip < 0 || ip >= len(p.Offsets) || p.Offsets[ip] < 0 {
		return "", 0, 0
	}
	line, col = p.Source.Position(int(p.Offsets[ip]))
	return p.Source.Name, line, col
}
