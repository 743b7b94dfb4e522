package hog

import (
	"github.com/prickle-dev/prickle/hog/compile"
	"github.com/prickle-dev/prickle/hog/stdlib"
)

// Option configures a compilation.
type Option func(*options)

type options struct {
	functions, globals           []string
	checkFunctions, checkGlobals bool
	defects                      bool
}

// WithFunctions names the functions that the host will offer. With it, calling any other that the library does not have
// is a compile error with a suggestion, and so is a wrong number of arguments for a function of the library.
func WithFunctions(names ...string) Option {
	return func(o *options) { o.functions, o.checkFunctions = append(o.functions, names...), true }
}

// WithGlobals names the globals that the host will serve. With it, reading any other is a compile error with a
// suggestion.
func WithGlobals(names ...string) Option {
	return func(o *options) { o.globals, o.checkGlobals = append(o.globals, names...), true }
}

// WithReferenceDefects makes a program run with those defects of the released reference that bytecode may count on:
// closures of later rounds share captured variables, null counts as 0 in comparisons, and dateDiff has months of 30 days.
// It is for the exact replay of bytecode from elsewhere; without it, Load runs bytecode as written, with the meaning that
// each instruction is meant to have. A compiled program is also compiled as the reference does, defects included.
func WithReferenceDefects() Option { return func(o *options) { o.defects = true } }

func settingsOf(opts []Option) compile.Options {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	settings := compile.Options{Exact: o.defects}
	if o.checkFunctions {
		settings.Functions = arities(o.functions)
	}
	if o.checkGlobals {
		settings.Globals = make(map[string]bool, len(o.globals))
		for _, name := range o.globals {
			settings.Globals[name] = true
		}
		if !o.checkFunctions {
			// Functions of the library can be read as values.
			for name := range library() {
				settings.Globals[name] = true
			}
		}
	}
	return settings
}

func arities(host []string) map[string]compile.Arity {
	known := make(map[string]compile.Arity)
	for name, b := range library() {
		known[name] = compile.Arity{Min: b.Min, Max: b.Max}
	}
	for _, name := range host {
		known[name] = compile.Arity{Max: compile.Unbounded}
	}
	return known
}

// LibraryFunctions is the library: every function with its arity, documentation and examples, sorted by name.
func LibraryFunctions() []stdlib.Function { return stdlib.Functions() }
