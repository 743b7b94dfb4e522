package exprs

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/expr-lang/expr/vm/runtime"
)

// The functions here take the place of expr's own operators. They fail by panic, as those do: the machine turns a panic into an error
// that has the operator's place.

var orderings = map[string]func(a, b any) bool{
	"<":  func(a, b any) bool { c, ok := compare(a, b); return ok && c < 0 },
	"<=": func(a, b any) bool { c, ok := compare(a, b); return ok && c <= 0 },
	">":  func(a, b any) bool { c, ok := compare(a, b); return ok && c > 0 },
	">=": func(a, b any) bool { c, ok := compare(a, b); return ok && c >= 0 },
}

// compare orders two values. It reports false when one of them is nil or not a number: those are in no order.
func compare(a, b any) (int, bool) {
	if a == nil || b == nil {
		return 0, false
	}
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return cmp.Compare(a, b), true
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b), true
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			return cmp.Compare(a, b), true
		}
	default:
		if c, ordered, ok := compareNumbers(a, b); ok {
			return c, ordered
		}
	}
	panic(fmt.Sprintf("cannot compare %s with %s", kindName(a), kindName(b)))
}

// compareNumbers compares integers exactly and anything else as float64. ok is false when one side is not a number.
func compareNumbers(a, b any) (c int, ordered, ok bool) {
	ai, af, aInt, aOK := number(a)
	bi, bf, bInt, bOK := number(b)
	switch {
	case !aOK || !bOK:
		return 0, false, false
	case aInt && bInt:
		return cmp.Compare(ai, bi), true, true
	case math.IsNaN(af) || math.IsNaN(bf):
		return 0, false, true
	}
	return cmp.Compare(af, bf), true, true
}

func number(v any) (i int64, f float64, isInt, ok bool) {
	switch v := v.(type) {
	case int:
		return int64(v), float64(v), true, true
	case int64:
		return v, float64(v), true, true
	case float64:
		return 0, v, false, true
	}
	return 0, 0, false, false
}

// truth is a value in a place that wants a condition.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	}
	panic(fmt.Sprintf("want true or false, got %s", kindName(v)))
}

// in is the operator of that name: an element of a list, a key of an object.
func in(needle, haystack any) bool {
	switch haystack := haystack.(type) {
	case nil:
		return false
	case []any:
		for _, v := range haystack {
			if runtime.Equal(v, needle) {
				return true
			}
		}
		return false
	case map[string]any:
		key, ok := needle.(string)
		_, has := haystack[key]
		return ok && has
	case string, bool, int, int64, float64, time.Time:
		panic(fmt.Sprintf("want a list or an object after in, got %s", kindName(haystack)))
	}
	return needle != nil && runtime.In(needle, haystack)
}

// inTexts is in for a list of constant texts.
func inTexts(texts map[string]bool) func(v any) bool {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && texts[s]
	}
}

// fetch reads from a value by key or index, negative ones from the end. What is not there is nil.
func fetch(from, key any) any {
	switch from := from.(type) {
	case map[string]any:
		if key, ok := key.(string); ok {
			return from[key]
		}
	case []any:
		i, _, isInt, _ := number(key)
		if i < 0 {
			i += int64(len(from))
		}
		if isInt && i >= 0 && i < int64(len(from)) {
			return from[i]
		}
	case nil, bool, string, int64, float64:
	default:
		return runtime.Fetch(from, key)
	}
	return nil
}

func kindName(v any) string {
	switch v.(type) {
	case nil:
		return "nil"
	case bool:
		return "true or false"
	case string:
		return "text"
	case int, int64, float64:
		return "a number"
	case time.Time:
		return "a time"
	case time.Duration:
		return "a duration"
	}
	switch reflect.TypeOf(v).Kind() {
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map:
		return "an object"
	}
	return fmt.Sprintf("%T", v)
}

// typeName is kindName for a type that is known at compile time.
func typeName(t reflect.Type) string { return kindName(reflect.Zero(t).Interface()) }
