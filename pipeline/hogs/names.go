package hogs

import (
	"maps"
	"slices"
)

// Names are the globals and functions that the program of a transform can use beside Hog's library, sorted.
func Names() (globals, host []string) {
	return slices.Sorted(slices.Values(globalNames)), slices.Sorted(maps.Keys(functions))
}
