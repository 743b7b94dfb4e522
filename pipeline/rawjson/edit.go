package rawjson

import "bytes"

// Set returns the object b with key set to the raw JSON text value. An existing key keeps its place, a new one goes last. b itself is
// not changed. Text that is not an object counts as an empty one.
func Set(b []byte, key string, value []byte) []byte {
	found, from, to, end := 0, 0, 0, 0
	for k, v := range Members(b) {
		end = cap(b) - cap(v) + len(v)
		if KeyIs(k, key) {
			found++
			from, to = end-len(v), end
		}
	}
	out := make([]byte, 0, len(b)+len(key)+len(value)+8)
	switch {
	case found == 1:
		out = append(append(out, b[:from]...), value...)
		return append(out, b[to:]...)
	case found > 1:
		return setFirst(out, b, key, value)
	case end > 0:
		out = append(append(out, b[:end]...), ',')
	default:
		out = append(out, '{')
	}
	out = append(AppendString(out, key), ':')
	return append(append(out, value...), '}')
}

// setFirst is Set for a key that occurs more than once: the first place is kept, the others go.
func setFirst(out, b []byte, key string, value []byte) []byte {
	out = append(out, '{')
	done := false
	for k, v := range Members(b) {
		if KeyIs(k, key) {
			if done {
				continue
			}
			v, done = value, true
		}
		out = appendMember(out, k, v)
	}
	return append(out, '}')
}

// SetPath is Set through nested objects: every key of path but the last names an object, which is made when it is missing or is not one.
func SetPath(b []byte, path []string, value []byte) []byte {
	if len(path) == 0 {
		return value
	}
	if len(path) > 1 {
		inner, _ := Get(b, path[0])
		value = SetPath(inner, path[1:], value)
	}
	return Set(b, path[0], value)
}

// Delete returns the object b without the value that path leads to. b itself is returned when there is no such value.
func Delete(b []byte, path ...string) []byte {
	if len(path) == 0 {
		return b
	}
	inner, ok := Get(b, path[0])
	if !ok {
		return b
	}
	if len(path) > 1 {
		less := Delete(inner, path[1:]...)
		if bytes.Equal(less, inner) {
			return b
		}
		return Set(b, path[0], less)
	}
	out := make([]byte, 0, len(b))
	out = append(out, '{')
	for k, v := range Members(b) {
		if !KeyIs(k, path[0]) {
			out = appendMember(out, k, v)
		}
	}
	return append(out, '}')
}

func appendMember(out, k, v []byte) []byte {
	if len(out) > 1 {
		out = append(out, ',')
	}
	out = append(out, k...)
	out = append(out, ':')
	return append(out, v...)
}
