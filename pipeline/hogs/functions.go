package hogs

import (
	"context"
	"maps"
	"slices"

	"github.com/prickle-dev/prickle/hog"
)

// functions are what PostHog's host offers to transformations, as far as it needs no outside data.
var functions = map[string]hog.Func{
	"cleanNullValues": func(_ context.Context, args []hog.Value) (hog.Value, error) {
		if len(args) == 0 {
			return hog.Null(), nil
		}
		return cleanNulls(args[0], 1), nil
	},
}

func functionNames() []string { return slices.Sorted(maps.Keys(functions)) }

// cleanDepth is how deep cleanNullValues looks.
const cleanDepth = 3

// cleanNulls returns v without the nulls in its objects and lists, down to cleanDepth.
func cleanNulls(v hog.Value, depth int) hog.Value {
	if depth > cleanDepth {
		return v
	}
	if list, ok := v.AsArray(); ok {
		var kept []hog.Value
		for _, item := range list.Items {
			if !item.IsNull() {
				kept = append(kept, cleanNulls(item, depth+1))
			}
		}
		return hog.NewArray(kept...)
	}
	d, ok := v.AsDict()
	if !ok {
		return v
	}
	kept := hog.NewDict(d.Len())
	for i := range d.Len() {
		if key, value := d.At(i); !value.IsNull() {
			kept.Set(key, cleanNulls(value, depth+1))
		}
	}
	return kept.Value()
}
