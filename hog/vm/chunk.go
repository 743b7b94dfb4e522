package vm

import (
	"fmt"
	"slices"
	"strings"
)

// rootChunk is the name of the program itself among the chunks of a run.
const rootChunk = "root"

// chunk is what one run knows of one program: of the program itself, of one that it imports, or of an earlier input of
// a session.
type chunk struct {
	name     string
	program  *Program
	main     *Function
	imported bool
	values   map[string]Value // the globals of an imported chunk, which sees no others

	host     []Func      // by index in code.Calls, when the host has functions
	async    []bool      // by index in code.Calls: functions that suspend the run, if there are any
	linked   bool        // whether host and async are set
	declared []*Function // by index in code.Calls: legacy functions that the program has declared
	direct   []*Builtin  // by index in code.Calls: functions of the library, unless the call may mean something else
	globals  []Value     // by index in code.Chains: scalars read earlier in this run
	known    []bool      // which of globals are set
}

func newChunk(name string, p *Program) *chunk {
	return &chunk{
		name: name, program: p, main: &Function{program: p, entry: p.code.Functions[0].Entry},
		host: make([]Func, len(p.code.Calls)), declared: make([]*Function, len(p.code.Calls)), direct: slices.Clone(p.direct),
		globals: make([]Value, len(p.code.Chains)), known: make([]bool, len(p.code.Chains)),
	}
}

// link looks up the host's functions that the chunk calls.
func (c *chunk) link(env *Env) {
	c.linked = true
	if c.async == nil && (env.Async != nil || c.program.sleeps) {
		c.async = make([]bool, len(c.host))
	}
	for i, name := range c.program.code.Calls {
		c.host[i] = env.Functions[name]
		if c.async != nil {
			c.async[i] = env.asyncName(name)
		}
		c.redirect(int32(i))
	}
}

// declare makes a function of the program what calls of that name call from now on.
func (c *chunk) declare(i int32, f *Function) {
	c.declared[i] = f
	c.redirect(i)
}

// redirect finds out again what a call can mean.
func (c *chunk) redirect(i int32) {
	c.direct[i] = c.program.direct[i]
	if c.declared[i] != nil || c.host[i] != nil || c.async != nil && c.async[i] {
		c.direct[i] = nil
	}
}

// relink is link for a run that goes on with another env, which may have other globals, too.
func (c *chunk) relink(env *Env) {
	c.link(env)
	clear(c.globals)
	clear(c.known)
}

// clear forgets what belongs to one run.
func (c *chunk) clear() {
	if c.linked {
		clear(c.host)
		clear(c.async)
		c.linked = false
	}
	clear(c.declared)
	copy(c.direct, c.program.direct)
	clear(c.globals)
	clear(c.known)
}

// errSwitch makes the loop start again because the run goes on in another chunk.
var errSwitch = errorf(KindInternal, "the run goes on in another chunk")

// enterChunk makes the chunk of a program, which takes part in the run, the one that runs. It returns errSwitch when
// another ran before.
func (m *machine) enterChunk(p *Program) error {
	if p == m.program {
		return nil
	}
	m.chunk = m.chunkOf(p)
	return errSwitch
}

// chunkOf is the chunk of a program that takes part in this run, or nil.
func (m *machine) chunkOf(p *Program) *chunk {
	if m.root.program == p {
		return m.root
	}
	return m.chunks[p]
}

// inChunk is the text of a fault found when a program was loaded, which did not know the name that it runs under.
func inChunk(name, text string) string {
	return strings.Replace(text, `in chunk "root"`, fmt.Sprintf("in chunk %q", name), 1)
}

// importChunk runs the chunk whose name is on top. Its return value is the result.
func (m *machine) importChunk() error {
	c, err := m.namedChunk(m.stack[m.sp-1])
	if err != nil {
		return err
	}
	m.cut(m.sp - 1)
	if err := m.enter(frame{fn: c.main, base: int32(m.sp)}); err != nil {
		return err
	}
	m.ip = int(c.main.entry)
	return m.enterChunk(c.program)
}

// namedChunk is a chunk of the run, which the host supplies when it is first asked for.
func (m *machine) namedChunk(v Value) (*chunk, error) {
	name := HostString(v)
	if name == rootChunk {
		return m.root, nil
	}
	for _, c := range m.chunks {
		if c.name == name {
			return c, nil
		}
	}
	if m.env.Import != nil {
		m.startClock() // the host may take its time
		supplied, ok, err := m.env.Import(name)
		if err == nil {
			err = m.checkClock()
		}
		if err != nil {
			return nil, hostError("import "+name, err)
		}
		if ok {
			return m.addImport(name, supplied), nil
		}
	}
	return nil, errorf(KindName, "Unknown chunk: %s", name)
}

// addImport makes a program part of the run under a name.
func (m *machine) addImport(name string, supplied Chunk) *chunk {
	p := supplied.Program
	if m.chunkOf(p) != nil {
		p = New(p.code, p.library) // functions belong to a chunk by their program, so each chunk has one of its own
	}
	c := newChunk(name, p)
	c.main.Name = name
	c.imported, c.values = true, supplied.Globals
	m.addChunk(c)
	return c
}

// addChunk makes a program part of the run.
func (m *machine) addChunk(c *chunk) {
	if m.chunks == nil {
		m.chunks = map[*Program]*chunk{}
	}
	m.chunks[c.program] = c
	c.link(&m.env)
}
