package vm

// Copy is a deep copy of the value: nothing that a program does to it changes v. Functions are shared. Containers
// deeper than 1000 levels become null.
func Copy(v Value) Value {
	if v.Kind() <= KindString {
		return v
	}
	c := copier{left: plainNodes}
	if out := c.value(v, 0); c.left > 0 {
		return out
	}
	// The value is large, or its containers hold each other many times: go on with a memory of what is copied already.
	c = copier{done: map[Value]Value{}}
	return c.value(v, 0)
}

// plainNodes is how many values are walked before containers seen twice matter.
const plainNodes = 10_000

type copier struct {
	left int             // values left before the walk gives up; used while done is nil
	done map[Value]Value // copies by container
}

func (c *copier) value(v Value, depth int) Value {
	if v.Kind() <= KindString {
		return v
	}
	if known, ok := c.done[v]; ok {
		return known
	}
	if depth > maxNesting {
		c.left = min(c.left, 0)
		return Value{}
	}
	switch v.Kind() {
	case KindArray, KindTuple:
		return c.list(v, depth)
	case KindDict:
		return c.dict(v, depth)
	case KindError:
		e := v.errorValue()
		return NewError(e.Type, e.Message, c.value(e.Payload, depth+1))
	}
	return v
}

// enough reports whether a walk without memory has to stop before n more values.
func (c *copier) enough(n int) bool {
	c.left -= n
	return c.done == nil && c.left <= 0
}

func (c *copier) list(v Value, depth int) Value {
	items := v.array().Items
	if c.enough(len(items)) {
		return Value{}
	}
	out := make([]Value, len(items))
	list := NewArray(out...)
	if v.Kind() == KindTuple {
		list = NewTuple(out...)
	}
	c.keep(v, list)
	for i, item := range items {
		out[i] = c.value(item, depth+1)
	}
	return list
}

func (c *copier) dict(v Value, depth int) Value {
	d := v.dict()
	if c.enough(len(d.entries)) {
		return Value{}
	}
	out := NewDict(len(d.entries))
	c.keep(v, out.Value())
	for i := range d.entries {
		out.Set(d.entries[i].key, c.value(d.entries[i].value, depth+1))
	}
	return out.Value()
}

func (c *copier) keep(v, copied Value) {
	if c.done != nil {
		c.done[v] = copied
	}
}
