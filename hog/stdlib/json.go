package stdlib

import (
	"errors"

	"github.com/prickle-dev/prickle/hog/vm"
)

func jsonFunctions() []Function {
	return []Function{
		{Name: "jsonParse", Min: 1, Max: 1, Doc: "The value of a JSON text; an error if it is none.", Func: jsonParse, Examples: []Example{{`jsonParse('{"a": [1, null]}')`, "{'a': [1, null]}"}, {"jsonParse('1e3')", "1000"}}},
		{Name: "jsonStringify", Min: 1, Max: 2, Doc: "The value as JSON, indented by so many spaces.", Func: jsonStringify, Examples: []Example{{"jsonStringify({'a': [1, null]})", `'{"a":[1,null]}'`}, {"jsonStringify([1/0, (2,)])", "'[null,[2]]'"}}},
		{Name: "isValidJSON", Min: 1, Max: 1, Doc: "Whether the text is JSON.", Func: isValidJSON, Examples: []Example{{"isValidJSON('[1]')", "true"}, {"isValidJSON('')", "false"}}},
		{Name: "JSONHas", Min: 1, Max: Unbounded, Doc: "Whether the path leads to something in the JSON.", Func: jsonHas, Examples: []Example{{`JSONHas('{"a": [1]}', 'a', 1)`, "true"}, {`JSONHas('{"a": [1]}', 'b')`, "false"}}},
		{Name: "JSONLength", Min: 1, Max: Unbounded, Doc: "The size of the array or object at the path, else 0.", Func: jsonLength, Examples: []Example{{`JSONLength('{"a": [1, 2]}', 'a')`, "2"}, {"JSONLength('no JSON')", "0"}}},
		{Name: "JSONExtractBool", Min: 1, Max: Unbounded, Doc: "The boolean at the path, else false.", Func: jsonExtractBool, Examples: []Example{{`JSONExtractBool('{"a": true}', 'a')`, "true"}, {`JSONExtractBool('{"a": 1}', 'a')`, "false"}}},
		{Name: "JSONExtractInt", Min: 1, Max: Unbounded, Doc: "The integer at the path, or null.", Func: jsonExtractNumber(vm.LeadingInt), Examples: []Example{{`JSONExtractInt('{"a": "12.9"}', 'a')`, "12"}, {"JSONExtractInt('[1, 2]', -1)", "2"}}},
		{Name: "JSONExtractFloat", Min: 1, Max: Unbounded, Doc: "The number at the path, or null.", Func: jsonExtractNumber(vm.LeadingFloat), Examples: []Example{{`JSONExtractFloat('{"a": "12.9"}', 'a')`, "12.9"}, {"JSONExtractFloat('{}', 'a')", "null"}}},
		{Name: "JSONExtractString", Min: 1, Max: Unbounded, Doc: "The text of the value at the path, or null.", Func: jsonExtractString, Examples: []Example{{`JSONExtractString('{"a": 12.5}', 'a')`, "'12.5'"}, {`JSONExtractString('{"a": [1, "b"]}', 'a')`, "'1,b'"}}},
		{Name: "JSONExtractArrayRaw", Min: 1, Max: Unbounded, Doc: "The array at the path, or null.", Func: jsonExtractArray, Examples: []Example{{`JSONExtractArrayRaw('{"a": [1]}', 'a')`, "[1]"}, {"JSONExtractArrayRaw('{}', 'a')", "null"}}},
		{Name: "JSONExtract", Min: 2, Max: Unbounded, Doc: "The value at the path; the last argument is ignored.", Func: jsonExtract, Examples: []Example{{`JSONExtract('{"a": [1]}', 'a', 'Array(Int)')`, "[1]"}, {"JSONExtract('[5]', 9, 'Int')", "null"}}},
	}
}

func jsonParse(c *vm.Call, args []vm.Value) (vm.Value, error) {
	s, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	return c.ParseJSON(s)
}

func jsonStringify(c *vm.Call, args []vm.Value) (vm.Value, error) {
	indent := 0
	if f, ok := arg(args, 1).AsNumber(); ok {
		indent = integer(f, 0, 10)
	}
	s, err := c.JSON(args[0], indent)
	return vm.String(s), err
}

func isValidJSON(c *vm.Call, args []vm.Value) (vm.Value, error) {
	s, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	_, err = c.ParseJSON(s)
	if isLimit(err) {
		return vm.Null(), err
	}
	return vm.Bool(err == nil), nil
}

// document is the value that a path starts from: a text is parsed. False when it cannot be.
func document(c *vm.Call, v vm.Value) (vm.Value, bool, error) {
	s, ok := v.AsString()
	if !ok {
		return v, true, nil
	}
	parsed, err := c.ParseJSON(s)
	if isLimit(err) {
		return vm.Null(), false, err
	}
	return parsed, err == nil, nil // a path leads nowhere in what is no JSON
}

// isLimit reports whether an error is not about the text, but ends the run.
func isLimit(err error) bool {
	var e *vm.Error
	return errors.As(err, &e) && e.Kind != vm.KindData
}

// at is the value at the path that all arguments after the first make, or null.
func at(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v, _, err := document(c, args[0])
	for i, key := range args[1:] {
		if err != nil || i == 0 && isScalar(v) {
			return vm.Null(), err
		}
		if zero, ok := key.AsNumber(); ok && zero == 0 && zeroFails(v, args[0].IsString()) {
			return vm.Null(), vm.Errorf(vm.KindType, "Hog arrays start from index 1")
		}
		v, err = vm.Property(v, key)
	}
	return v, err
}

// zeroFails reports whether the index 0 is an error for a value on a path. Objects that come out of a text are not
// dictionaries yet, so it is an error for them, too.
func zeroFails(v vm.Value, fromText bool) bool {
	if v.Kind() == vm.KindDict {
		return fromText
	}
	return v.Truthy()
}

func isScalar(v vm.Value) bool {
	_, isBool := v.AsBool()
	return isBool || v.IsNumber() || v.IsString()
}

// container is at, except that a document that is a scalar and no path give null.
func container(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v, err := at(c, args)
	if len(args) == 1 && isScalar(v) {
		return vm.Null(), err
	}
	return v, err
}

func jsonHas(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v, fromText := args[0], false
	for _, key := range args[1:] {
		fromText = fromText || v.IsString()
		next, ok, err := document(c, v)
		if err != nil || !ok {
			return vm.Bool(false), err
		}
		if d, ok := next.AsDict(); ok {
			if fromText {
				key = vm.String(vm.HostString(key)) // keys of a text are texts
			}
			if v, ok = d.Get(key); !ok {
				return vm.Bool(false), nil
			}
			continue
		}
		list, ok := items(next)
		i, isNumber := key.AsNumber()
		if i < 0 {
			i += float64(len(list)) + 1
		}
		if !ok || !isNumber || i < 1 || i > float64(len(list)) || i != float64(int(i)) {
			return vm.Bool(false), nil
		}
		v = list[int(i)-1]
	}
	return vm.Bool(true), nil
}

func jsonLength(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v, err := at(c, args)
	if err != nil {
		return vm.Null(), err
	}
	if list, ok := items(v); ok {
		return vm.Number(float64(len(list))), nil
	}
	if d, ok := v.AsDict(); ok {
		return vm.Number(float64(d.Len())), nil
	}
	names, _ := vm.Fields(v)
	return vm.Number(float64(len(names))), nil
}

func jsonExtractBool(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v, err := at(c, args)
	if err != nil {
		return vm.Null(), err
	}
	b, _ := v.AsBool()
	return vm.Bool(b), nil
}

func jsonExtractNumber(leading func(string) (float64, bool)) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		v, err := container(c, args)
		if err != nil {
			return vm.Null(), err
		}
		s, err := c.HostString(v)
		if err != nil {
			return vm.Null(), err
		}
		if f, ok := leading(s); ok {
			return vm.Number(f), nil
		}
		return vm.Null(), nil
	}
}

func jsonExtractString(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v, err := container(c, args)
	if err != nil || v.IsNull() {
		return vm.Null(), err
	}
	text := c.PlainString
	if !args[0].IsString() {
		text = c.HostString
	}
	s, err := text(v)
	return vm.String(s), err
}

func jsonExtractArray(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v, err := at(c, args)
	if _, ok := items(v); !ok || err != nil {
		return vm.Null(), err
	}
	return v, nil
}

func jsonExtract(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return container(c, args[:len(args)-1])
}
