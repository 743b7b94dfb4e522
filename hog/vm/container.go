package vm

import (
	"math"
	"unsafe"
)

// Array is the content of an array or a tuple, shared by every Value that holds it.
type Array struct {
	Items []Value
	room  int32 // how many items the piece of memory that the array is in has room for
}

// NewArray is an array value of the items; it keeps the slice.
func NewArray(items ...Value) Value {
	return object(KindArray, unsafe.Pointer(&Array{Items: items}))
}

// NewTuple is a tuple value of the items; it keeps the slice.
func NewTuple(items ...Value) Value {
	return object(KindTuple, unsafe.Pointer(&Array{Items: items}))
}

// copyArray is an array value of copies of the items. Up to four are in one piece of memory with the array.
func copyArray(items []Value) Value {
	var a *Array
	switch len(items) {
	case 1:
		a = arrayWith(func(room *[1]Value) []Value { return room[:] })
	case 2:
		a = arrayWith(func(room *[2]Value) []Value { return room[:] })
	case 3:
		a = arrayWith(func(room *[3]Value) []Value { return room[:] })
	case 4:
		a = arrayWith(func(room *[4]Value) []Value { return room[:] })
	default:
		a = &Array{Items: make([]Value, len(items))}
	}
	copy(a.Items, items)
	return object(KindArray, unsafe.Pointer(a))
}

// arrayWith is an array of nulls in one piece of memory with its items.
func arrayWith[Room any](all func(*Room) []Value) *Array {
	a := &struct {
		Array
		room Room
	}{}
	a.Items = all(&a.room)
	a.Array.room = int32(len(a.Items))
	return &a.Array
}

// indexFrom is the size from which a dictionary keeps hash maps; below it a scan over the keys is faster.
const indexFrom = 32

type entry struct {
	key   Value
	value Value
}

// Dict is the content of a dictionary: entries in the order in which their keys first came. Keys keep their type, so 1
// and '1' are two keys; containers are keys by reference.
type Dict struct {
	entries []entry
	marks   uint64     // of all keys that are strings, see fresh
	index   *dictIndex // of a large one
	room    int32      // how many entries the piece of memory that the dictionary is in has room for
}

// dictIndex is the places of keys in the entries, each as one more than it is.
type dictIndex struct {
	texts  map[string]int32
	others map[Value]int32
}

// Value is the dictionary as a value; it shares the content.
func (d *Dict) Value() Value { return object(KindDict, unsafe.Pointer(d)) }

// Len is the number of entries.
func (d *Dict) Len() int { return len(d.entries) }

// At is the i-th entry in insertion order.
func (d *Dict) At(i int) (key, value Value) {
	e := &d.entries[i]
	return e.key, e.value
}

// SetAt stores the value of the i-th entry.
func (d *Dict) SetAt(i int, value Value) { d.entries[i].value = value }

// Get is the value stored under exactly this key, and whether there is one.
func (d *Dict) Get(key Value) (Value, bool) {
	if i := d.find(key); i >= 0 {
		return d.entries[i].value, true
	}
	return Value{}, false
}

// GetString is Get for a string key.
func (d *Dict) GetString(key string) (Value, bool) { return d.Get(String(key)) }

// Set stores the value under the key; a new key goes last, a known one keeps its place.
func (d *Dict) Set(key, value Value) {
	if d.fresh(key) {
		d.add(key, value)
		return
	}
	if i := d.find(key); i >= 0 {
		d.entries[i].value = value
		return
	}
	d.add(normalKey(key), value)
}

// fresh marks a key. It reports whether the key is known to be new without looking for it, as most new ones are.
func (d *Dict) fresh(key Value) bool {
	if key.Kind() != KindString {
		return false
	}
	mark := markOf(key.str())
	known := d.marks&mark != 0
	d.marks |= mark
	return !known
}

// markOf is a bit that depends on a key.
func markOf(key string) uint64 {
	var bit uint
	if n := len(key); n > 0 {
		bit = uint(n) + uint(key[0]) + uint(key[n-1])<<2 + uint(key[n/2])<<1
	}
	return 1 << (bit % 64)
}

func (d *Dict) add(key, value Value) {
	d.entries = append(d.entries, entry{key, value})
	switch n := len(d.entries); {
	case n == indexFrom:
		d.buildIndex()
	case n > indexFrom:
		d.addToIndex(n - 1)
	}
}

// allText reports whether all keys are strings.
func (d *Dict) allText() bool {
	if d.index != nil {
		return d.index.others == nil
	}
	for i := range d.entries {
		if d.entries[i].key.Kind() != KindString {
			return false
		}
	}
	return true
}

// SetString is Set for a string key.
func (d *Dict) SetString(key string, value Value) { d.Set(String(key), value) }

func (d *Dict) find(key Value) int {
	if d.index != nil {
		return d.lookup(key)
	}
	if key.Kind() == KindString {
		return placeIn(d.entries, key)
	}
	key = normalKey(key)
	for i := range d.entries {
		if d.entries[i].key == key {
			return i
		}
	}
	return -1
}

// placeIn is where the entry with a string as its key is, or -1.
func placeIn(entries []entry, key Value) int {
	s := key.str()
	for i := range entries {
		k := &entries[i].key
		if k.bits == key.bits && k.ptr != unsafe.Pointer(&numberMark) && (k.ptr == key.ptr || k.str() == s) {
			return i
		}
	}
	return -1
}

func (d *Dict) lookup(key Value) int {
	if key.Kind() == KindString {
		return placeOf(d.index.texts[key.str()])
	}
	return placeOf(d.index.others[normalKey(key)])
}

// placeOf is a place as an index keeps it as what it is, or -1 for what is not there.
func placeOf(i int32) int { return int(i) - 1 }

func (d *Dict) buildIndex() {
	texts := 0
	for i := range d.entries {
		if d.entries[i].key.IsString() {
			texts++
		}
	}
	d.index = &dictIndex{texts: make(map[string]int32, texts)}
	for i := range d.entries {
		d.addToIndex(i)
	}
}

func (d *Dict) addToIndex(i int) {
	key := d.entries[i].key
	if key.Kind() == KindString {
		d.index.texts[key.str()] = int32(i) + 1
		return
	}
	if d.index.others == nil {
		d.index.others = make(map[Value]int32)
	}
	d.index.others[key] = int32(i) + 1
}

// normalKey makes equal number keys equal in their bits: one NaN, and no negative zero.
func normalKey(key Value) Value {
	if !key.IsNumber() {
		return key
	}
	switch f := key.num(); {
	case f == 0:
		return Number(0)
	case f != f:
		return Number(math.NaN())
	}
	return key
}
