package stdlib

import (
	"slices"

	"github.com/prickle-dev/prickle/hog/vm"
)

func arrays() []Function {
	return []Function{
		{Name: "arrayPushBack", Min: 2, Max: 2, Doc: "The array with an item added at the end.", Func: pushBack, Examples: []Example{{"arrayPushBack([1], 2)", "[1, 2]"}, {"arrayPushBack(null, 1)", "[1]"}}},
		{Name: "arrayPushFront", Min: 2, Max: 2, Doc: "The array with an item added at the start.", Func: pushFront, Examples: []Example{{"arrayPushFront([1], 2)", "[2, 1]"}, {"arrayPushFront((1,), 2)", "[2, 1]"}}},
		{Name: "arrayPopBack", Min: 1, Max: 1, Doc: "The array without its last item.", Func: popBack, Examples: []Example{{"arrayPopBack([1, 2])", "[1]"}, {"arrayPopBack([])", "[]"}}},
		{Name: "arrayPopFront", Min: 1, Max: 1, Doc: "The array without its first item.", Func: popFront, Examples: []Example{{"arrayPopFront([1, 2])", "[2]"}, {"arrayPopFront(null)", "[]"}}},
		{Name: "arrayReverse", Min: 1, Max: 1, Doc: "The array back to front.", Func: arrayReverse, Examples: []Example{{"arrayReverse([1, 2])", "[2, 1]"}, {"arrayReverse('abc')", "[]"}}},
		{Name: "arraySort", Min: 1, Max: Unbounded, Doc: "The array in ascending order.", Func: arraySort, Examples: []Example{{"arraySort([10, 9, 1])", "[1, 9, 10]"}, {"arraySort(['b', 'B', 'a'])", "['B', 'a', 'b']"}}},
		{Name: "arrayReverseSort", Min: 1, Max: Unbounded, Doc: "The array in descending order.", Func: arrayReverseSort, Examples: []Example{{"arrayReverseSort([1, 10, 9])", "[10, 9, 1]"}, {"arrayReverseSort([])", "[]"}}},
		{Name: "arrayStringConcat", Min: 1, Max: 2, Doc: "The texts of the items joined by a separator.", Func: arrayStringConcat, Examples: []Example{{"arrayStringConcat([1, null, 'a'], '-')", "'1--a'"}, {"arrayStringConcat([[1, 2], 3], '-')", "'1,2-3'"}}},
		{Name: "has", Min: 2, Max: 2, Doc: "Whether the array has the item, types included.", Func: has, Examples: []Example{{"has([1, 2], '2')", "false"}, {"has([null], null)", "true"}}},
		{Name: "indexOf", Min: 2, Max: 2, Doc: "Where the item is in the array, counted from 1, or 0.", Func: indexOf, Examples: []Example{{"indexOf(['a', 'b'], 'b')", "2"}, {"indexOf([1], '1')", "0"}}},
		{Name: "keys", Min: 1, Max: 1, Doc: "The keys of a dictionary, or the indexes of an array counted from 0.", Func: keys, Examples: []Example{{"keys({'a': 1})", "['a']"}, {"keys([7, 8])", "[0, 1]"}}},
		{Name: "values", Min: 1, Max: 1, Doc: "The values of a dictionary, or the items of an array.", Func: values, Examples: []Example{{"values({'a': 1})", "[1]"}, {"values(null)", "[]"}}},
	}
}

func callbacks() []Function {
	return []Function{
		{Name: "arrayMap", Min: 2, Max: 2, Exact: true, Callback: vm.CallbackMap, Doc: "The results of a function for each item.", Examples: []Example{{"arrayMap((x) -> x * 2, [1, 2])", "[2, 4]"}, {"arrayMap((x) -> x, {'a': 1})", "[1]"}}},
		{Name: "arrayFilter", Min: 2, Max: 2, Exact: true, Callback: vm.CallbackFilter, Doc: "The items for which a function is true.", Examples: []Example{{"arrayFilter((x) -> x > 1, [1, 2])", "[2]"}, {"arrayFilter((x) -> x, [0, '', 'a'])", "['a']"}}},
		{Name: "arrayExists", Min: 2, Max: 2, Exact: true, Callback: vm.CallbackExists, Doc: "Whether a function is true for any item.", Examples: []Example{{"arrayExists((x) -> x > 1, [1, 2])", "true"}, {"arrayExists((x) -> x, [])", "false"}}},
		{Name: "arrayCount", Min: 2, Max: 2, Exact: true, Callback: vm.CallbackCount, Doc: "For how many items a function is true.", Examples: []Example{{"arrayCount((x) -> x > 1, [1, 2, 3])", "2"}, {"arrayCount((x) -> x, null)", "0"}}},
		{Name: "arrayReduce", Min: 3, Max: 3, Exact: true, Callback: vm.CallbackReduce, Doc: "A function of the result so far and the next item, applied from a start value on.", Examples: []Example{{"arrayReduce((a, x) -> a + x, [1, 2, 3], 0)", "6"}, {"arrayReduce((a, x) -> a, [], 'start')", "'start'"}}},
	}
}

// joined is a new array of the items of some lists.
func joined(c *vm.Call, lists ...[]vm.Value) (vm.Value, error) {
	n := 0
	for _, list := range lists {
		n += len(list)
	}
	if err := c.List(n); err != nil {
		return vm.Null(), err
	}
	return vm.NewArray(slices.Concat(lists...)...), nil
}

func pushBack(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	return joined(c, list, args[1:2])
}

func pushFront(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	return joined(c, args[1:2], list)
}

func popBack(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	return joined(c, list[:max(len(list)-1, 0)])
}

func popFront(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	return joined(c, list[min(1, len(list)):])
}

func arrayReverse(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	v, err := joined(c, list)
	return reversed(v), err
}

// reversed turns an array around in place.
func reversed(v vm.Value) vm.Value {
	list, _ := items(v)
	slices.Reverse(list)
	return v
}

func arrayStringConcat(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if _, ok := items(args[0]); !ok {
		return vm.String(""), nil
	}
	sep := ""
	if len(args) > 1 {
		var err error
		if sep, err = c.HostString(args[1]); err != nil {
			return vm.Null(), err
		}
	}
	s, err := c.Join(args[0], sep)
	return vm.String(s), err
}

func has(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return in(c, []vm.Value{args[1], args[0]})
}

func indexOf(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, _ := items(args[0])
	i, err := c.Index(list, args[1])
	return vm.Number(float64(i + 1)), err
}

func keys(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if list, ok := items(args[0]); ok {
		return numbersFrom(c, 0, len(list))
	}
	if d, ok := args[0].AsDict(); ok {
		if err := c.List(d.Len()); err != nil {
			return vm.Null(), err
		}
		out := make([]vm.Value, d.Len())
		for i := range out {
			out[i], _ = d.At(i)
		}
		return vm.NewArray(out...), nil
	}
	names, _ := vm.Fields(args[0])
	return vm.NewArray(stringValues(names)...), nil
}

func values(c *vm.Call, args []vm.Value) (vm.Value, error) {
	n := 0
	if list, ok := items(args[0]); ok {
		n = len(list)
	} else if d, ok := args[0].AsDict(); ok {
		n = d.Len()
	}
	if err := c.List(n); err != nil {
		return vm.Null(), err
	}
	return vm.NewArray(vm.Values(args[0])...), nil
}
