package vm

import (
	"math"
	"unsafe"
)

// Kind is the type of a value.
type Kind uint8

// The kinds of values.
const (
	KindNull Kind = iota
	KindBool
	KindNumber
	KindString
	KindArray
	KindTuple
	KindDict
	KindDateTime
	KindDate
	KindInterval
	KindError
	KindFunction
)

var kindNames = [...]string{
	KindNull: "null", KindBool: "boolean", KindNumber: "number", KindString: "string", KindArray: "array",
	KindTuple: "tuple", KindDict: "dictionary", KindDateTime: "datetime", KindDate: "date", KindInterval: "interval",
	KindError: "error", KindFunction: "function",
}

// String is the kind's name in English.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Value is one value of a Hog program. The zero Value is null. Containers are shared by reference: two Values may hold
// the same array or dictionary.
type Value struct {
	// ptr is &numberMark for a number, the bytes of a string, the object of everything that has one, else nil.
	ptr unsafe.Pointer
	// bits is the float64 of a number; else the kind in the top byte and below it the length of a string or a boolean.
	bits uint64
}

const (
	kindShift   = 56
	payloadMask = 1<<kindShift - 1
)

// numberMark is an address that no other value can have; it tells numbers, whose bits are all taken, from the rest.
var numberMark byte

// Null is the null value.
func Null() Value { return Value{} }

// Bool is a boolean value.
func Bool(b bool) Value {
	v := Value{bits: uint64(KindBool) << kindShift}
	if b {
		v.bits |= 1
	}
	return v
}

// Number is a number value.
func Number(f float64) Value {
	return Value{ptr: unsafe.Pointer(&numberMark), bits: math.Float64bits(f)}
}

// String is a string value.
func String(s string) Value {
	return Value{ptr: unsafe.Pointer(unsafe.StringData(s)), bits: uint64(KindString)<<kindShift | uint64(len(s))}
}

func object(k Kind, p unsafe.Pointer) Value {
	return Value{ptr: p, bits: uint64(k) << kindShift}
}

// Kind is the type of the value.
func (v Value) Kind() Kind {
	if v.ptr == unsafe.Pointer(&numberMark) {
		return KindNumber
	}
	return Kind(v.bits >> kindShift)
}

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.ptr == nil && v.bits == 0 }

// IsNumber reports whether the value is a number.
func (v Value) IsNumber() bool { return v.ptr == unsafe.Pointer(&numberMark) }

// IsString reports whether the value is a string.
func (v Value) IsString() bool { return v.Kind() == KindString }

// AsBool is the boolean held, and whether the value is one.
func (v Value) AsBool() (bool, bool) {
	return v.ptr == nil && v.bits&1 == 1, v.Kind() == KindBool
}

// AsNumber is the number held, and whether the value is one.
func (v Value) AsNumber() (float64, bool) {
	if !v.IsNumber() {
		return 0, false
	}
	return v.num(), true
}

// AsString is the string held, and whether the value is one. Use String for the text of any value.
func (v Value) AsString() (string, bool) {
	if v.Kind() != KindString {
		return "", false
	}
	return v.str(), true
}

// AsArray is the array or tuple held, and whether the value is one.
func (v Value) AsArray() (*Array, bool) {
	if k := v.Kind(); k != KindArray && k != KindTuple {
		return nil, false
	}
	return v.array(), true
}

// AsDict is the dictionary held, and whether the value is one.
func (v Value) AsDict() (*Dict, bool) {
	if v.Kind() != KindDict {
		return nil, false
	}
	return v.dict(), true
}

// AsDateTime is the datetime held, and whether the value is one.
func (v Value) AsDateTime() (*DateTime, bool) {
	if v.Kind() != KindDateTime {
		return nil, false
	}
	return v.dateTime(), true
}

// AsDate is the date held, and whether the value is one.
func (v Value) AsDate() (*Date, bool) {
	if v.Kind() != KindDate {
		return nil, false
	}
	return v.date(), true
}

// AsError is the error value held, and whether the value is one.
func (v Value) AsError() (*ErrorValue, bool) {
	if v.Kind() != KindError {
		return nil, false
	}
	return v.errorValue(), true
}

// AsFunction is the function held, and whether the value is one.
func (v Value) AsFunction() (*Function, bool) {
	if v.Kind() != KindFunction {
		return nil, false
	}
	return v.function(), true
}

// Truthy reports whether a condition takes the value for true: everything but false, null, 0, NaN and the empty string.
func (v Value) Truthy() bool {
	switch v.Kind() {
	case KindNull:
		return false
	case KindBool:
		return v.bits&1 == 1
	case KindNumber:
		f := v.num()
		return f != 0 && f == f
	case KindString:
		return v.bits&payloadMask != 0
	}
	return true
}

// The accessors below do not check the kind; callers have.

// setNumber is v = Number(f); a number in place of another costs no write barrier.
func (v *Value) setNumber(f float64) {
	if v.ptr != unsafe.Pointer(&numberMark) {
		v.ptr = unsafe.Pointer(&numberMark)
	}
	v.bits = math.Float64bits(f)
}

func (v Value) num() float64 { return math.Float64frombits(v.bits) }

func (v Value) str() string { return unsafe.String((*byte)(v.ptr), int(v.bits&payloadMask)) }

func (v Value) array() *Array           { return (*Array)(v.ptr) }
func (v Value) dict() *Dict             { return (*Dict)(v.ptr) }
func (v Value) dateTime() *DateTime     { return (*DateTime)(v.ptr) }
func (v Value) date() *Date             { return (*Date)(v.ptr) }
func (v Value) interval() *Interval     { return (*Interval)(v.ptr) }
func (v Value) errorValue() *ErrorValue { return (*ErrorValue)(v.ptr) }
func (v Value) function() *Function     { return (*Function)(v.ptr) }

func (v Value) isList() bool {
	k := v.Kind()
	return k == KindArray || k == KindTuple
}
