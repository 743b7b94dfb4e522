package stdlib

import (
	"slices"

	"github.com/prickle-dev/prickle/hog/vm"
)

func arrays() []Function {
	return []Function{
		{Name: "arrayPushBack", Min: 2, Max: 2, Doc: "The array with an item added at the end.", Func: pushBack, Examples: ex("arrayPushBack([1], 2)", "[1, 2]")},
		{Name: "arrayPushFront", Min: 2, Max: 2, Doc: "The array with an item added at the start.", Func: pushFront, Examples: ex("arrayPushFront([1], 2)", "[2, 1]")},
		{Name: "arrayPopBack", Min: 1, Max: 1, Doc: "The array without its last item.", Func: popBack, Examples: ex("arrayPopBack([1, 2])", "[1]")},
		{Name: "arrayPopFront", Min: 1, Max: 1, Doc: "The array without its first item.", Func: popFront, Examples: ex("arrayPopFront([1, 2])", "[2]")},
		{Name: "arrayReverse", Min: 1, Max: 1, Doc: "The array back to front.", Func: arrayReverse, Examples: ex("arrayReverse([1, 2])", "[2, 1]")},
		{Name: "arraySort", Min: 1, Max: Unbounded, Doc: "The array in ascending order.", Func: arraySort, Examples: ex("arraySort([10, 9, 1])", "[1, 9, 10]")},
		{Name: "arrayReverseSort", Min: 1, Max: Unbounded, Doc: "The array in descending order.", Func: arrayReverseSort, Examples: ex("arrayReverseSort([1, 10, 9])", "[10, 9, 1]")},
		{Name: "arrayStringConcat", Min: 1, Max: 2, Doc: "The texts of the items joined by a separator.", Func: arrayStringConcat, Examples: ex("arrayStringConcat([1, null, 'a'], '-')", "'1--a'")},
		{Name: "has", Min: 2, Max: 2, Doc: "Whether the array has the item, types included.", Func: has, Examples: ex("has([1, 2], '2')", "false")},
		{Name: "indexOf", Min: 2, Max: 2, Doc: "Where the item is in the array, counted from 1, or 0.", Func: indexOf, Examples: ex("indexOf(['a', 'b'], 'b')", "2")},
		{Name: "keys", Min: 1, Max: 1, Doc: "The keys of a dictionary, or the indexes of an array counted from 0.", Func: keys, Examples: []Example{{"keys({'a': 1})", "['a']"}, {"keys([7, 8])", "[0, 1]"}}},
		{Name: "values", Min: 1, Max: 1, Doc: "The values of a dictionary, or the items of an array.", Func: values, Examples: ex("values({'a': 1})", "[1]")},
	}
}

func callbacks() []Function {
	return []Function{
		{Name: "arrayMap", Min: 2, Max: 2, Exact: true, Callback: vm.CallbackMap, Doc: "The results of a function for each item.", Examples: ex("arrayMap((x) -> x * 2, [1, 2])", "[2, 4]")},
		{Name: "arrayFilter", Min: 2, Max: 2, Exact: true, Callback: vm.CallbackFilter, Doc: "The items for which a function is true.", Examples: ex("arrayFilter((x) -> x > 1, [1, 2])", "[2]")},
		{Name: "arrayExists", Min: 2, Max: 2, Exact: true, Callback: vm.CallbackExists, Doc: "Whether a function is true for any item.", Examples: ex("arrayExists((x) -> x > 1, [1, 2])", "true")},
		{Name: "arrayCount", Min: 2, Max: 2, Exact: true, Callback: vm.CallbackCount, Doc: "For how many items a function is true.", Examples: ex("arrayCount((x) -> x > 1, [1, 2, 3])", "2")},
		{Name: "arrayReduce", Min: 3, Max: 3, Exact: true, Callback: vm.CallbackReduce, Doc: "A function of the result so far and the next item, applied from a start value on.", Examples: ex("arrayReduce((a, x) -> a + x, [1, 2, 3], 0)", "6")},
	}
}

func pushBack(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	return vm.NewArray(append(append(make([]vm.Value, 0, len(list)+1), list...), args[1])...), nil
}

func pushFront(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	return vm.NewArray(append(append(make([]vm.Value, 0, len(list)+1), args[1]), list...)...), nil
}

func popBack(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	return vm.NewArray(slices.Clone(list[:max(len(list)-1, 0)])...), nil
}

func popFront(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	return vm.NewArray(slices.Clone(list[min(1, len(list)):])...), nil
}

func arrayReverse(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	list = slices.Clone(list)
	slices.Reverse(list)
	return vm.NewArray(list...), nil
}

func arraySort(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return vm.NewArray(sorted(args[0])...), nil
}

func arrayReverseSort(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list := sorted(args[0])
	slices.Reverse(list)
	return vm.NewArray(list...), nil
}

func sorted(v vm.Value) []vm.Value {
	list, _ := items(v)
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b vm.Value) int {
		o, _ := vm.CompareHost(a, b)
		return o
	})
	return list
}

func arrayStringConcat(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	sep := ""
	if len(args) > 1 {
		sep = vm.HostString(args[1])
	}
	var out []byte
	for i, item := range list {
		if i > 0 {
			out = append(out, sep...)
		}
		if !item.IsNull() {
			out = append(out, vm.HostString(item)...)
		}
		if err := c.Text(len(out)); err != nil {
			return vm.Null(), err
		}
	}
	return vm.String(string(out)), nil
}

func has(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return in(c, []vm.Value{args[1], args[0]})
}

func indexOf(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	return vm.Number(float64(slices.IndexFunc(list, func(v vm.Value) bool { return vm.Identical(v, args[1]) }) + 1)), nil
}

func keys(c *vm.Call, args []vm.Value) (vm.Value, error) {
	var out []vm.Value
	if list, ok := items(args[0]); ok {
		for i := range list {
			out = append(out, vm.Number(float64(i)))
		}
		return vm.NewArray(out...), nil
	}
	if d, ok := args[0].AsDict(); ok {
		for i := range d.Len() {
			key, _ := d.At(i)
			out = append(out, key)
		}
		return vm.NewArray(out...), nil
	}
	names, _ := vm.Fields(args[0])
	return vm.NewArray(stringValues(names)...), nil
}

func values(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return vm.NewArray(vm.Values(args[0])...), nil
}
