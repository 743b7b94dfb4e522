package stdlib

import (
	"slices"

	"github.com/prickle-dev/prickle/hog/vm"
)

func arraySort(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return sorted(c, args[0])
}

func arrayReverseSort(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v, err := sorted(c, args[0])
	return reversed(v), err
}

// sorted is a new array of the items in ascending order. Items without an order stay as they are.
func sorted(c *vm.Call, v vm.Value) (vm.Value, error) {
	list, _ := items(v)
	out, err := joined(c, list)
	if err != nil {
		return out, err
	}
	list, _ = items(out)
	keys, err := sortKeys(c, list)
	if err != nil {
		return out, err
	}
	slices.SortStableFunc(keys, func(a, b sortKey) int {
		if err != nil {
			return 0 // a limit is reached: let the sort run out
		}
		var order int
		if order, _, err = c.Compare(a.key, b.key); err == nil {
			err = c.Work(vm.ItemSize)
		}
		return order
	})
	for i := range keys {
		list[i] = keys[i].item
	}
	return out, err
}

// sortKey is an item and what it is compared by.
type sortKey struct{ item, key vm.Value }

// sortKeys makes the text of lists, which they are compared by, once.
func sortKeys(c *vm.Call, list []vm.Value) ([]sortKey, error) {
	if err := c.List(2 * len(list)); err != nil {
		return nil, err
	}
	keys := make([]sortKey, len(list))
	for i, v := range list {
		keys[i] = sortKey{v, v}
		if v.Kind() <= vm.KindString {
			continue
		}
		s, err := c.HostString(v)
		if err != nil {
			return nil, err
		}
		if err := c.Charge(len(s)); err != nil {
			return nil, err
		}
		keys[i].key = vm.String(s)
	}
	return keys, nil
}
