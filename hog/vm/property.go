package vm

import "math"

// getProperty reads x.k or x[k].
func getProperty(obj, key Value) (Value, error) {
	switch obj.Kind() {
	case KindDict:
		v, _ := obj.dict().Get(key)
		return v, nil
	case KindArray, KindTuple:
		return getItem(obj.array(), key)
	case KindDateTime, KindDate, KindInterval, KindError:
		return getField(obj, key), nil
	}
	return Value{}, nil
}

func getItem(a *Array, key Value) (Value, error) {
	if key.Kind() == KindString && key.str() == "length" {
		return Number(float64(len(a.Items))), nil
	}
	f, ok := key.AsNumber()
	if !ok {
		return Value{}, nil
	}
	if f == 0 {
		return Value{}, errZeroIndex()
	}
	if f < 0 {
		f += float64(len(a.Items)) + 1
	}
	if i := f - 1; i >= 0 && i < float64(len(a.Items)) && i == math.Trunc(i) {
		return a.Items[int(i)], nil
	}
	return Value{}, nil
}

func errZeroIndex() *Error {
	return errorf(KindType, "Hog arrays start from index 1")
}

func getField(obj, key Value) Value {
	name, ok := key.AsString()
	if !ok {
		return Value{}
	}
	names, values := Fields(obj)
	for i := range names {
		if names[i] == name {
			return values[i]
		}
	}
	return Value{}
}

// Property reads x.k or x[k] as a program does. The error is about the index 0.
func Property(obj, key Value) (Value, error) { return getProperty(obj, key) }

// setItem writes a[k]; writing beyond the end fills the gap with null.
func setItem(a *Array, key, value Value, maxGrowth int) error {
	f, ok := key.AsNumber()
	if !ok {
		return errorf(KindType, "Can not set %s on element of type object", keyText(key))
	}
	if f <= 0 {
		return errZeroIndex()
	}
	if f != math.Trunc(f) {
		return errorf(KindType, "Can not set %s on element of type object", keyText(key))
	}
	if i := f - 1; i < float64(len(a.Items)) {
		a.Items[int(i)] = value
		return nil
	}
	if f-float64(len(a.Items)) > float64(maxGrowth) {
		return errorf(KindMemory, "array index %s is too large", HostString(key))
	}
	a.Items = append(a.Items, make([]Value, int(f)-len(a.Items))...)
	a.Items[len(a.Items)-1] = value
	return nil
}

// errNotSettable is the error of writing to a property of something that has none.
func errNotSettable(obj, key Value) *Error {
	switch obj.Kind() {
	case KindNull:
		return errorf(KindType, "Can not set %s on non-object: object", keyText(key))
	case KindBool, KindNumber, KindString:
		return errorf(KindType, "Can not set %s on non-object: %s", keyText(key), obj.Kind())
	}
	return errorf(KindType, "Can not set %s on element of type object", keyText(key))
}

// keyText is the key as errors of writing show it: null as nothing.
func keyText(key Value) string {
	if key.IsNull() {
		return ""
	}
	return HostString(key)
}
