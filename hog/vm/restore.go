package vm

import (
	"strconv"
	"time"

	"github.com/prickle-dev/prickle/hog/code"
)

// Restore makes a suspended run of a state, of ours or of the reference's. A state is not trusted: what is in it can be
// anything that some program could have come to, and nothing else. Function and Args are empty for a state of the
// reference, which keeps them elsewhere.
//
// The run has the defects of the reference, see Program.WithReferenceDefects, when the state says that it had them, or
// with defects.
func Restore(state []byte, library Library, defects bool) (s *Suspension, err error) {
	defer func() {
		if failure := failureOf(recover()); failure != nil {
			s, err = nil, failure
		}
	}()
	v, err := FromJSON(state)
	if err != nil {
		return nil, err
	}
	d, ok := v.AsDict()
	if !ok {
		return nil, errorf(KindData, "the state of a run is a JSON object")
	}
	r := restorer{
		library: library, defects: defects, state: d, chunks: map[string]*chunk{}, cells: map[int]*cell{}, known: map[string]Value{},
		bodies: map[*chunk]map[int]*code.Function{},
	}
	m := r.machine()
	if r.err != nil {
		return nil, r.err
	}
	call := r.dict(d, "call")
	return &Suspension{Function: r.text(call, "function"), Args: r.args, m: m}, nil
}

// restorer makes a machine of a state. The first thing that is wrong is kept in err; what is made after it is not used.
type restorer struct {
	library Library
	defects bool
	state   *Dict
	notes   *Dict
	m       *machine
	chunks  map[string]*chunk
	cells   map[int]*cell
	known   map[string]Value // containers by their path
	path    []byte           // of the current value
	natives []savedNative
	shifts  []shift // of the stack, from the saved one to the machine's
	bodies  map[*chunk]map[int]*code.Function
	args    []Value
	err     error
}

func (r *restorer) fail(format string, args ...any) {
	if r.err == nil {
		r.err = errorf(KindData, "state of a run: "+format, args...)
	}
}

func (r *restorer) machine() *machine {
	if r.notes = r.dict(r.state, "notes"); r.notes == nil {
		r.notes = NewDict(0)
	}
	if !r.programs() {
		return nil
	}
	m := r.m
	r.makeCells()
	saved := r.values("stack", r.list(r.state, "stack"))
	call := r.dict(r.state, "call")
	r.args = r.values("args", r.list(call, "args"))
	frames := r.list(r.state, "callStack")
	r.findNatives(frames, len(saved))
	if r.err != nil {
		return nil
	}
	r.stack(saved)
	r.frames(frames)
	r.fillCells()
	if had, _ := r.state.get("defects"); had.Truthy() || r.defects {
		r.reuseCells()
	}
	r.handlers()
	r.declared()
	m.steps, m.asyncSteps = int64(max(r.count(r.state, "ops"), 0)), max(r.count(r.state, "asyncSteps"), 0)
	m.printed, m.peak = max(r.count(r.state, "output"), 0), int64(max(r.count(r.state, "maxMemUsed"), 0))
	if ms := r.number(r.state, "syncDuration"); ms > 0 {
		m.spent = time.Duration(min(ms, 1e12) * float64(time.Millisecond))
	}
	return m
}

// programs loads the chunks. Older states have one program and no names.
func (r *restorer) programs() bool {
	all := r.dict(r.state, "bytecodes")
	root := r.dict(all, rootChunk)
	if all == nil {
		root = r.state
	}
	c := r.chunk(0, rootChunk, root)
	if c == nil {
		return false
	}
	r.m = newMachine(c.program)
	r.m.root.values = c.values
	r.chunks[rootChunk] = r.m.root
	for i := 0; all != nil && i < all.Len(); i++ {
		key, v := all.At(i)
		name := HostString(key)
		d, _ := v.AsDict()
		if name == rootChunk {
			continue
		}
		c := r.chunk(i, name, d)
		if c == nil {
			return false
		}
		c.imported, c.main.Name = true, name
		r.chunks[name] = c
		r.m.addChunk(c)
	}
	return true
}

func (r *restorer) chunk(at int, name string, d *Dict) *chunk {
	var tokens []any
	for _, v := range r.values("bytecodes."+strconv.Itoa(at), r.list(d, "bytecode")) {
		tokens = append(tokens, valueToken(v))
	}
	loaded, err := code.Load(code.Bytecode{Tokens: tokens})
	if err != nil {
		r.fail("chunk %q: %s", name, inChunk(name, err.Error()))
		return nil
	}
	c := newChunk(name, New(loaded, r.library))
	if globals := r.dict(d, "globals"); globals != nil {
		c.values = map[string]Value{}
		for i := range globals.Len() {
			key, v := globals.At(i)
			c.values[HostString(key)] = r.at("globals."+strconv.Itoa(at)+"."+strconv.Itoa(i), v)
		}
	}
	return c
}

// valueToken is a value of a JSON document as a token of portable bytecode.
func valueToken(v Value) any {
	switch v.Kind() {
	case KindBool:
		return v.Truthy()
	case KindString:
		return v.str()
	case KindNumber:
		if f := v.num(); f == float64(int64(f)) {
			return int64(f)
		}
		return v.num()
	case KindNull:
		return nil
	}
	return "" // no opcode and no operand, so that loading says where
}
