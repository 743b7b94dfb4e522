// Package lint finds what is legal Hog and hardly meant, and what the compiler refuses, in one list.
//
// A program is parsed, compiled and resolved: every name is bound to the variable that it means, as the compiler binds
// it. Then each rule of the table looks at the result. A rule reports only what it is sure of: a finding that needs
// weighing belongs into a review and not into a tool. What is meant all the same can be marked in a comment, on the
// line or on the one above:
//
//	// lint:ignore rule reason
package lint

import (
	"cmp"
	"errors"
	"slices"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/compile"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/stdlib"
)

// Options say what a program may use and what is asked of it.
type Options struct {
	// Functions and Globals are what the host offers beside the library.
	Functions, Globals []string
	// Transform says that the programs are functions of a transform, which drop what they return nothing for.
	Transform bool
	// Disabled are the names of rules that are not applied.
	Disabled []string
}

// Finding is one thing found: a fault with the name of the rule that found it. The rule of what does not compile, by
// none of the rules of the table, is RuleError.
type Finding struct{ *source.Error }

// RuleError is the rule of findings that no rule of the table makes: the program does not parse or compile.
const RuleError = "error"

// String returns the finding as it is shown: place, message and rule, hint, source line and caret.
func (f Finding) String() string {
	shown := *f.Error
	shown.Message += " (" + f.Rule + ")"
	return shown.Error()
}

// Check lints a program. The findings are in the order of the text.
func Check(text *source.Text, opts Options) []Finding {
	found, parsed := check(text, opts)
	ignores := ignoresOf(text)
	if parsed {
		found = append(found, ignores.misused(text, found, opts)...)
	}
	found = slices.DeleteFunc(found, func(f Finding) bool {
		return f.Rule != RuleError && (slices.Contains(opts.Disabled, f.Rule) || ignores.covers(f))
	})
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	return found
}

// check returns all findings, ignored ones too, and whether the text was parsed, so that the rules were applied.
func check(text *source.Text, opts Options) (found []Finding, parsed bool) {
	tree, err := parser.Program(text)
	if err != nil {
		return failures(err), false
	}
	warnings, err := compileTree(tree, opts)
	found = failures(err)
	for _, w := range warnings {
		found = append(found, Finding{w})
	}
	f := resolve(tree, opts)
	for i := range table {
		if rule := &table[i]; rule.check != nil && (opts.Transform || !rule.transform) {
			p := &pass{file: f, rule: rule.Name}
			rule.check(p)
			found = append(found, p.found...)
		}
	}
	return specific(found), true
}

// compileTree returns the compiler's warnings, and as the error what it refuses.
func compileTree(tree *ast.Program, opts Options) (warnings source.ErrorList, err error) {
	settings := compile.Options{Functions: map[string]compile.Arity{}, Globals: map[string]bool{}}
	for _, f := range library() {
		settings.Functions[f.Name] = compile.Arity{Min: f.Min, Max: f.Max}
	}
	for _, name := range opts.Functions {
		settings.Functions[name] = compile.Arity{Max: compile.Unbounded}
	}
	for _, name := range opts.Globals {
		settings.Globals[name] = true
	}
	_, info, err := compile.Program(tree, settings)
	return info.Warnings, err
}

// library is the functions that every program can call, by name.
func library() map[string]stdlib.Function {
	known := map[string]stdlib.Function{}
	for _, f := range stdlib.Functions() {
		if !f.Async() {
			known[f.Name] = f
		}
	}
	return known
}

// failures makes findings of what the parser or compiler refused.
func failures(err error) []Finding {
	var list source.ErrorList
	if !errors.As(err, &list) {
		return nil
	}
	found := make([]Finding, len(list))
	for i, e := range list {
		found[i] = Finding{e}
		if e.Rule == "" {
			e.Rule = RuleError
		}
	}
	return found
}

// general are the rules that say no more than that a name is not known. They give way to a rule that knows why.
var general = []string{"unknown-global", "unknown-function", "no-effect"}

// specific drops repeats at one place, and the findings of general rules where another rule has one.
func specific(found []Finding) []Finding {
	type place struct {
		start int32
		rule  string
	}
	known, seen := map[int32]bool{}, map[place]bool{}
	for _, f := range found {
		known[f.Span.Start] = known[f.Span.Start] || !slices.Contains(general, f.Rule)
	}
	return slices.DeleteFunc(found, func(f Finding) bool {
		at := place{f.Span.Start, f.Rule}
		repeated := seen[at]
		seen[at] = true
		return repeated || known[at.start] && slices.Contains(general, f.Rule)
	})
}
