package rawjson

import (
	"bytes"
	"slices"
)

// Draft is an object taken apart, so that several looks and changes cost one pass over its text. What it becomes is, byte for byte, what Set, SetPath
// and Delete would make of the text one after the other. The zero value is an empty object; Parse makes it ready for another.
type Draft struct {
	text    []byte
	members []place
	own     int // so many of the members are the text's, at the begin
	edited  bool
	anew    bool // the members are not where text has them
}

// place is a member and where in the text its value was.
type place struct {
	key, value []byte
	from, to   int
}

// Parse takes an object apart. Text that is not an object counts as an empty one. The Draft aliases b until the next Parse.
func (d *Draft) Parse(b []byte) {
	*d = Draft{text: b, members: d.members[:0]}
	for k, v := range Members(b) {
		to := cap(b) - cap(v) + len(v)
		d.members = append(d.members, place{k, v, to - len(v), to})
	}
	d.own = len(d.members)
}

// Forget lets go of the memory that d aliases.
func (d *Draft) Forget() {
	clear(d.members[:cap(d.members)])
	*d = Draft{members: d.members[:0]}
}

// Get is as the function Get.
func (d *Draft) Get(path ...string) (value []byte, ok bool) {
	if len(path) == 0 {
		return d.Text(), true
	}
	i := d.last(path[0])
	if i < 0 {
		return nil, false
	}
	return Get(d.members[i].value, path[1:]...)
}

func (d *Draft) last(name string) int {
	for i := len(d.members) - 1; i >= 0; i-- {
		if KeyIs(d.members[i].key, name) {
			return i
		}
	}
	return -1
}

// Set is as SetPath. A path has at least one name.
func (d *Draft) Set(value []byte, path ...string) {
	name := path[0]
	i := d.last(name)
	if len(path) > 1 {
		var inner []byte
		if i >= 0 {
			inner = d.members[i].value
		}
		value = SetPath(inner, path[1:], value)
	}
	d.edited = true
	if i < 0 {
		d.members = append(d.members, place{key: AppendString(nil, name), value: value})
		return
	}
	if first := slices.IndexFunc(d.members[:i], func(m place) bool { return KeyIs(m.key, name) }); first >= 0 {
		d.remove(name, first+1)
		i = first
	}
	d.members[i].value = value
}

// Delete is as the function Delete. A path has at least one name.
func (d *Draft) Delete(path ...string) {
	i := d.last(path[0])
	if i < 0 {
		return
	}
	if len(path) == 1 {
		d.remove(path[0], 0)
		return
	}
	inner := d.members[i].value
	if less := Delete(inner, path[1:]...); !bytes.Equal(less, inner) {
		d.Set(less, path[0])
	}
}

// remove takes out the members of a name from a place on.
func (d *Draft) remove(name string, from int) {
	rest := slices.DeleteFunc(d.members[from:], func(m place) bool { return KeyIs(m.key, name) })
	d.members = d.members[:from+len(rest)]
	d.edited, d.anew = true, true
}

// Edited reports whether anything was set or taken out since Parse.
func (d *Draft) Edited() bool { return d.edited }

// Text is the object's text. It aliases what was parsed as long as nothing has been changed, and is new otherwise.
func (d *Draft) Text() []byte {
	if !d.edited {
		return d.text
	}
	size := len(d.text) + 2
	for _, m := range d.members {
		if m.to == 0 {
			size += len(m.key) + 2
		}
		size += len(m.value) - (m.to - m.from)
	}
	out := make([]byte, 0, size)
	rest := d.members
	if d.own > 0 && !d.anew {
		at := 0
		for _, m := range d.members[:d.own] {
			out = append(append(out, d.text[at:m.from]...), m.value...)
			at = m.to
		}
		if rest = d.members[d.own:]; len(rest) == 0 {
			return append(out, d.text[at:]...)
		}
	} else {
		out = append(out, '{')
	}
	for _, m := range rest {
		out = appendMember(out, m.key, m.value)
	}
	return append(out, '}')
}
