package vm

import (
	"strconv"
	"strings"
)

// The readers below take nil for a dictionary without entries, and give what is empty for what is missing or not of
// their kind; what must be there is checked where it is used.

func (d *Dict) get(name string) (Value, bool) {
	if d == nil {
		return Value{}, false
	}
	return d.GetString(name)
}

func (r *restorer) dict(d *Dict, name string) *Dict {
	v, _ := d.get(name)
	out, _ := v.AsDict()
	return out
}

func (r *restorer) list(d *Dict, name string) []Value {
	v, _ := d.get(name)
	if a, ok := v.AsArray(); ok {
		return a.Items
	}
	return nil
}

func (r *restorer) text(d *Dict, name string) string {
	v, _ := d.get(name)
	s, _ := v.AsString()
	return s
}

func (r *restorer) number(d *Dict, name string) float64 {
	v, _ := d.get(name)
	f, _ := v.AsNumber()
	return f
}

// count is a number that counts something; -1 for what is none.
func (r *restorer) count(d *Dict, name string) int {
	f := r.number(d, name)
	if f < 0 || f > 1<<30 || f != float64(int(f)) {
		return -1
	}
	return int(f)
}

// values are those that lie under a path.
func (r *restorer) values(path string, list []Value) []Value {
	out := make([]Value, len(list))
	for i, v := range list {
		out[i] = r.at(path+"."+strconv.Itoa(i), v)
	}
	return out
}

// at is a value with a path of its own.
func (r *restorer) at(path string, v Value) Value {
	r.path = append(r.path[:0], path...)
	return r.value(v)
}

func (r *restorer) child(i int, v Value) Value {
	n := len(r.path)
	r.path = strconv.AppendInt(append(r.path, '.'), int64(i), 10)
	out := r.value(v)
	r.path = r.path[:n]
	return out
}

// value is what the program had for a value of the JSON document.
func (r *restorer) value(v Value) Value {
	note, noted := Value{}, false
	if r.notes.Len() > 0 {
		note, noted = r.notes.Get(String(string(r.path)))
	}
	if noted {
		return r.noted(v, note)
	}
	return r.plain(v)
}

func (r *restorer) noted(v, note Value) Value {
	if d, ok := note.AsDict(); ok {
		return r.entries(r.list(d, noteDict))
	}
	text, _ := note.AsString()
	if path, ok := strings.CutPrefix(text, noteSame); ok {
		same, known := r.known[path]
		if !known {
			r.fail("there is nothing at %q", path)
		}
		return same
	}
	if f, ok := notedNumber(text); ok {
		return Number(f)
	}
	if a, ok := v.AsArray(); ok && text == noteTuple {
		return r.items(a.Items, NewTuple)
	}
	r.fail("a note says %s of what is none", note.Display())
	return Value{}
}

func (r *restorer) plain(v Value) Value {
	switch v.Kind() {
	case KindArray:
		return r.items(v.array().Items, NewArray)
	case KindDict:
		d := v.dict()
		if mark, _ := d.get(markClosure); mark.Truthy() {
			return r.keep(r.closure(d))
		}
		if mark, _ := d.get(markCallable); mark.Truthy() {
			return r.keep(r.callable(d, -1))
		}
		out := NewDict(d.Len())
		r.keep(out.Value())
		for i := range d.Len() {
			key, v := d.At(i)
			out.Set(key, r.child(i, v))
		}
		return out.Value()
	case KindError:
		e := v.errorValue()
		r.keep(v)
		e.Payload = r.child(0, e.Payload)
	case KindInterval:
		r.keep(v)
		v.interval().Value = r.child(0, v.interval().Value)
	case KindDateTime, KindDate:
		r.keep(v)
	}
	return v
}

// keep remembers a container by its path, for notes that name it.
func (r *restorer) keep(v Value) Value {
	if r.notes.Len() > 0 {
		r.known[string(r.path)] = v
	}
	return v
}

func (r *restorer) items(list []Value, wrap func(...Value) Value) Value {
	out := make([]Value, len(list))
	v := r.keep(wrap(out...))
	for i, item := range list {
		out[i] = r.child(i, item)
	}
	return v
}

// entries is a dictionary of which a note has the keys and values.
func (r *restorer) entries(list []Value) Value {
	d := NewDict(len(list) / 2)
	r.keep(d.Value())
	for i := 0; i+1 < len(list); i += 2 {
		key := r.child(i, list[i])
		d.Set(key, r.child(i+1, list[i+1]))
	}
	return d.Value()
}
