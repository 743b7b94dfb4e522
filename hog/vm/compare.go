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

// Compare orders two values as the operators < <= > >= do: negative, zero or positive. It is not ok when the operators
// are all false: for null, NaN and what has no order.
func Compare(a, b Value) (order int, ok bool) {
	if a.IsNumber() && b.IsNumber() {
		return compareNumbers(a.num(), b.num())
	}
	if a.IsNull() || b.IsNull() {
		return 0, false
	}
	a, b = unify(a, b)
	if a.isList() && b.isList() && finite(a) && finite(b) {
		return compareItems(a.array().Items, b.array().Items)
	}
	if a.Kind() > KindTuple || b.Kind() > KindTuple {
		return 0, false // dictionaries and records have no order
	}
	return CompareHost(a, b)
}

// CompareHost orders two values without unification, as the reference's host language does: as texts unless one is a
// number, a boolean or null, else as numbers.
func CompareHost(a, b Value) (order int, ok bool) {
	if a.IsNumber() && b.IsNumber() {
		return compareNumbers(a.num(), b.num())
	}
	if a.Kind() >= KindString && b.Kind() >= KindString {
		return compareUnits(HostString(a), HostString(b)), true
	}
	return compareNumbers(ToNumber(a), ToNumber(b))
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

// Contains is the operator in.
func Contains(container, needle Value) (bool, error) {
	switch container.Kind() {
	case KindArray, KindTuple:
		for _, item := range container.array().Items {
			if SameValue(item, needle) {
				return true, nil
			}
		}
		return false, nil
	case KindString:
		return strings.Contains(container.str(), HostString(needle)), nil
	}
	return false, errorf(KindType, "can not search in %s; the right side of in is an array, a tuple or a string", container.Kind())
}
