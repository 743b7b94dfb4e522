// Package stdlib is the library of functions that Hog programs can call, as one table: name, arity, a line of
// documentation, examples that are run as tests, and the function itself.
package stdlib

import (
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/vm"
)

// Unbounded is the Max of functions that take any number of arguments.
const Unbounded = -1

// Function is one row of the table.
type Function struct {
	Name string
	// Min and Max are the numbers of arguments that the function takes.
	Min, Max int
	// Doc says in one line what the result is.
	Doc string
	// Examples are expressions and the value form of their results.
	Examples []Example
	// Exact and Callback are those of vm.Builtin.
	Exact    bool
	Callback vm.Callback
	// Func is nil for functions with a callback and for those that the host provides.
	Func func(c *vm.Call, args []vm.Value) (vm.Value, error)
}

// Example is an expression and what it gives, in value form.
type Example struct {
	Code, Result string
}

// Async reports whether the function waits for the outside world and so exists only when the host provides it.
func (f Function) Async() bool { return f.Func == nil && f.Callback == vm.NoCallback }

// Functions is the whole table, sorted by name.
func Functions() []Function {
	all := slices.Concat(
		conversions(), logic(), numbers(), texts(), searches(), encodings(), jsonFunctions(), arrays(), callbacks(),
		dates(), dateParts(), digests(), networks(), outputs(), cohorts(),
	)
	slices.SortFunc(all, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Names is the names of all functions, sorted; those that only a host can provide are left out.
func Names() []string {
	var names []string
	for _, f := range Functions() {
		if !f.Async() {
			names = append(names, f.Name)
		}
	}
	return names
}

// Library is the table as the machine takes it.
func Library() vm.Library {
	lib := vm.Library{}
	for _, f := range Functions() {
		if f.Async() {
			continue
		}
		lib[f.Name] = &vm.Builtin{
			Name: f.Name, Min: f.Min, Max: f.Max, Exact: f.Exact, Callback: f.Callback, Func: f.Func,
		}
	}
	return lib
}
