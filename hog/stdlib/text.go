package stdlib

import (
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/vm"
)

func texts() []Function {
	return []Function{
		{Name: "concat", Min: 1, Max: Unbounded, Doc: "The texts of the arguments joined; null adds nothing.", Func: concat, Examples: ex("concat('a', 1, null, true)", "'a1true'")},
		{Name: "length", Min: 1, Max: 1, Doc: "The length of a string in UTF-16 units, or of an array; else null.", Func: length, Examples: []Example{{"length('héé')", "3"}, {"length([1, 2])", "2"}}},
		{Name: "empty", Min: 1, Max: 1, Doc: "Whether the value is null, '' or an empty container.", Func: test(isEmpty), Examples: []Example{{"empty('')", "true"}, {"empty(0)", "false"}}},
		{Name: "notEmpty", Min: 1, Max: 1, Doc: "The negation of empty.", Func: test(func(v vm.Value) bool { return !isEmpty(v) }), Examples: ex("notEmpty([1])", "true")},
		{Name: "lower", Min: 1, Max: 1, Doc: "The text in lower case.", Func: mapText("lower", strings.ToLower), Examples: ex("lower('ABC')", "'abc'")},
		{Name: "upper", Min: 1, Max: 1, Doc: "The text in upper case.", Func: mapText("upper", upper), Examples: []Example{{"upper('abc')", "'ABC'"}, {"upper('ß')", "'SS'"}}},
		{Name: "reverse", Min: 1, Max: 1, Doc: "The text back to front.", Func: mapText("reverse", reverse), Examples: ex("reverse('abc')", "'cba'")},
		{Name: "trim", Min: 1, Max: 2, Doc: "The text without spaces, or another character, at both ends.", Func: trimmer("trim", true, true), Examples: []Example{{"trim('  a ')", "'a'"}, {"trim('xxaxx', 'x')", "'a'"}}},
		{Name: "trimLeft", Min: 1, Max: 2, Doc: "The text without spaces, or another character, at its start.", Func: trimmer("trimLeft", true, false), Examples: ex("trimLeft('  a ')", "'a '")},
		{Name: "trimRight", Min: 1, Max: 2, Doc: "The text without spaces, or another character, at its end.", Func: trimmer("trimRight", false, true), Examples: ex("trimRight('  a ')", "'  a'")},
		{Name: "splitByString", Min: 2, Max: 3, Doc: "The parts of a text between separators, at most so many.", Func: splitByString, Examples: []Example{{"splitByString(',', 'a,b,c')", "['a', 'b', 'c']"}, {"splitByString(',', 'a,b,c', 2)", "['a', 'b']"}}},
		{Name: "replaceOne", Min: 3, Max: 3, Doc: "The text with the first occurrence replaced; $& stands for it.", Func: replacer("replaceOne", 1), Examples: ex("replaceOne('aXbX', 'X', '-')", "'a-bX'")},
		{Name: "replaceAll", Min: 3, Max: 3, Doc: "The text with all occurrences replaced; $& stands for each.", Func: replacer("replaceAll", -1), Examples: []Example{{"replaceAll('aXbX', 'X', '-')", "'a-b-'"}, {"replaceAll('abc', '', 'x')", "'xaxbxcx'"}}},
		{Name: "substring", Min: 2, Max: 3, Doc: "The part of a text from a place counted from 1, of a length.", Func: substring, Examples: ex("substring('abcdef', 2, 3)", "'bcd'")},
	}
}

func concat(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if len(args) == 2 && args[0].IsString() && args[1].IsString() {
		a, _ := args[0].AsString()
		b, _ := args[1].AsString()
		if err := c.Text(len(a) + len(b)); err != nil {
			return vm.Null(), err
		}
		return vm.String(a + b), nil
	}
	var small [128]byte
	buf := small[:0]
	for _, v := range args {
		if v.IsNull() {
			continue
		}
		s, err := display(c, v)
		if err != nil {
			return vm.Null(), err
		}
		if err := c.Text(len(buf) + len(s)); err != nil {
			return vm.Null(), err
		}
		buf = append(buf, s...)
	}
	return vm.String(string(buf)), nil
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

// upper maps to upper case with the letters that become two.
func upper(s string) string {
	if vm.IsASCII(s) {
		return strings.ToUpper(s)
	}
	return strings.ToUpper(widening.Replace(s))
}

// widening holds the letters whose upper case is more than one letter, which package strings leaves alone.
var widening = strings.NewReplacer(
	"ß", "SS", "ŉ", "ʼN", "ǰ", "J̌", "ﬀ", "FF", "ﬁ", "FI", "ﬂ", "FL", "ﬃ", "FFI", "ﬄ", "FFL", "ﬅ", "ST", "ﬆ", "ST",
)

func reverse(s string) string {
	units := vm.Units(s)
	slices.Reverse(units)
	return vm.FromUnits(units)
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
	sep := vm.HostString(args[0])
	limit := -1
	if v := arg(args, 2); !v.IsNull() {
		if limit = 0; vm.ToNumber(v) != 0 && vm.ToNumber(v) == vm.ToNumber(v) { // NaN counts as 0, negative as all
			limit = integer(v, -1, len(s)+1)
		}
	}
	parts := splitUnits(s, sep)
	if limit >= 0 && limit < len(parts) {
		parts = parts[:limit]
	}
	return vm.NewArray(stringValues(parts)...), nil
}

func splitUnits(s, sep string) []string {
	if sep != "" {
		return strings.Split(s, sep)
	}
	if vm.IsASCII(s) {
		return strings.Split(s, "")
	}
	units := vm.Units(s)
	parts := make([]string, len(units))
	for i := range units {
		parts[i] = vm.FromUnits(units[i : i+1])
	}
	return parts
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
	start, end := integer(args[1], 0, n+1)-1, n
	if v := arg(args, 2); v.Kind() == vm.KindNumber {
		end = start + integer(v, -1, n)
	}
	if start < 0 || start >= n || end <= start {
		return vm.String(""), nil
	}
	end = min(end, n)
	if units != nil {
		return vm.String(vm.FromUnits(units[start:end])), nil
	}
	return vm.String(s[start:end]), nil
}
