// Package hog is an implementation of Hog, PostHog's small language for functions on events.
//
// Compile turns a program into a [Program], CompileExpression a single expression, CompileTemplate text with {expressions}
// in it, and Load bytecode made elsewhere. A Program is immutable and may run many times at once; each run gets an [Env],
// which is all of the world that it sees.
//
// Run runs a program to its end. Start stops at calls of functions that take their time, so that the host can do them and
// go on, even in another process; RunAsync does them in place. A Session runs one input after another with their
// variables kept.
package hog

import (
	"github.com/prickle-dev/prickle/hog/vm"
)

// The parts of the machine that hosts need.
type (
	// Value is one value of a program; the zero Value is null.
	Value = vm.Value
	// Kind is the type of a value.
	Kind = vm.Kind
	// Array is the content of an array or tuple.
	Array = vm.Array
	// Dict is the content of a dictionary.
	Dict = vm.Dict
	// Arena is memory that values are made in again and again.
	Arena = vm.Arena
	// Env is all that a run can reach.
	Env = vm.Env
	// Func is a function of the host.
	Func = vm.Func
	// Limits bound a run.
	Limits = vm.Limits
	// Error is a run that failed.
	Error = vm.Error
	// ErrorKind classes errors of a run.
	ErrorKind = vm.ErrorKind
)

// The kinds of values.
const (
	KindNull     = vm.KindNull
	KindBool     = vm.KindBool
	KindNumber   = vm.KindNumber
	KindString   = vm.KindString
	KindArray    = vm.KindArray
	KindTuple    = vm.KindTuple
	KindDict     = vm.KindDict
	KindDateTime = vm.KindDateTime
	KindDate     = vm.KindDate
	KindInterval = vm.KindInterval
	KindError    = vm.KindError
	KindFunction = vm.KindFunction
)
