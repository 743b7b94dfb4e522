package vm

// A library function with a callback is a frame whose state is in these slots above its base.
const (
	slotCallback = iota
	slotList
	slotResult
	slotIndex
	callbackSlots
)

// Values is what for and the functions with callbacks go over: the items of a list, the values of a dictionary, the
// fields of a record, nothing for anything else. It is a copy.
func Values(v Value) []Value {
	switch v.Kind() {
	case KindArray, KindTuple:
		return append([]Value(nil), v.array().Items...)
	case KindDict:
		d := v.dict()
		values := make([]Value, len(d.entries))
		for i := range d.entries {
			values[i] = d.entries[i].value
		}
		return values
	}
	_, values := Fields(v)
	return values
}

// start begins a function with a callback; its arguments are on top.
func (m *machine) start(b *Builtin, n int) error {
	base := m.sp - n
	if err := m.enter(frame{native: b, base: int32(base)}); err != nil {
		return err
	}
	items := NewArray(Values(m.stack[base+slotList])...)
	if err := m.charge(shallow(items) + arraySize); err != nil {
		return err
	}
	m.stack[base+slotList] = items
	switch b.Callback {
	case CallbackMap, CallbackFilter:
		m.push(NewArray())
	case CallbackCount:
		m.push(Number(0))
	case CallbackExists:
		m.push(Bool(false))
	}
	m.push(Number(0))
	return m.next(b)
}

// resume takes the callback's result and goes on.
func (m *machine) resume(b *Builtin, result Value) error {
	done, err := m.absorb(b, result)
	if err != nil || done {
		return err
	}
	return m.next(b)
}

// next calls the callback with the next items until a call needs a frame, whose return comes back through resume, or
// the function ends. Callbacks that are library functions return at once, so they are a loop here, not a recursion.
func (m *machine) next(b *Builtin) error {
	for {
		slots, err := m.callbackState()
		if err != nil {
			return err
		}
		items := slots[slotList].array().Items
		i := int(slots[slotIndex].num())
		if i < 0 || i >= len(items) {
			return m.leave(slots[slotResult])
		}
		slots[slotIndex] = Number(float64(i + 1))
		callback, args := slots[slotCallback], 1
		if b.Callback == CallbackReduce {
			m.push(slots[slotResult])
			args = 2
		}
		m.push(items[i])
		depth := len(m.frames)
		if err := m.callValue(callback, args); err != nil {
			return err
		}
		if len(m.frames) > depth {
			return nil
		}
		result, err := m.pop()
		if err != nil {
			return err
		}
		if done, err := m.absorb(b, result); err != nil || done {
			return err
		}
		if err := m.burn(1); err != nil {
			return err
		}
	}
}

// absorb adds one result of the callback to that of the function; done when it has ended the function.
func (m *machine) absorb(b *Builtin, result Value) (done bool, err error) {
	slots, err := m.callbackState()
	if err != nil {
		return false, err
	}
	acc := &slots[slotResult]
	switch b.Callback {
	case CallbackMap:
		return false, m.append(*acc, result)
	case CallbackFilter:
		if items, i := slots[slotList].array().Items, int(slots[slotIndex].num())-1; result.Truthy() && i < len(items) && i >= 0 {
			return false, m.append(*acc, items[i])
		}
	case CallbackCount:
		if result.Truthy() {
			*acc = Number(ToNumber(*acc) + 1)
		}
	case CallbackExists:
		if result.Truthy() {
			return true, m.leave(Bool(true))
		}
	case CallbackReduce:
		*acc = result
	}
	return false, nil
}

func (m *machine) append(list, item Value) error {
	a, ok := list.AsArray()
	if !ok {
		return errUnderflow
	}
	before := cap(a.Items)
	a.Items = append(a.Items, item)
	return m.settle(slotSize * (cap(a.Items) - before))
}

// callbackState is the slots of the innermost frame, a function with a callback. Bytecode that pops more than its own
// values can break them.
func (m *machine) callbackState() ([]Value, error) {
	slots := m.stack[m.base:max(m.sp, m.base)]
	if len(slots) < callbackSlots || !slots[slotList].isList() || !slots[slotIndex].IsNumber() {
		return nil, errUnderflow
	}
	return slots, nil
}
