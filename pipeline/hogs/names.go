package hogs

import (
	"maps"
	"slices"
)

// HandlerNames are the globals and functions that a Handler can use beside Hog's library, sorted.
func HandlerNames() (globals, host []string) {
	return slices.Sorted(slices.Values(handlerGlobals)), slices.Sorted(slices.Values(append(functionNames(), captureFunction)))
}

// Names are the globals and functions that the program of a transform can use beside Hog's library, sorted.
func Names() (globals, host []string) {
	return slices.Sorted(slices.Values(globalNames)), slices.Sorted(maps.Keys(functions))
}
