package vm

import (
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/hog/code"
)

// Names in a saved state.
const (
	markClosure  = "__hogClosure__"
	markCallable = "__hogCallable__"
	markUpvalue  = "__hogUpValue__"
	// libraryChunk begins the names of the chunks that library functions run in.
	libraryChunk = "stl/"
)

// Notes on values of a saved state: what JSON has no form for.
const (
	noteTuple   = "tuple"
	noteNaN     = "NaN"
	noteInf     = "Infinity"
	noteNegInf  = "-Infinity"
	noteNegZero = "-0"
	noteSame    = "=" // and the path of the container that this is, too
	noteDict    = "dict"
)

// maxStateText bounds the text in a saved state, where a string counts each time that it is there.
const maxStateText = 256 << 20

// maxSaved is how deep values of a saved state may lie in each other.
const maxSaved = maxNesting - 100

func sortedKeys(m map[string]Value) []string { return slices.Sorted(maps.Keys(m)) }

// tokenValue is a token of portable bytecode as a value.
func tokenValue(t any) Value {
	switch t := t.(type) {
	case code.Op:
		return Number(float64(t))
	case int:
		return Number(float64(t))
	case *big.Int:
		f, _ := new(big.Float).SetInt(t).Float64()
		return Number(f)
	case int64:
		return Number(float64(t))
	}
	return constant(t)
}

// at is a value at a path of its own.
func (s *saver) at(path string, v Value) Value {
	s.path = append(s.path[:0], path...)
	return s.value(v)
}

// list is values that lie under a path.
func (s *saver) list(path string, values []Value) Value {
	out := make([]Value, len(values))
	for i, v := range values {
		out[i] = s.at(path+"."+strconv.Itoa(i), v)
	}
	return NewArray(out...)
}

// child is the i-th value in the current one.
func (s *saver) child(i int, v Value) Value {
	n := len(s.path)
	s.path = strconv.AppendInt(append(s.path, '.'), int64(i), 10)
	out := s.value(v)
	s.path = s.path[:n]
	return out
}

func (s *saver) note(v Value) {
	if !s.copy {
		s.notes.SetString(string(s.path), v)
	}
}

func (s *saver) value(v Value) Value {
	switch v.Kind() {
	case KindNull, KindBool:
		return v
	case KindString:
		if s.text += len(v.str()); s.text > maxStateText {
			s.fail("a run with more than %d bytes of text can not be saved", maxStateText)
			return Value{}
		}
		return v
	case KindNumber:
		if note := numberNote(v.num()); note != "" {
			s.note(String(note))
		}
		return v
	}
	if len(s.inside) >= maxSaved {
		s.fail("values that lie in each other more than %d levels deep can not be saved", maxSaved)
		return Value{}
	}
	if s.copy {
		return s.again(v)
	}
	if first, ok := s.seen[v]; ok {
		s.note(String(noteSame + first))
		s.copy = true
		defer func() { s.copy = false }()
		return s.again(v)
	}
	s.seen[v] = string(s.path)
	return s.container(v)
}

// again writes a container that has been written, for the reference, which does not know that it is the same.
func (s *saver) again(v Value) Value {
	if s.copies--; s.copies < 0 || s.inside[v] {
		return Value{}
	}
	return s.container(v)
}

func (s *saver) container(v Value) Value {
	s.inside[v] = true
	defer delete(s.inside, v)
	switch v.Kind() {
	case KindArray:
		return s.items(v.array().Items)
	case KindTuple:
		s.note(String(noteTuple))
		return s.items(v.array().Items)
	case KindDict:
		return s.dict(v.dict())
	case KindFunction:
		return s.function(v.function())
	case KindDateTime, KindDate:
		return v
	}
	// An error or an interval, of which one field is any value.
	names, values := Fields(v)
	d := NewDict(len(names))
	for i, name := range names {
		if name == "payload" && values[i].IsNull() {
			continue
		}
		if name == "payload" || name == "value" {
			values[i] = s.child(0, values[i])
		}
		d.SetString(name, values[i])
	}
	return d.Value()
}

func (s *saver) items(items []Value) Value {
	out := make([]Value, len(items))
	for i, item := range items {
		out[i] = s.child(i, item)
	}
	return NewArray(out...)
}

func (s *saver) dict(d *Dict) Value {
	out := NewDict(len(d.entries))
	if !s.copy && slices.ContainsFunc(d.entries, func(e entry) bool { return !plainKey(e.key) }) {
		s.entries(d)
		s.copy = true
		defer func() { s.copy = false }()
	}
	for i := range d.entries {
		out.SetString(HostString(d.entries[i].key), s.child(i, d.entries[i].value))
	}
	return out.Value()
}

// entries notes the keys and values of a dictionary whose keys an object cannot have.
func (s *saver) entries(d *Dict) {
	list := make([]Value, 0, 2*len(d.entries))
	for i := range d.entries {
		list = append(list, s.child(2*i, d.entries[i].key), s.child(2*i+1, d.entries[i].value))
	}
	note := NewDict(1)
	note.SetString(noteDict, NewArray(list...))
	s.note(note.Value())
}

// plainKey reports keys that an object can have without being taken for a record.
func plainKey(key Value) bool {
	return key.Kind() == KindString && !strings.HasPrefix(key.str(), "__hog")
}

// numberNote is the note on a number that JSON has no form for, or "".
func numberNote(f float64) string {
	switch {
	case f != f:
		return noteNaN
	case math.IsInf(f, 1):
		return noteInf
	case math.IsInf(f, -1):
		return noteNegInf
	case f == 0 && math.Signbit(f):
		return noteNegZero
	}
	return ""
}

func notedNumber(note string) (float64, bool) {
	switch note {
	case noteNaN:
		return math.NaN(), true
	case noteInf:
		return math.Inf(1), true
	case noteNegInf:
		return math.Inf(-1), true
	case noteNegZero:
		return math.Copysign(0, -1), true
	}
	return 0, false
}
