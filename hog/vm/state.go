package vm

import (
	"slices"
	"strconv"
)

// State is the suspended run as JSON, from which Restore makes it anew, here or in another process. The state holds the
// programs, so that nothing else is needed. It is the reference's form, and the reference can go on with it; there,
// values lose what JSON cannot hold. A field of our own, notes, keeps that for Restore.
func (s *Suspension) State() ([]byte, error) {
	if s.m == nil {
		return nil, errResumed
	}
	w := saver{
		m: s.m, ids: map[*cell]int{}, seen: map[Value]string{}, inside: map[Value]bool{}, notes: NewDict(0), copies: maxCopies,
	}
	state := w.state(s)
	if w.err != nil {
		return nil, w.err
	}
	return state.AppendJSON(nil)
}

// saver turns a suspended machine into the value that its JSON is written from.
type saver struct {
	m      *machine
	ids    map[*cell]int
	cells  []*cell // in the order of their ids, which start with 1
	seen   map[Value]string
	inside map[Value]bool // containers that are being written
	notes  *Dict
	shifts []shift // of the stack, from the machine's to the saved one
	text   int     // bytes of strings
	path   []byte  // of the current value
	copy   bool    // whether a container is written once more, for the reference alone
	copies int     // values left to be written more than once
	err    error
}

// maxCopies bounds how many values are written again because several containers hold them.
const maxCopies = 100_000

func (s *saver) fail(format string, args ...any) {
	if s.err == nil {
		s.err = errorf(KindData, format, args...)
	}
}

func (s *saver) state(of *Suspension) Value {
	m := s.m
	for _, c := range m.reused {
		s.id(c)
	}
	d := NewDict(16)
	d.SetString("bytecodes", s.chunks())
	d.SetString("stack", s.stack())
	frames, handlers := s.frames(), s.handlers()
	call := NewDict(2)
	call.SetString("function", String(of.Function))
	call.SetString("args", s.list("args", of.Args))
	d.SetString("upvalues", s.upvalues())
	d.SetString("callStack", frames)
	d.SetString("throwStack", handlers)
	d.SetString("declaredFunctions", s.declared())
	d.SetString("ops", Number(float64(m.steps)))
	d.SetString("asyncSteps", Number(float64(m.asyncSteps)))
	d.SetString("syncDuration", Number(float64(m.spent.Microseconds())/1000))
	d.SetString("maxMemUsed", Number(float64(s.peak())))
	d.SetString("output", Number(float64(m.printed)))
	d.SetString("call", call.Value())
	if m.defects {
		d.SetString("defects", Bool(true))
	}
	d.SetString("notes", s.notes.Value())
	return d.Value()
}

func (s *saver) peak() int64 {
	live, err := s.m.measure()
	if err != nil && s.err == nil {
		s.err = err
	}
	return max(s.m.peak, live)
}

// chunks is the programs by name, each with the globals of its own.
func (s *saver) chunks() Value {
	all := NewDict(1)
	all.SetString(rootChunk, s.chunk(0, s.m.root))
	var names []string
	byName := map[string]*chunk{}
	for _, c := range s.m.chunks {
		names = append(names, c.name)
		byName[c.name] = c
	}
	slices.Sort(names)
	for i, name := range names {
		all.SetString(name, s.chunk(i+1, byName[name]))
	}
	return all.Value()
}

func (s *saver) chunk(at int, c *chunk) Value {
	tokens := make([]Value, len(c.program.code.Tokens))
	for i, t := range c.program.code.Tokens {
		tokens[i] = tokenValue(t)
	}
	d := NewDict(2)
	d.SetString("bytecode", s.list("bytecodes."+strconv.Itoa(at), tokens))
	if len(c.values) > 0 {
		globals := NewDict(len(c.values))
		for i, name := range sortedKeys(c.values) {
			globals.SetString(name, s.at("globals."+strconv.Itoa(at)+"."+strconv.Itoa(i), c.values[name]))
		}
		d.SetString("globals", globals.Value())
	}
	return d.Value()
}

// stack is the values, with the frames of functions with callbacks as the reference has them.
func (s *saver) stack() Value {
	m := s.m
	var out []Value
	from, end := 0, 0
	for _, f := range m.frames {
		base := int(f.base)
		slots := m.stack[min(base, m.sp):min(base+callbackSlots, m.sp)]
		broken := f.native != nil && (len(slots) < callbackSlots || !slots[slotList].isList() || !slots[slotIndex].IsNumber())
		if broken || base < end || base > m.sp {
			s.fail("a run can not be saved after its bytecode has popped values that are not its own")
			return Value{}
		}
		end = base
		if f.native == nil {
			continue
		}
		end = base + callbackSlots
		l := layouts[f.native.Callback]
		out = append(append(out, m.stack[from:base]...), l.save(slots)...)
		from = end
		s.shifts = addShift(s.shifts, end, l.size-callbackSlots)
	}
	return s.list("stack", append(out, m.stack[from:m.sp]...))
}

func (s *saver) frames() Value {
	var list []Value
	for i, f := range s.m.frames {
		next := int(f.ret)
		if i == len(s.m.frames)-1 {
			next = s.m.ip
		}
		d := NewDict(5)
		if f.native != nil {
			l, name := layouts[f.native.Callback], f.native.Name
			next = l.ip
			d.SetString("closure", closureValue(callable{kind: "stl", name: name, chunk: libraryChunk + name, args: l.args}, nil))
			d.SetString("chunk", String(libraryChunk+name))
			d.SetString("argCount", Number(float64(l.args)))
		} else {
			next = f.fn.program.code.Token(next)
			d.SetString("closure", s.function(f.fn))
			d.SetString("chunk", String(s.m.chunkOf(f.fn.program).name))
			d.SetString("argCount", Number(float64(f.fn.Args)))
		}
		d.SetString("ip", Number(float64(next)))
		d.SetString("stackStart", Number(float64(shifted(s.shifts, int(f.base)))))
		list = append(list, d.Value())
	}
	return NewArray(list...)
}

func (s *saver) handlers() Value {
	var list []Value
	for _, h := range s.m.handlers {
		d := NewDict(3)
		d.SetString("callStackLen", Number(float64(h.frames)))
		d.SetString("stackLen", Number(float64(shifted(s.shifts, int(h.height)))))
		d.SetString("catchIp", Number(float64(s.m.frames[h.frames-1].fn.program.code.Token(int(h.catch)))))
		list = append(list, d.Value())
	}
	return NewArray(list...)
}

// upvalues is the captured variables that functions hold, by their slot. It comes last, because values lead to them.
func (s *saver) upvalues() Value {
	type saved struct {
		slot  int
		value Value
	}
	var list []saved
	for i := 0; i < len(s.cells); i++ {
		c := s.cells[i]
		d := NewDict(5)
		d.SetString(markUpvalue, Bool(true))
		d.SetString("id", Number(float64(i+1)))
		d.SetString("location", Number(float64(shifted(s.shifts, int(c.slot)))))
		d.SetString("closed", Bool(!c.open))
		d.SetString("value", Value{})
		if !c.open {
			d.SetString("value", s.at("upvalues."+strconv.Itoa(i+1), c.value))
		}
		list = append(list, saved{int(c.slot), d.Value()})
	}
	slices.SortStableFunc(list, func(a, b saved) int { return a.slot - b.slot })
	out := make([]Value, len(list))
	for i := range list {
		out[i] = list[i].value
	}
	return NewArray(out...)
}

// declared is the legacy functions by name.
func (s *saver) declared() Value {
	d := NewDict(0)
	add := func(c *chunk) {
		for _, f := range c.declared {
			if f != nil {
				d.SetString(f.Name, NewArray(Number(float64(c.program.code.Token(int(f.entry)))), Number(float64(f.Args))))
			}
		}
	}
	add(s.m.root)
	for _, c := range s.m.chunks {
		add(c)
	}
	return d.Value()
}
