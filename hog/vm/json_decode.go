package vm

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

// FromJSON is the value of a JSON document: objects become dictionaries in source order, objects tagged as datetime,
// date, interval or error become those. It copies raw once.
func FromJSON(raw []byte) (Value, error) { return ParseJSON(string(raw)) }

// ParseJSON is FromJSON of a string. Strings of the result share the memory of the text.
func ParseJSON(text string) (Value, error) { return parseJSON(text, nil) }

// parseJSON is ParseJSON, in a run of the machine unless that is nil.
func parseJSON(text string, m *machine) (Value, error) {
	d := jsonDecoder{s: text, m: m, left: payJSON}
	defer d.release()
	v, err := d.value(0)
	if err != nil {
		return Value{}, err
	}
	if d.space(); d.i < len(d.s) {
		return Value{}, d.fail("unexpected text after the value")
	}
	return v, d.pay()
}

type jsonDecoder struct {
	s    string
	i    int
	m    *machine // whose limits hold; nil outside of a run
	left int      // bytes of values to make before the machine hears of it
	open *openContainers
}

// openContainers is what was read of the containers that are not closed yet, the innermost last: a container is made
// when its size is known. They are pooled.
type openContainers struct {
	items   []Value
	members []entry
	// How many of each there were at once.
	mostItems, mostMembers int
}

var containerPool = sync.Pool{New: func() any { return new(openContainers) }}

// keptContainers is how many items and members may go back to the pool.
const keptContainers = 1024

// begin makes sure that there is room for what a container holds.
func (d *jsonDecoder) begin() *openContainers {
	if d.open == nil {
		d.open = containerPool.Get().(*openContainers)
	}
	return d.open
}

// release gives the room back to the pool, without what was in it. After a mistake containers are still open.
func (d *jsonDecoder) release() {
	open := d.open
	if open == nil || cap(open.items) > keptContainers || cap(open.members) > keptContainers {
		return
	}
	open.mostItems = max(open.mostItems, len(open.items))
	open.mostMembers = max(open.mostMembers, len(open.members))
	clear(open.items[:open.mostItems])
	clear(open.members[:open.mostMembers])
	open.items, open.mostItems = open.items[:0], 0
	open.members, open.mostMembers = open.members[:0], 0
	containerPool.Put(open)
}

// payJSON is how many bytes of values are made between looks at the limits.
const payJSON = 1 << 16

// pay accounts for the values made so far.
func (d *jsonDecoder) pay() error {
	made := payJSON - d.left
	d.left = payJSON
	if d.m == nil {
		return nil
	}
	if err := d.m.reserve(made); err != nil {
		return err
	}
	return d.m.burnBytes(made)
}

func (d *jsonDecoder) fail(what string) error {
	return errorf(KindData, "invalid JSON at position %d: %s", d.i, what)
}

func (d *jsonDecoder) unexpected() error {
	if d.i >= len(d.s) {
		return d.fail("unexpected end")
	}
	r, _ := utf8.DecodeRuneInString(d.s[d.i:])
	return d.fail(fmt.Sprintf("unexpected %q", r))
}

func (d *jsonDecoder) space() {
	for d.i < len(d.s) {
		switch d.s[d.i] {
		case ' ', '\n', '\t', '\r':
			d.i++
		default:
			return
		}
	}
}

func (d *jsonDecoder) value(depth int) (Value, error) {
	d.space()
	if d.i >= len(d.s) {
		return Value{}, d.unexpected()
	}
	switch c := d.s[d.i]; c {
	case '{', '[':
		if depth >= maxNesting {
			return Value{}, d.fail("nested over more than 1000 levels")
		}
	}
	switch c := d.s[d.i]; c {
	case '{':
		return d.object(depth)
	case '[':
		return d.list(depth)
	case '"':
		s, err := d.string()
		return String(s), err
	case 't':
		return Bool(true), d.word("true")
	case 'f':
		return Bool(false), d.word("false")
	case 'n':
		return Value{}, d.word("null")
	default:
		return d.number()
	}
}

func (d *jsonDecoder) word(w string) error {
	if !strings.HasPrefix(d.s[d.i:], w) {
		return d.unexpected()
	}
	d.i += len(w)
	return nil
}

func (d *jsonDecoder) list(depth int) (Value, error) {
	d.i++
	d.left -= objectSize
	open := d.begin()
	start := len(open.items)
	if d.space(); d.i < len(d.s) && d.s[d.i] == ']' {
		d.i++
		return NewArray(), nil
	}
	for {
		v, err := d.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		open.items = append(open.items, v)
		if d.left -= 2 * slotSize; d.left < 0 {
			if err := d.pay(); err != nil {
				return Value{}, err
			}
		}
		more, err := d.more(']')
		if err != nil {
			return Value{}, err
		}
		if !more {
			return d.array(start), nil
		}
	}
}

// more consumes a comma (true) or the closing bracket (false).
func (d *jsonDecoder) more(end byte) (bool, error) {
	d.space()
	if d.i < len(d.s) && (d.s[d.i] == ',' || d.s[d.i] == end) {
		d.i++
		return d.s[d.i-1] == ',', nil
	}
	return false, d.unexpected()
}

func (d *jsonDecoder) object(depth int) (Value, error) {
	d.i++
	d.left -= objectSize
	open, tagged := d.begin(), false
	start := len(open.members)
	if d.space(); d.i < len(d.s) && d.s[d.i] == '}' {
		d.i++
		return (&Dict{}).Value(), nil
	}
	for {
		if d.space(); d.i >= len(d.s) || d.s[d.i] != '"' {
			return Value{}, d.unexpected()
		}
		key, err := d.string()
		if err != nil {
			return Value{}, err
		}
		if d.space(); d.i >= len(d.s) || d.s[d.i] != ':' {
			return Value{}, d.unexpected()
		}
		d.i++
		v, err := d.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		tagged = tagged || strings.HasPrefix(key, "__hog")
		open.members = append(open.members, entry{String(key), v})
		if d.left -= entrySize; d.left < 0 {
			if err := d.pay(); err != nil {
				return Value{}, err
			}
		}
		more, err := d.more('}')
		if err != nil {
			return Value{}, err
		}
		if !more {
			return record(d.dict(start), tagged), nil
		}
	}
}

// array makes an array of the items read from start on.
func (d *jsonDecoder) array(start int) Value {
	items := d.open.items
	d.open.mostItems = max(d.open.mostItems, len(items))
	d.open.items = items[:start]
	return copyArray(items[start:])
}

// spareMembers is how many more members a larger object has room for: who reads one often adds to it.
const spareMembers = 8

// dict makes a dictionary of the members read from start on.
func (d *jsonDecoder) dict(start int) *Dict {
	members := d.open.members
	d.open.mostMembers = max(d.open.mostMembers, len(members))
	d.open.members = members[:start]
	members = members[start:]
	room := len(members)
	if room > spareMembers {
		room += spareMembers
	}
	dict := NewDict(room)
	for _, e := range members {
		dict.Set(e.key, e.value)
	}
	return dict
}
