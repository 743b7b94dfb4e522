package vm

import (
	"context"
	"io"
	"time"
)

// Func is a function that the host offers to a program under a name. The arguments are valid during the call only. The
// program gets a copy of the result. An error ends the run with KindHost, except one made by Throw, which the program can catch.
type Func func(ctx context.Context, args []Value) (Value, error)

// Env is all that a program can reach. What is nil is not there: without Now there is no clock, without Rand no
// randomness, without Print output is dropped.
type Env struct {
	// Global answers a read of a global name: the whole dotted chain, for instance [event properties plan]. False means
	// that the first name is unknown; a known one with missing parts is null and true. The program owns the value and
	// may change it, so every call returns a fresh one. Reads of numbers, strings, booleans and null may be answered
	// from an earlier one in the same run. The run looks at its context after every call, and at its wall time after every
	// fourth.
	Global func(chain []string) (Value, bool, error)
	// Functions are the host's functions by name; they hide library functions of the same name.
	Functions map[string]Func
	// Async reports the functions that the host runs outside the machine. A call of one suspends the run, see
	// Program.Start. The language's own is sleep. Functions of the same name come first.
	Async func(name string) bool
	// Import supplies the programs that a program imports; false means that there is none of that name. It is asked once
	// in a run for each name.
	Import func(name string) (Chunk, bool, error)
	// Print takes one line of output without its line end.
	Print func(line string)
	// Now is the clock.
	Now func() time.Time
	// Rand is the source of random numbers and UUIDs.
	Rand io.Reader
	// Limits bound the run; the zero value means the defaults.
	Limits Limits
}

// Chunk is a program that others import.
type Chunk struct {
	Program *Program
	// Globals are all that the program sees as globals; it sees none of the program that imports it.
	Globals map[string]Value
}

// GlobalsOf serves globals from values by their first name. Reads are copies, so a program cannot change the values.
func GlobalsOf(values map[string]Value) func(chain []string) (Value, bool, error) {
	return func(chain []string) (Value, bool, error) {
		v, ok := values[chain[0]]
		if !ok {
			return Value{}, false, nil
		}
		for _, name := range chain[1:] {
			next, err := getProperty(v, String(name))
			if err != nil {
				return Value{}, true, err
			}
			v = next
		}
		return Copy(v), true, nil
	}
}
