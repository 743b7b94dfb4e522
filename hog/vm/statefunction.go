package vm

import "github.com/prickle-dev/prickle/hog/code"

// function is a function value: a closure, or a callable that none was made of yet.
func (s *saver) function(f *Function) Value {
	c := callable{kind: "local", name: f.Name, args: f.Args, ip: -1, upvalues: int(f.upvalues)}
	switch f.Kind {
	case FunctionLibrary:
		c.kind, c.chunk = "stl", "stl"
	case FunctionAsync:
		c.kind, c.chunk = "async", "async"
	default:
		chunk := s.m.chunkOf(f.program)
		if chunk == nil {
			s.fail("a function of another program can not be saved")
			return Value{}
		}
		c.chunk, c.ip = chunk.name, f.program.code.Token(int(f.entry))
		if f == chunk.main {
			c.ip = mainIP(chunk.name)
		}
	}
	if f.open {
		return c.value()
	}
	ids := make([]Value, len(f.cells))
	for i, cell := range f.cells {
		ids[i] = Number(float64(s.id(cell)))
	}
	return closureValue(c, ids)
}

// mainIP is where the reference says that a chunk itself starts.
func mainIP(chunk string) int {
	if chunk == rootChunk {
		return 1
	}
	return 0
}

func (s *saver) id(c *cell) int {
	id, ok := s.ids[c]
	if !ok {
		s.cells = append(s.cells, c)
		id = len(s.cells)
		s.ids[c] = id
	}
	return id
}

// callable is what a saved function says of its code.
type callable struct {
	kind, name, chunk  string
	args, upvalues, ip int
}

func (c callable) value() Value {
	d := NewDict(6)
	d.SetString(markCallable, String(c.kind))
	d.SetString("name", String(c.name))
	d.SetString("chunk", String(c.chunk))
	d.SetString("argCount", Number(float64(c.args)))
	d.SetString("upvalueCount", Number(float64(c.upvalues)))
	d.SetString("ip", Number(float64(c.ip)))
	return d.Value()
}

func closureValue(c callable, cells []Value) Value {
	d := NewDict(3)
	d.SetString(markClosure, Bool(true))
	d.SetString("callable", c.value())
	d.SetString("upvalues", NewArray(cells...))
	return d.Value()
}

// closure is a function value.
func (r *restorer) closure(d *Dict) Value {
	ids := r.list(d, "upvalues")
	v := r.callable(r.dict(d, "callable"), len(ids))
	f, ok := v.AsFunction()
	if !ok {
		return v
	}
	f.open = false
	for _, id := range ids {
		n, _ := id.AsNumber()
		c := r.cells[int(n)]
		if c == nil {
			r.fail("a function has the captured variable %s, which there is not", id.Display())
			return Value{}
		}
		f.cells = append(f.cells, c)
	}
	return v
}

// callable is a function that has captured nothing yet; cells is how many captured variables it will have, or -1 when
// that is still open.
func (r *restorer) callable(d *Dict, cells int) Value {
	name := r.text(d, "name")
	switch r.text(d, markCallable) {
	case "async":
		return newFunction(&Function{Name: name, Args: max(r.count(d, "argCount"), 0), Kind: FunctionAsync})
	case "stl":
		b := r.library[name]
		if b == nil {
			r.fail("there is no library function %q", name)
			return Value{}
		}
		return newFunction(&Function{Name: name, Args: max(b.Max, 0), Kind: FunctionLibrary, library: b})
	}
	c := r.chunks[r.text(d, "chunk")]
	if c == nil {
		r.fail("there is no chunk %q", r.text(d, "chunk"))
		return Value{}
	}
	f := r.functionAt(c, r.count(d, "ip"))
	if f == nil || cells >= 0 && cells != f.Upvalues {
		r.fail("there is no function %q at %s of chunk %q", name, formatNumber(r.number(d, "ip")), c.name)
		return Value{}
	}
	return newFunction(&Function{
		Name: f.Name, Args: f.Args, program: c.program, entry: f.Entry, upvalues: int32(f.Upvalues), open: true,
	})
}

// frameFunction is the function of a frame, which may be a chunk itself.
func (r *restorer) frameFunction(frame *Dict) *Function {
	closure := r.dict(frame, "closure")
	callable := r.dict(closure, "callable")
	c := r.chunks[r.text(frame, "chunk")]
	if c == nil || r.text(callable, "chunk") != c.name {
		r.fail("there is no chunk %q", r.text(frame, "chunk"))
		return nil
	}
	if ip := r.count(callable, "ip"); ip == mainIP(c.name) {
		return c.main
	}
	f, ok := r.closure(closure).AsFunction()
	if !ok || f.Kind != FunctionLocal {
		r.fail("a frame is of no function of the program")
		return nil
	}
	return f
}

// functionAt is the function of a chunk whose body starts at a token, or nil.
func (r *restorer) functionAt(c *chunk, token int) *code.Function {
	functions := c.program.code.Functions[1:]
	entries := r.bodies[c]
	if entries == nil {
		entries = make(map[int]*code.Function, len(functions))
		for i := len(functions) - 1; i >= 0; i-- {
			entries[int(functions[i].Entry)] = &functions[i]
		}
		r.bodies[c] = entries
	}
	at, ok := c.program.code.Instruction(token)
	if !ok {
		return nil
	}
	return entries[at]
}
