package stdlib

import (
	"github.com/prickle-dev/prickle/hog/vm"
)

func logic() []Function {
	return []Function{
		{Name: "isNull", Min: 1, Max: 1, Doc: "Whether the value is null.", Func: test(vm.Value.IsNull), Examples: []Example{{"isNull(null)", "true"}, {"isNull('')", "false"}}},
		{Name: "isNotNull", Min: 1, Max: 1, Doc: "Whether the value is not null.", Func: test(func(v vm.Value) bool { return !v.IsNull() }), Examples: []Example{{"isNotNull(0)", "true"}, {"isNotNull(null)", "false"}}},
		{Name: "not", Min: 1, Max: 1, Doc: "Whether the value is not true.", Func: test(func(v vm.Value) bool { return !v.Truthy() }), Examples: []Example{{"not('')", "true"}, {"not([])", "false"}}},
		{Name: "ifNull", Min: 2, Max: 2, Doc: "The first value, or the second if the first is null.", Func: coalesce, Examples: []Example{{"ifNull(null, 2)", "2"}, {"ifNull(0, 2)", "0"}}},
		{Name: "coalesce", Min: 1, Max: Unbounded, Doc: "The first value that is not null.", Func: coalesce, Examples: []Example{{"coalesce(null, null, 3)", "3"}, {"coalesce(null, '')", "''"}}},
		{Name: "assumeNotNull", Min: 1, Max: 1, Doc: "The value; an error if it is null.", Func: assumeNotNull, Examples: []Example{{"assumeNotNull(1)", "1"}, {"assumeNotNull('')", "''"}}},
		{Name: "equals", Min: 2, Max: 2, Doc: "Whether both are the same, types included.", Func: test2(vm.Identical), Examples: []Example{{"equals(7, '7')", "false"}, {"equals([1], [1])", "false"}}},
		{Name: "notEquals", Min: 2, Max: 2, Doc: "Whether both differ, types included.", Func: test2(func(a, b vm.Value) bool { return !vm.Identical(a, b) }), Examples: []Example{{"notEquals(7, '7')", "true"}, {"notEquals(null, null)", "false"}}},
		{Name: "greater", Min: 2, Max: 2, Doc: "Whether a > b; false with null.", Func: order(func(o int) bool { return o > 0 }), Examples: []Example{{"greater(2, 1)", "true"}, {"greater(null, 0)", "false"}}},
		{Name: "greaterOrEquals", Min: 2, Max: 2, Doc: "Whether a >= b; false with null.", Func: order(func(o int) bool { return o >= 0 }), Examples: []Example{{"greaterOrEquals(2, 2)", "true"}, {"greaterOrEquals('10', '9')", "false"}}},
		{Name: "less", Min: 2, Max: 2, Doc: "Whether a < b; false with null.", Func: order(func(o int) bool { return o < 0 }), Examples: []Example{{"less('a', 'b')", "true"}, {"less(null, 1)", "false"}}},
		{Name: "lessOrEquals", Min: 2, Max: 2, Doc: "Whether a <= b; false with null.", Func: order(func(o int) bool { return o <= 0 }), Examples: []Example{{"lessOrEquals(null, 1)", "false"}, {"lessOrEquals('a', 'b')", "true"}}},
		{Name: "and", Min: 1, Max: Unbounded, Doc: "Whether all values are true.", Func: all, Examples: []Example{{"and(1, 0)", "false"}, {"and('0', [])", "true"}}},
		{Name: "or", Min: 1, Max: Unbounded, Doc: "Whether any value is true.", Func: anyOf, Examples: []Example{{"or(1, 0)", "true"}, {"or(null, '', 0)", "false"}}},
		{Name: "if", Min: 3, Max: 3, Doc: "The second value if the first is true, else the third.", Func: multiIf, Examples: []Example{{"if(1 > 2, 'a', 'b')", "'b'"}, {"if([], 'a', 'b')", "'a'"}}},
		{Name: "multiIf", Min: 3, Max: Unbounded, Doc: "The value after the first true condition, else the last.", Func: multiIf, Examples: []Example{{"multiIf(false, 1, true, 2, 3)", "2"}, {"multiIf('', 1, null, 2, 3)", "3"}}},
		{Name: "in", Min: 2, Max: 2, Doc: "Whether the value is in the array or tuple.", Func: in, Examples: []Example{{"in(1, [1, 2])", "true"}, {"in('1', [1])", "false"}}},
	}
}

func test(f func(vm.Value) bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) { return vm.Bool(f(args[0])), nil }
}

func test2(f func(a, b vm.Value) bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) { return vm.Bool(f(args[0], args[1])), nil }
}

func order(f func(order int) bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		if (args[0].IsNull() || args[1].IsNull()) && !c.ReferenceDefects() {
			return vm.Bool(false), nil
		}
		o, ok, err := c.Compare(args[0], args[1])
		return vm.Bool(ok && f(o)), err
	}
}

func coalesce(c *vm.Call, args []vm.Value) (vm.Value, error) {
	for _, v := range args {
		if !v.IsNull() {
			return v, nil
		}
	}
	return vm.Null(), nil
}

func assumeNotNull(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if args[0].IsNull() {
		return args[0], vm.Errorf(vm.KindData, "Value is null in assumeNotNull")
	}
	return args[0], nil
}

func all(c *vm.Call, args []vm.Value) (vm.Value, error) {
	for _, v := range args {
		if !v.Truthy() {
			return vm.Bool(false), nil
		}
	}
	return vm.Bool(true), nil
}

func anyOf(c *vm.Call, args []vm.Value) (vm.Value, error) {
	for _, v := range args {
		if v.Truthy() {
			return vm.Bool(true), nil
		}
	}
	return vm.Bool(false), nil
}

func multiIf(c *vm.Call, args []vm.Value) (vm.Value, error) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i].Truthy() {
			return args[i+1], nil
		}
	}
	if len(args)%2 == 1 {
		return args[len(args)-1], nil
	}
	return vm.Null(), nil
}

func in(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if _, ok := items(args[1]); !ok {
		return vm.Bool(false), nil
	}
	found, err := c.Contains(args[1], args[0])
	return vm.Bool(found), err
}
