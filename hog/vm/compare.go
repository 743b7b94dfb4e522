package vm

import (
	"math"
	"strings"
	"time"
)

// Equal is the operator ==: equality after unification of types.
func Equal(a, b Value) bool {
	if a.IsNumber() && b.IsNumber() {
		return a.num() == b.num()
	}
	a, b = unify(a, b)
	if a.isList() && b.isList() && finite(a) && finite(b) {
		order, ok := compareItems(a.array().Items, b.array().Items)
		return ok && order == 0
	}
	return Identical(a, b)
}

// Identical is equality without unification: scalars by value, everything else by reference. NaN equals nothing.
func Identical(a, b Value) bool {
	switch {
	case a.IsNumber():
		return b.IsNumber() && a.num() == b.num()
	case a.Kind() == KindString:
		return b.Kind() == KindString && a.str() == b.str()
	}
	return a == b
}

// SameValue is Identical, except that NaN is the same as NaN.
func SameValue(a, b Value) bool {
	return Identical(a, b) || a.IsNumber() && b.IsNumber() && a.num() != a.num() && b.num() != b.num()
}

// unify makes two operands of == or < comparable.
func unify(a, b Value) (Value, Value) {
	ka, kb := a.Kind(), b.Kind()
	if ka == kb && ka != KindDateTime && ka != KindDate {
		return a, b
	}
	if ta, tb, ok := unifyDates(a, b); ok {
		return Number(ta), Number(tb)
	}
	switch {
	case ka == KindNumber && kb == KindString:
		return a, Number(ParseNumber(b.str()))
	case ka == KindString && kb == KindNumber:
		return Number(ParseNumber(a.str())), b
	case ka == KindBool && kb == KindString:
		return a, Bool(b.str() == "true")
	case ka == KindString && kb == KindBool:
		return Bool(a.str() == "true"), b
	case ka == KindBool && kb == KindNumber:
		return Number(ToNumber(a)), b
	case ka == KindNumber && kb == KindBool:
		return a, Number(ToNumber(b))
	}
	return a, b
}

func unifyDates(a, b Value) (ta, tb float64, ok bool) {
	ta, isA := epoch(a)
	tb, isB := epoch(b)
	switch {
	case isA && isB:
		return ta, tb, true
	case isA && b.Kind() == KindString:
		t, ok := ParseDateText(b.str(), time.UTC)
		return ta, seconds(t), ok
	case isB && a.Kind() == KindString:
		t, ok := ParseDateText(a.str(), time.UTC)
		return seconds(t), tb, ok
	}
	return 0, 0, false
}

// epoch is the instant of a datetime or date.
func epoch(v Value) (float64, bool) {
	switch v.Kind() {
	case KindDateTime:
		return v.dateTime().Epoch, true
	case KindDate:
		return v.date().Epoch(), true
	}
	return 0, false
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// compareValues orders two values as the operators < <= > >= do: negative, zero or positive. It is not ok when the
// operators are all false: for null, NaN and what has no order.
func (m *machine) compareValues(a, b Value) (order int, ok bool, err error) {
	if (a.IsNull() || b.IsNull()) && !m.defects {
		return 0, false, nil
	}
	a, b = unify(a, b)
	if a.isList() && b.isList() && finite(a) && finite(b) {
		order, ok = compareItems(a.array().Items, b.array().Items)
		return order, ok, nil
	}
	if a.Kind() > KindTuple || b.Kind() > KindTuple {
		return 0, false, nil // dictionaries and records have no order
	}
	return m.compareHost(a, b)
}

// compareHost orders two values without unification, as the reference's host language does: as texts unless one is a
// number, a boolean or null, else as numbers.
func (m *machine) compareHost(a, b Value) (order int, ok bool, err error) {
	if a.IsNumber() && b.IsNumber() {
		order, ok = compareNumbers(a.num(), b.num())
		return order, ok, nil
	}
	if a.Kind() < KindString || b.Kind() < KindString {
		order, ok = compareNumbers(ToNumber(a), ToNumber(b))
		return order, ok, m.burnBytes(numberWork(a) + numberWork(b))
	}
	s, err := m.hostString(a)
	if err != nil {
		return 0, false, err
	}
	t, err := m.hostString(b)
	if err != nil {
		return 0, false, err
	}
	return compareUnits(s, t), true, m.burnBytes(min(len(s), len(t)))
}

func compareNumbers(a, b float64) (int, bool) {
	switch {
	case a < b:
		return -1, true
	case a > b:
		return 1, true
	}
	return 0, a == b
}

func compareItems(a, b []Value) (int, bool) {
	for i := range min(len(a), len(b)) {
		if order, ok := compareNumbers(a[i].num(), b[i].num()); order != 0 || !ok {
			return order, ok
		}
	}
	return len(a) - len(b), true
}

// finite reports whether all items are finite numbers.
func finite(v Value) bool {
	for _, item := range v.array().Items {
		if !item.IsNumber() || math.IsInf(item.num(), 0) || item.num() != item.num() {
			return false
		}
	}
	return true
}

// contains is the operator in.
func (m *machine) contains(container, needle Value) (bool, error) {
	switch container.Kind() {
	case KindArray, KindTuple:
		i, err := m.index(container.array().Items, needle, true)
		return i >= 0, err
	case KindString:
		s, err := m.hostString(needle)
		if err != nil {
			return false, err
		}
		return strings.Contains(container.str(), s), m.burnBytes(len(container.str()) + len(s))
	}
	return false, errorf(KindType, "can not search in %s; the right side of in is an array, a tuple or a string", container.Kind())
}

// index is where an item the same as the needle is, or -1. NaN is the same as NaN only if findNaN is set.
func (m *machine) index(items []Value, needle Value, findNaN bool) (int, error) {
	work, text := 0, needle.Kind() == KindString
	findNaN = findNaN && needle.IsNumber() && needle.num() != needle.num()
	for i := range items {
		if Identical(items[i], needle) || findNaN && SameValue(items[i], needle) {
			return i, m.burnBytes(work)
		}
		// Two strings are looked through as far as they agree, if they are equally long.
		if work += slotSize; text && items[i].bits == needle.bits {
			work += len(needle.str())
		}
		if work >= checkEvery<<burnShift {
			if err := m.burnBytes(work); err != nil {
				return -1, err
			}
			work = 0
		}
	}
	return -1, m.burnBytes(work)
}

// compareWork is how many bytes a comparison looks at.
func compareWork(v Value) int {
	switch v.Kind() {
	case KindString:
		return len(v.str())
	case KindArray, KindTuple:
		return slotSize * len(v.array().Items)
	}
	return 0
}
