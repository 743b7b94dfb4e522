package hog

import (
	"time"

	"github.com/prickle-dev/prickle/hog/vm"
)

// Null is the null value.
func Null() Value { return vm.Null() }

// Bool is a boolean value.
func Bool(b bool) Value { return vm.Bool(b) }

// Number is a number value.
func Number(f float64) Value { return vm.Number(f) }

// String is a string value.
func String(s string) Value { return vm.String(s) }

// NewArray is an array value; it keeps the slice.
func NewArray(items ...Value) Value { return vm.NewArray(items...) }

// NewTuple is a tuple value; it keeps the slice.
func NewTuple(items ...Value) Value { return vm.NewTuple(items...) }

// NewDict is an empty dictionary with room for n entries. Its Value method makes it a value.
func NewDict(n int) *Dict { return vm.NewDict(n) }

// Time is a datetime value in UTC, cut to milliseconds.
func Time(t time.Time) Value { return vm.Time(t) }

// NewError is an error value, for Throw.
func NewError(typ, message string, payload Value) Value { return vm.NewError(typ, message, payload) }

// FromJSON is the value of a JSON document: objects become dictionaries in their order. It copies what it keeps.
func FromJSON(raw []byte) (Value, error) { return vm.FromJSON(raw) }

// ParseJSON is FromJSON without the copy: strings of the result share the memory of the text.
func ParseJSON(text string) (Value, error) { return vm.ParseJSON(text) }

// Throw is an error that, returned by a host function, the program can catch as the error value v.
func Throw(v Value) error { return vm.Throw(v) }

// GlobalsOf is an Env.Global that serves values by their first name. Reads are copies, so a program cannot change them.
func GlobalsOf(values map[string]Value) func(chain []string) (Value, bool, error) {
	return vm.GlobalsOf(values)
}
