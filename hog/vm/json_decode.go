package vm

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// FromJSON is the value of a JSON document: objects become dictionaries in source order, objects tagged as datetime,
// date, interval or error become those. It copies raw once.
func FromJSON(raw []byte) (Value, error) { return ParseJSON(string(raw)) }

// ParseJSON is FromJSON of a string. Strings of the result share the memory of the text.
func ParseJSON(text string) (Value, error) { return parseJSON(text, nil, nil) }

// parseJSON is ParseJSON, in a run of the machine unless that is nil, and with containers in an arena unless that is.
func parseJSON(text string, m *machine, arena *Arena) (Value, error) {
	d := jsonDecoder{s: text, m: m, arena: arena, left: payJSON}
	if m != nil && m.containers != nil {
		d.open, m.containers = m.containers, nil
	} else {
		d.open = containerPool.Get().(*openContainers)
	}
	defer d.release()
	v, end := d.value(0, 0)
	if end = d.space(end); end >= 0 && end < len(text) {
		d.fail(end, "unexpected text after the value")
	}
	if d.err == nil {
		d.pay()
	}
	if d.err != nil {
		return Value{}, d.err
	}
	return v, nil
}

// jsonDecoder reads JSON. Its methods take the place to read at and return the place behind what they read, or -1 after a
// mistake, which is in err then.
type jsonDecoder struct {
	s    string
	m    *machine // whose limits hold; nil outside of a run
	left int      // bytes of values to make before the machine hears of it
	open *openContainers
	err  error

	arena *Arena // where containers are made; nil for the heap
}

// payJSON is how many bytes of values are made between looks at the limits.
const payJSON = 1 << 16

// pay accounts for the values made so far; false when a limit is reached.
func (d *jsonDecoder) pay() bool {
	made := payJSON - d.left
	d.left = payJSON
	if d.m == nil {
		return true
	}
	if d.err = d.m.reserve(made); d.err == nil {
		d.err = d.m.burnBytes(made)
	}
	return d.err == nil
}

func (d *jsonDecoder) fail(i int, what string) int {
	d.err = errorf(KindData, "invalid JSON at position %d: %s", i, what)
	return -1
}

func (d *jsonDecoder) unexpected(i int) int {
	if i >= len(d.s) {
		return d.fail(i, "unexpected end")
	}
	r, _ := utf8.DecodeRuneInString(d.s[i:])
	return d.fail(i, fmt.Sprintf("unexpected %q", r))
}

// space skips white space, if there is any.
func (d *jsonDecoder) space(i int) int {
	if i >= 0 && i < len(d.s) && d.s[i] <= ' ' {
		return d.skip(i)
	}
	return i
}

func (d *jsonDecoder) skip(i int) int {
	for i < len(d.s) && (d.s[i] == ' ' || d.s[i] == '\n' || d.s[i] == '\t' || d.s[i] == '\r') {
		i++
	}
	return i
}

func (d *jsonDecoder) value(i, depth int) (Value, int) {
	if i = d.space(i); i >= len(d.s) {
		return Value{}, d.unexpected(i)
	}
	switch d.s[i] {
	case '"':
		s, end := d.string(i)
		return String(s), end
	case '{', '[':
		if depth >= maxNesting {
			return Value{}, d.fail(i, "nested over more than 1000 levels")
		}
		if d.s[i] == '{' {
			return d.object(i+1, depth+1)
		}
		return d.list(i+1, depth+1)
	case 't':
		return Bool(true), d.word(i, "true")
	case 'f':
		return Bool(false), d.word(i, "false")
	case 'n':
		return Value{}, d.word(i, "null")
	}
	return d.number(i)
}

func (d *jsonDecoder) word(i int, w string) int {
	if !strings.HasPrefix(d.s[i:], w) {
		return d.unexpected(i)
	}
	return i + len(w)
}

// list reads a list behind its opening bracket.
func (d *jsonDecoder) list(i, depth int) (v Value, end int) {
	open, s := d.open, d.s
	start := len(open.items)
	if i = d.space(i); i < len(s) && s[i] == ']' {
		d.left -= arraySize
		return NewArray(), i + 1
	}
	for {
		if v, i = d.value(i, depth); i < 0 {
			return Value{}, i
		}
		open.items = append(open.items, v)
		if d.left -= slotSize; d.left < 0 && !d.pay() {
			return Value{}, -1
		}
		if i = d.space(i); i < len(s) && s[i] == ',' {
			i++
			continue
		}
		if i < len(s) && s[i] == ']' {
			return d.array(start), i + 1
		}
		return Value{}, d.unexpected(i)
	}
}

// object reads an object behind its opening brace.
func (d *jsonDecoder) object(i, depth int) (v Value, end int) {
	open, s := d.open, d.s
	start, keys := len(open.members), keysRead{}
	if i = d.space(i); i < len(s) && s[i] == '}' {
		d.left -= dictSize
		return (&Dict{}).Value(), i + 1
	}
	for {
		var key string
		if key, i = d.key(i); i < 0 {
			return Value{}, i
		}
		if i < len(s) && s[i] == '"' {
			var text string
			text, i = d.string(i)
			v = String(text)
		} else {
			v, i = d.value(i, depth)
		}
		if i < 0 {
			return Value{}, i
		}
		keys.add(key, open.members[start:])
		open.members = append(open.members, entry{String(key), v})
		if d.left -= entrySize; d.left < 0 && !d.pay() {
			return Value{}, -1
		}
		if i = d.space(i); i < len(s) && s[i] == ',' {
			i++
			continue
		}
		if i < len(s) && s[i] == '}' {
			return record(d.dict(start, &keys), keys.tagged), i + 1
		}
		return Value{}, d.unexpected(i)
	}
}

// key reads a key and the colon behind it.
func (d *jsonDecoder) key(i int) (string, int) {
	if i = d.space(i); i >= len(d.s) || d.s[i] != '"' {
		return "", d.unexpected(i)
	}
	key, i := d.string(i)
	if i < 0 {
		return "", i
	}
	if i = d.space(i); i >= len(d.s) || d.s[i] != ':' {
		return "", d.unexpected(i)
	}
	return key, i + 1
}

// array makes an array of the items read from start on.
func (d *jsonDecoder) array(start int) Value {
	items := d.open.items
	d.open.mostItems = max(d.open.mostItems, len(items))
	d.open.items = items[:start]
	list := d.arena.array(items[start:])
	d.left -= list.array().size()
	return list
}

// dict makes a dictionary of the members read from start on.
func (d *jsonDecoder) dict(start int, keys *keysRead) *Dict {
	members := d.open.members
	d.open.mostMembers = max(d.open.mostMembers, len(members))
	d.open.members = members[:start]
	members = members[start:]
	dict := d.arena.dict(len(members) + len(members)/4) // who reads an object often adds to it
	if keys.twice || len(members) >= indexFrom {
		for _, m := range members {
			dict.Set(m.key, m.value)
		}
	} else {
		dict.entries, dict.marks = append(dict.entries, members...), keys.marks
	}
	d.left -= dict.size()
	return dict
}
