package stdlib

import (
	"github.com/prickle-dev/prickle/hog/vm"
)

func outputs() []Function {
	return []Function{
		{Name: "print", Min: 0, Max: Unbounded, Doc: "Writes the values, with spaces between them, as one line.", Func: print, Examples: ex("print('a')", "null")},
		{Name: "Error", Min: 0, Max: 2, Doc: "An error with a message and a payload.", Func: newError("Error"), Examples: ex("Error('no')", "Error('no')")},
		{Name: "RetryError", Min: 0, Max: 2, Doc: "An error of type RetryError.", Func: newError("RetryError"), Examples: ex("RetryError('no', 1)", "RetryError('no', 1)")},
		{Name: "NotImplementedError", Min: 0, Max: 2, Doc: "An error of type NotImplementedError.", Func: newError("NotImplementedError"), Examples: ex("NotImplementedError()", "NotImplementedError('An error occurred')")},
		{Name: "HogError", Min: 1, Max: 3, Doc: "An error of any type.", Func: hogError, Examples: ex("HogError('Late', 'no')", "Late('no')")},
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
		return makeError(vm.String(typ), arg(args, 0), arg(args, 1)), nil
	}
}

func hogError(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return makeError(args[0], arg(args, 1), arg(args, 2)), nil
}

func makeError(typ, message, payload vm.Value) vm.Value {
	t, m := "Error", "An error occurred"
	if typ.Truthy() {
		t = vm.HostString(typ)
	}
	if message.Truthy() {
		m = vm.HostString(message)
	}
	return vm.NewError(t, m, payload)
}
