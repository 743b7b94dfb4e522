package vm

import "unsafe"

// treeSizer adds up the size of a value without a list of what is left to do. It gives up on values that are deep, large,
// or hold records.
type treeSizer struct {
	size int
	left int // values until it gives up
}

// treeDepth is how deep a treeSizer looks.
const treeDepth = 8

func (t *treeSizer) add(v Value, depth int) bool {
	n, plain := plainSize(v)
	t.size += n
	if t.left--; plain {
		return t.left >= 0
	}
	return t.left >= 0 && depth < treeDepth && t.inside(v, depth+1)
}

// inside adds what is in a container.
func (t *treeSizer) inside(v Value, depth int) bool {
	switch v.Kind() {
	case KindArray, KindTuple:
		t.size += v.array().size()
		for _, item := range v.array().Items {
			if !t.add(item, depth) {
				return false
			}
		}
		return true
	case KindDict:
		entries := v.dict().entries
		t.size += v.dict().size()
		if t.left -= 2 * len(entries); t.left < 0 {
			return false
		}
		for i := range entries {
			key, plain := plainSize(entries[i].key)
			value, alsoPlain := plainSize(entries[i].value)
			t.size += key + value
			if !plain || !alsoPlain && (depth >= treeDepth || !t.inside(entries[i].value, depth+1)) {
				return false
			}
		}
		return t.left >= 0
	}
	return false
}

// plainSize is the size of a value beyond its slot; false for what is an object.
func plainSize(v Value) (n int, plain bool) {
	if v.ptr == unsafe.Pointer(&numberMark) {
		return 0, true
	}
	switch k := Kind(v.bits >> kindShift); {
	case k < KindString:
		return 0, true
	case k == KindString:
		return int(v.bits & payloadMask), true
	}
	return 0, false
}
