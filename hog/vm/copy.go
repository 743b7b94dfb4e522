package vm

// Copy is a deep copy of the value: nothing that a program does to it changes v. Datetimes and dates,
// which never change, are shared, and so are functions whose variables are those of a run that goes on. Containers in the
// copy are shared where they are in the value.
func Copy(v Value) Value {
	if v.Kind() <= KindString {
		return v
	}
	c := copier{left: plainNodes}
	if out := c.value(v, 0); c.left > 0 {
		return out
	}
	// The value is large or deep, or its containers hold each other many times.
	return copyGraph(v)
}

// plainNodes is how many values are walked before containers seen twice matter, and plainDepth how deep they are then.
const (
	plainNodes = 1000
	plainDepth = 100
)

// copier copies a value as a tree, as most are, and gives up when there is too much of it.
type copier struct{ left int }

func (c *copier) value(v Value, depth int) Value {
	if v.Kind() <= KindString || c.left <= 0 {
		return v
	}
	if depth > plainDepth {
		c.left = 0
	}
	switch v.Kind() {
	case KindArray, KindTuple:
		items := v.array().Items
		if c.left -= len(items); c.left <= 0 {
			return v
		}
		out := make([]Value, len(items))
		for i, item := range items {
			out[i] = c.value(item, depth+1)
		}
		return listLike(v, out)
	case KindDict:
		d := v.dict()
		if c.left -= len(d.entries); c.left <= 0 {
			return v
		}
		out := d.Clone()
		for i := range d.entries {
			out.SetAt(i, c.value(d.entries[i].value, depth+1))
		}
		return out.Value()
	case KindError:
		e := v.errorValue()
		return NewError(e.Type, e.Message, c.value(e.Payload, depth+1))
	case KindInterval:
		i := v.interval()
		return NewInterval(c.value(i.Value, depth+1), i.Unit)
	case KindFunction:
		if v.function().keepsVariables() {
			c.left = 0 // others may hold the same variables
		}
	}
	return v
}

// listLike is an array or a tuple of the items, as v is one.
func listLike(v Value, items []Value) Value {
	if v.Kind() == KindTuple {
		return NewTuple(items...)
	}
	return NewArray(items...)
}

// copyGraph copies every container once. It does not recurse: copies are made with the contents of the originals, which
// are then replaced one container after the other.
func copyGraph(v Value) Value {
	done, cells := map[Value]Value{}, map[*cell]*cell{}
	var todo []Value // copies whose contents are still the originals
	copied := func(v Value) Value {
		if known, ok := done[v]; ok {
			return known
		}
		out := shallowCopy(v)
		if out != v {
			done[v] = out
			todo = append(todo, out)
		}
		return out
	}
	root := copied(v)
	for len(todo) > 0 {
		c := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch c.Kind() {
		case KindArray, KindTuple:
			items := c.array().Items
			for i := range items {
				items[i] = copied(items[i])
			}
		case KindDict:
			entries := c.dict().entries
			for i := range entries {
				entries[i].value = copied(entries[i].value)
			}
		case KindError:
			e := c.errorValue()
			e.Payload = copied(e.Payload)
		case KindInterval:
			i := c.interval()
			i.Value = copied(i.Value)
		case KindFunction:
			f := c.function()
			for i, from := range f.cells {
				if cells[from] == nil {
					cells[from] = &cell{slot: from.slot, value: copied(from.value)}
				}
				f.cells[i] = cells[from]
			}
		}
	}
	return root
}

// shallowCopy is a container with the same contents, or any other value itself.
func shallowCopy(v Value) Value {
	switch v.Kind() {
	case KindArray, KindTuple:
		return listLike(v, append([]Value(nil), v.array().Items...))
	case KindDict:
		return v.dict().Clone().Value()
	case KindError:
		e := v.errorValue()
		return NewError(e.Type, e.Message, e.Payload)
	case KindInterval:
		i := v.interval()
		return NewInterval(i.Value, i.Unit)
	case KindFunction:
		if v.function().keepsVariables() {
			f := *v.function()
			f.cells = append([]*cell(nil), f.cells...)
			return newFunction(&f)
		}
	}
	return v
}
