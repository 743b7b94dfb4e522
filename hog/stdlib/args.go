package stdlib

import (
	"math"

	"github.com/prickle-dev/prickle/hog/vm"
)

// arg is the i-th argument, or null.
func arg(args []vm.Value, i int) vm.Value {
	if i < len(args) {
		return args[i]
	}
	return vm.Null()
}

// text is an argument that must be a string.
func text(name string, v vm.Value) (string, error) {
	if s, ok := v.AsString(); ok {
		return s, nil
	}
	return "", vm.Errorf(vm.KindType, "%s: expected a string, got %s", name, v.Kind())
}

// mapText makes a function of one string that is null for null.
func mapText(name string, f func(*vm.Call, string) (string, error)) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		if args[0].IsNull() {
			return vm.Null(), nil
		}
		s, err := text(name, args[0])
		if err != nil {
			return vm.Null(), err
		}
		s, err = f(c, s)
		return vm.String(s), err
	}
}

// integer is a number cut to an integer within the given bounds; NaN is low.
func integer(f float64, low, high int) int {
	f = math.Trunc(f)
	switch {
	case f != f || f < float64(low):
		return low
	case f > float64(high):
		return high
	}
	return int(f)
}

// hostStrings is the host strings of the arguments.
func hostStrings(c *vm.Call, args ...vm.Value) ([]string, error) {
	texts := make([]string, len(args))
	for i, v := range args {
		var err error
		if texts[i], err = c.HostString(v); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// items is the items of an array or tuple.
func items(v vm.Value) ([]vm.Value, bool) {
	a, ok := v.AsArray()
	if !ok {
		return nil, false
	}
	return a.Items, true
}

func stringValues(parts []string) []vm.Value {
	values := make([]vm.Value, len(parts))
	for i, p := range parts {
		values[i] = vm.String(p)
	}
	return values
}
