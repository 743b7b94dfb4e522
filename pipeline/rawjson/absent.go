package rawjson

// AddAbsent returns the object b with the members whose keys it does not have yet behind its own, in their order. Keys are plain names, values
// raw JSON text; a member without a value is left out. b itself is not changed, and an object is returned as it is when there is nothing to add. Text
// that is not an object counts as an empty one.
func AddAbsent(b []byte, members []Named) []byte {
	var have uint64 // by place among the members
	end := 0
	for k, v := range Members(b) {
		end = cap(b) - cap(v) + len(v)
		for i := range members {
			if KeyIs(k, members[i].Name) {
				have |= 1 << i
			}
		}
	}
	size := 0
	for i, m := range members {
		if have&(1<<i) == 0 && m.Value != nil {
			size += len(m.Name) + len(m.Value) + 8
		}
	}
	switch {
	case size > 0:
	case end > 0 || KindOf(b) == Object:
		return b
	default:
		return []byte("{}")
	}
	out := append(make([]byte, 0, end+size+2), b[:end]...)
	if end == 0 {
		out = append(out, '{')
	}
	for i, m := range members {
		if have&(1<<i) != 0 || m.Value == nil {
			continue
		}
		if out[len(out)-1] != '{' || end > 0 {
			out = append(out, ',')
		}
		out = append(append(AppendString(out, m.Name), ':'), m.Value...)
	}
	return append(out, '}')
}

// Named is a member for AddAbsent, which takes up to 64.
type Named struct {
	Name  string
	Value []byte
}
