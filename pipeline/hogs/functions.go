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
		return new(cleaner).clean(args[0], 1), nil
	},
}

func functionNames() []string { return slices.Sorted(maps.Keys(functions)) }
