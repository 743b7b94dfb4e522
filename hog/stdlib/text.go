package stdlib

import (
	"math"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/vm"
)

func texts() []Function {
	return []Function{
		{Name: "concat", Min: 1, Max: Unbounded, Doc: "The texts of the arguments joined; null adds nothing.", Func: concat, Examples: []Example{{"concat('a', 1, null, true)", "'a1true'"}, {"concat(null)", "''"}}},
		{Name: "length", Min: 1, Max: 1, Doc: "The length of a string in UTF-16 units, or of an array; else null.", Func: length, Examples: []Example{{"length('héé')", "3"}, {"length([1, 2])", "2"}}},
		{Name: "empty", Min: 1, Max: 1, Doc: "Whether the value is null, '' or an empty container.", Func: test(isEmpty), Examples: []Example{{"empty('')", "true"}, {"empty(0)", "false"}}},
		{Name: "notEmpty", Min: 1, Max: 1, Doc: "The negation of empty.", Func: test(func(v vm.Value) bool { return !isEmpty(v) }), Examples: []Example{{"notEmpty([1])", "true"}, {"notEmpty('')", "false"}}},
		{Name: "lower", Min: 1, Max: 1, Doc: "The text in lower case.", Func: mapText("lower", lowerCase), Examples: []Example{{"lower('ABC')", "'abc'"}, {"lower(null)", "null"}}},
		{Name: "upper", Min: 1, Max: 1, Doc: "The text in upper case.", Func: mapText("upper", upperCase), Examples: []Example{{"upper('abc')", "'ABC'"}, {"upper('ß')", "'SS'"}}},
		{Name: "reverse", Min: 1, Max: 1, Doc: "The text back to front.", Func: mapText("reverse", reverse), Examples: []Example{{"reverse('abc')", "'cba'"}, {"reverse('né')", "'én'"}}},
		{Name: "trim", Min: 1, Max: 2, Doc: "The text without spaces, or another character, at both ends.", Func: trimmer("trim", true, true), Examples: []Example{{"trim('  a ')", "'a'"}, {"trim('xxaxx', 'x')", "'a'"}}},
		{Name: "trimLeft", Min: 1, Max: 2, Doc: "The text without spaces, or another character, at its start.", Func: trimmer("trimLeft", true, false), Examples: []Example{{"trimLeft('  a ')", "'a '"}, {"trimLeft('xxax', 'x')", "'ax'"}}},
		{Name: "trimRight", Min: 1, Max: 2, Doc: "The text without spaces, or another character, at its end.", Func: trimmer("trimRight", false, true), Examples: []Example{{"trimRight('  a ')", "'  a'"}, {`trimRight('a\n')`, `'a\n'`}}},
		{Name: "splitByString", Min: 2, Max: 3, Doc: "The parts of a text between separators, at most so many.", Func: splitByString, Examples: []Example{{"splitByString(',', 'a,b,c')", "['a', 'b', 'c']"}, {"splitByString(',', 'a,b,c', 2)", "['a', 'b']"}}},
		{Name: "replaceOne", Min: 3, Max: 3, Doc: "The text with the first occurrence replaced; $& stands for it.", Func: replacer("replaceOne", 1), Examples: []Example{{"replaceOne('aXbX', 'X', '-')", "'a-bX'"}, {"replaceOne('abc', 'b', '[$&]')", "'a[b]c'"}}},
		{Name: "replaceAll", Min: 3, Max: 3, Doc: "The text with all occurrences replaced; $& stands for each.", Func: replacer("replaceAll", -1), Examples: []Example{{"replaceAll('aXbX', 'X', '-')", "'a-b-'"}, {"replaceAll('abc', '', 'x')", "'xaxbxcx'"}}},
		{Name: "substring", Min: 2, Max: 3, Doc: "The part of a text from a place counted from 1, of a length.", Func: substring, Examples: []Example{{"substring('abcdef', 2, 3)", "'bcd'"}, {"substring('abc', 0)", "''"}}},
	}
}

func concat(c *vm.Call, args []vm.Value) (vm.Value, error) {
	head, ok := args[0].AsString()
	if ok {
		args = args[1:]
	}
	var small [128]byte
	rest := small[:0]
	for _, v := range args {
		if f, ok := v.AsNumber(); ok {
			rest = vm.AppendNumber(rest, f)
			continue
		}
		s, ok := v.AsString()
		if !ok {
			if v.IsNull() {
				continue
			}
			var err error
			if s, err = display(c, v); err != nil {
				return vm.Null(), err
			}
		}
		if err := c.Text(len(head) + len(rest) + len(s)); err != nil {
			return vm.Null(), err
		}
		rest = append(rest, s...)
	}
	if err := c.Text(len(head) + len(rest)); err != nil {
		return vm.Null(), err
	}
	return vm.String(c.Append(head, rest)), nil
}

func length(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if s, ok := args[0].AsString(); ok {
		return vm.Number(float64(vm.UnitLen(s))), nil
	}
	if list, ok := items(args[0]); ok {
		return vm.Number(float64(len(list))), nil
	}
	return vm.Null(), nil
}

func isEmpty(v vm.Value) bool {
	if s, ok := v.AsString(); ok {
		return s == ""
	}
	if list, ok := items(v); ok {
		return len(list) == 0
	}
	if d, ok := v.AsDict(); ok {
		return d.Len() == 0
	}
	return v.IsNull()
}

func reverse(_ *vm.Call, s string) (string, error) {
	units := vm.Units(s)
	slices.Reverse(units)
	return vm.FromUnits(units), nil
}

func trimmer(name string, left, right bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		cut := " "
		if v := arg(args, 1); !v.IsNull() {
			cut, _ = v.AsString()
		}
		if vm.UnitLen(cut) != 1 {
			return vm.String(""), nil
		}
		if args[0].IsNull() {
			return vm.Null(), nil
		}
		s, err := text(name, args[0])
		if err != nil {
			return vm.Null(), err
		}
		for left && strings.HasPrefix(s, cut) {
			s = s[len(cut):]
		}
		for right && strings.HasSuffix(s, cut) {
			s = s[:len(s)-len(cut)]
		}
		return vm.String(s), nil
	}
}

func splitByString(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if args[1].IsNull() {
		return vm.Null(), nil
	}
	s, err := text("splitByString", args[1])
	if err != nil {
		return vm.Null(), err
	}
	sep, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	most := -1
	if v := arg(args, 2); !v.IsNull() {
		most = int(toUint32(c.Number(v)))
	}
	parts, err := split(c, s, sep, most)
	return vm.NewArray(parts...), err
}

// toUint32 is the number cut to an integer of 32 bits, as the reference's host does: -1 is the largest there is.
func toUint32(f float64) uint32 {
	f = math.Mod(math.Trunc(f), 1<<32)
	if f != f {
		return 0
	}
	return uint32(int64(f))
}

// split is the first parts of a text between separators, or all for a negative number. Between nothing are UTF-16 units.
func split(c *vm.Call, s, sep string, most int) ([]vm.Value, error) {
	n := vm.UnitLen(s)
	if sep != "" {
		n = strings.Count(s, sep) + 1
	}
	if most >= 0 {
		n = min(n, most)
	}
	if err := c.List(n); err != nil {
		return nil, err
	}
	parts := make([]vm.Value, n)
	if sep == "" && !vm.IsASCII(s) {
		units := vm.Units(s)
		for i := range parts {
			parts[i] = vm.String(vm.FromUnits(units[i : i+1]))
		}
		return parts, nil
	}
	for i := range parts {
		at := strings.Index(s, sep)
		switch {
		case sep == "":
			at = 1
		case at < 0:
			at = len(s)
		}
		parts[i] = vm.String(s[:at])
		s = s[min(at+len(sep), len(s)):]
	}
	return parts, nil
}

func substring(c *vm.Call, args []vm.Value) (vm.Value, error) {
	s, ok := args[0].AsString()
	if !ok {
		return vm.String(""), nil
	}
	n := len(s)
	var units []uint16
	if !vm.IsASCII(s) {
		units = vm.Units(s)
		n = len(units)
	}
	from, length := c.Number(args[1])-1, float64(n)
	if f, ok := arg(args, 2).AsNumber(); ok {
		length = f
	}
	if from < 0 || length < 0 {
		return vm.String(""), nil
	}
	start, end := integer(from, 0, n), integer(from+length, 0, n) // NaN is 0 here, except as the place to start from
	if from != from || end <= start {
		return vm.String(""), nil
	}
	if units != nil {
		return vm.String(vm.FromUnits(units[start:end])), nil
	}
	return vm.String(s[start:end]), nil
}
