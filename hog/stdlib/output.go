package stdlib

import (
	"github.com/prickle-dev/prickle/hog/vm"
)

func outputs() []Function {
	return []Function{
		{Name: "print", Min: 0, Max: Unbounded, Doc: "Writes the values, with spaces between them, as one line.", Func: print, Examples: []Example{{"print('a')", "null"}, {"print()", "null"}}},
		{Name: "Error", Min: 0, Max: 2, Doc: "An error with a message and a payload.", Func: newError("Error"), Examples: []Example{{"Error('no')", "Error('no')"}, {"Error('no', {'code': 5})", "Error('no', {'code': 5})"}}},
		{Name: "RetryError", Min: 0, Max: 2, Doc: "An error of type RetryError.", Func: newError("RetryError"), Examples: []Example{{"RetryError('no', 1)", "RetryError('no', 1)"}, {"RetryError()", "RetryError('An error occurred')"}}},
		{Name: "NotImplementedError", Min: 0, Max: 2, Doc: "An error of type NotImplementedError.", Func: newError("NotImplementedError"), Examples: []Example{{"NotImplementedError()", "NotImplementedError('An error occurred')"}, {"NotImplementedError('later')", "NotImplementedError('later')"}}},
		{Name: "HogError", Min: 1, Max: 3, Doc: "An error of any type.", Func: hogError, Examples: []Example{{"HogError('Late', 'no')", "Late('no')"}, {"HogError('Late')", "Late('An error occurred')"}}},
		{Name: "sleep", Min: 1, Max: 1, Doc: "Waits for seconds. Exists only where the host provides it."},
	}
}

func print(c *vm.Call, args []vm.Value) (vm.Value, error) {
	var line []byte
	for i, v := range args {
		if i > 0 {
			line = append(line, ' ')
		}
		s, err := c.Display(v)
		if err != nil {
			return vm.Null(), err
		}
		if err := c.Text(len(line) + len(s)); err != nil {
			return vm.Null(), err
		}
		line = append(line, s...)
	}
	return vm.Null(), c.Print(string(line))
}

func newError(typ string) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		return makeError(c, vm.String(typ), arg(args, 0), arg(args, 1))
	}
}

func hogError(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return makeError(c, args[0], arg(args, 1), arg(args, 2))
}

func makeError(c *vm.Call, typ, message, payload vm.Value) (vm.Value, error) {
	if !typ.Truthy() {
		typ = vm.String("Error")
	}
	if !message.Truthy() {
		message = vm.String("An error occurred")
	}
	texts, err := hostStrings(c, typ, message)
	if err != nil {
		return vm.Null(), err
	}
	if err := c.Charge(len(texts[0]) + len(texts[1])); err != nil {
		return vm.Null(), err
	}
	return vm.NewError(texts[0], texts[1], payload), nil
}
