package wire

import (
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Rewriter copies an object while leaving out some members and adding others. Kept members that stand side by side are copied in one go,
// as they were written.
//
//	w := NewRewriter(dst, object)
//	for key, value := range rawjson.Members(object) { … w.Keep(key, value) or w.Drop() … }
//	w.Add("name", text)
//	dst = w.Close()
type Rewriter struct {
	dst, src   []byte
	start, end int // the run of members to copy; start is -1 when there is none
	filled     bool
}

// NewRewriter starts an object at the end of dst that takes over members of src.
func NewRewriter(dst, src []byte) Rewriter {
	return Rewriter{dst: append(dst, '{'), src: src, start: -1}
}

// Keep takes over a member of src. Both parts must be slices that rawjson.Members(src) yielded, in order.
func (w *Rewriter) Keep(key, value []byte) {
	// A slice of src reaches up to src's capacity, so capacities tell where it starts.
	if w.start < 0 {
		w.start = cap(w.src) - cap(key)
	}
	w.end = cap(w.src) - cap(value) + len(value)
}

// Drop leaves out the member at hand.
func (w *Rewriter) Drop() {
	if w.start < 0 {
		return
	}
	w.comma()
	w.dst = append(w.dst, w.src[w.start:w.end]...)
	w.start = -1
}

// Add adds a member; value is raw JSON text.
func (w *Rewriter) Add(name string, value []byte) {
	w.Drop()
	w.comma()
	w.dst = rawjson.AppendString(w.dst, name)
	w.dst = append(w.dst, ':')
	w.dst = append(w.dst, value...)
}

// AddString adds a member with a string value.
func (w *Rewriter) AddString(name, value string) {
	w.Add(name, nil)
	w.dst = rawjson.AppendString(w.dst, value)
}

// AddElements adds a member with one array of the elements that the values have, which are raw JSON; one that is no array is an element itself.
func (w *Rewriter) AddElements(name string, values [][]byte) {
	w.Add(name, []byte{'['})
	empty := len(w.dst)
	add := func(element []byte) {
		if len(w.dst) > empty {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(w.dst, element...)
	}
	for _, value := range values {
		if rawjson.KindOf(value) != rawjson.Array {
			add(value)
			continue
		}
		for element := range rawjson.Elements(value) {
			add(element)
		}
	}
	w.dst = append(w.dst, ']')
}

// Close ends the object and returns dst with it.
func (w *Rewriter) Close() []byte {
	w.Drop()
	return append(w.dst, '}')
}

func (w *Rewriter) comma() {
	if w.filled {
		w.dst = append(w.dst, ',')
	}
	w.filled = true
}

// AppendMerged appends the object base with the members of over laid on top, key by key. What is no object counts as an empty one.
func AppendMerged(dst, base, over []byte) []byte {
	taken := map[string]bool{}
	for key := range rawjson.Members(over) {
		taken[string(Name(key))] = true
	}
	w := NewRewriter(dst, base)
	for key, value := range rawjson.Members(base) {
		if taken[string(Name(key))] {
			w.Drop()
		} else {
			w.Keep(key, value)
		}
	}
	w.Drop()
	w.src = over
	for key, value := range rawjson.Members(over) {
		w.Keep(key, value)
	}
	return w.Close()
}

// AppendKeyUnion appends an array of the keys that two $unset values name. Each is an array of strings, or an object whose keys count.
func AppendKeyUnion(dst []byte, values ...[]byte) []byte {
	dst = append(dst, '[')
	empty := len(dst)
	add := func(token []byte) {
		if len(dst) > empty {
			dst = append(dst, ',')
		}
		dst = append(dst, token...)
	}
	for _, v := range values {
		for key := range rawjson.Members(v) {
			add(key)
		}
		for element := range rawjson.Elements(v) {
			if rawjson.KindOf(element) == rawjson.Text {
				add(element)
			}
		}
	}
	return append(dst, ']')
}
