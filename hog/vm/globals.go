package vm

import "strings"

// readGlobal pushes the global of a chain known when the program was loaded.
func (m *machine) readGlobal(index int) error {
	v, err := m.lookup(m.program.code.Chains[index])
	if err != nil {
		return err
	}
	if v.Kind() <= KindString {
		m.globals[index], m.known[index] = v, true
	}
	m.push(v)
	return m.chargeDeep(v)
}

// readNamed pushes the global whose names are on the stack, root on top.
func (m *machine) readNamed(n int) error {
	names, err := m.take(n)
	if err != nil {
		return err
	}
	chain := make([]string, n)
	for i, v := range names {
		chain[n-1-i] = HostString(v)
	}
	if n == 0 {
		return errorf(KindName, "Global variable not found: ")
	}
	v, err := m.lookup(chain)
	if err != nil {
		return err
	}
	m.push(v)
	return m.chargeDeep(v)
}

func (m *machine) lookup(chain []string) (Value, error) {
	v, ok, err := m.globalOf(chain)
	if err != nil {
		return Value{}, hostError("global "+strings.Join(chain, "."), err)
	}
	if ok {
		return v, nil
	}
	if len(chain) == 1 {
		if f := m.libraryFunction(chain[0]); f != nil {
			return newFunction(f), nil
		}
	}
	return Value{}, errorf(KindName, "Global variable not found: %s", strings.Join(chain, "."))
}

// globalOf asks the host, and looks among the globals that came with the chunk. A chunk that was imported sees no others.
func (m *machine) globalOf(chain []string) (v Value, ok bool, err error) {
	if m.env.Global != nil && !m.imported {
		if v, ok, err = m.env.Global(chain); err == nil {
			err = m.checkReads()
		}
	}
	if !ok && err == nil && m.values != nil {
		return GlobalsOf(m.values)(chain)
	}
	return v, ok, err
}

// readsPerLook is how many globals are read between looks at the time. A look costs as much as reading one from memory, and
// programs that read few, which are most, do without.
const readsPerLook = 4

// checkReads looks at the context, and now and then at the time: the host may take its time in every read.
func (m *machine) checkReads() error {
	if m.reads++; m.reads%readsPerLook == 0 {
		return m.checkClock()
	}
	return m.checkContext()
}

// libraryFunction is a function of the library as a value.
func (m *machine) libraryFunction(name string) *Function {
	if m.env.asyncName(name) {
		f := &Function{Name: name, Kind: FunctionAsync}
		if m.env.Async == nil || !m.env.Async(name) {
			f.Args = 1 // the language's own sleep
		}
		return f
	}
	b := m.program.library[name]
	if b == nil {
		return nil
	}
	return &Function{Name: name, Args: max(b.Max, 0), Kind: FunctionLibrary, library: b}
}
