package hog_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
	"github.com/prickle-dev/prickle/hog/compile"
	"github.com/prickle-dev/prickle/hog/hogtest"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/stdlib"
	"github.com/prickle-dev/prickle/hog/vm"
)

// differ compares programs with the reference machine.
type differ struct {
	process *hogtest.Process
	globals json.RawMessage
	env     hog.Env
	library vm.Library
	counts  counts
}

// stepLimit ends programs that take too long to compare; they are left out and counted.
const stepLimit = 200_000

func newDiffer(t *testing.T) *differ {
	t.Helper()
	_, globals := corpus(t)
	env := hog.Env{Global: globalsOf(t, globals), Limits: hog.Limits{Steps: stepLimit}}
	return &differ{
		process: hogtest.Start(t, "diff.js", "@posthog/hogvm"), globals: json.RawMessage(globals), env: env,
		library: stdlib.Library(), counts: newCounts(),
	}
}

// trial is one program, what became of it here, and what the reference says.
type trial struct {
	seed   uint64
	source string
	// refused is the error of our compiler.
	refused error
	// forms are the program as the reference compiles it, and, when it is another, as we do.
	forms []form
	// mended are the defects of the reference's form that ours does not have, by name.
	mended  []string
	replies []reply
	excuses []excuse
	diff    string
}

// excuse is a reason for which runs differ, by its name in docs/hog/compatibility.md, and what is done about it.
type excuse struct{ how, name string }

// form is bytecode, and what running it gave here.
type form struct {
	name     string
	bytecode code.Bytecode
	ours     observed
}

// observed is what a run shows, and the kind of its error.
type observed struct {
	outcome
	kind hog.ErrorKind
}

// try compiles and runs a program here.
func (d *differ) try(seed uint64, text string) *trial {
	tr := &trial{seed: seed, source: text}
	tree, err := parser.Program(source.New("p.hog", text))
	if err != nil {
		tr.refused = err
		return tr
	}
	exact, _, err := compile.Program(tree, compile.Options{Exact: true})
	if err != nil {
		tr.refused = err
		return tr
	}
	own, _, err := compile.Program(tree, compile.Options{})
	if err != nil {
		tr.refused = err
		return tr
	}
	tr.forms = []form{{"the reference's form", exact, d.run(exact)}}
	if !slices.Equal(exact.Tokens, own.Tokens) {
		tr.forms = append(tr.forms, form{"our own form", own, d.run(own)})
		tr.mended = mended(tree)
	}
	return tr
}

// run loads and runs bytecode, without the places in the source, as bytecode from elsewhere is.
func (d *differ) run(b code.Bytecode) observed {
	loaded, err := code.Load(code.Bytecode{Tokens: b.Tokens})
	if err != nil {
		return observed{outcome{Prints: []string{}, Error: err.Error()}, hog.ErrorKind("load")}
	}
	var o observed
	o.Prints = []string{}
	env := d.env
	env.Print = func(line string) { o.Prints = append(o.Prints, line) }
	v, err := vm.New(loaded, d.library).Run(context.Background(), env)
	if e, failed := errors.AsType[*hog.Error](err); failed {
		o.Error, o.kind = e.Message, e.Kind
		return o
	}
	o.Result = v.Display()
	if data, err := v.AppendJSON(nil); err == nil {
		o.JSON = string(data)
	}
	return o
}

// The defects of the reference's form that ours does not have, by the name in docs/hog/compatibility.md.
const (
	mendedBetween   = "between works on absolute slots"
	mendedCatch     = "a typed catch jumps one short"
	mendedIf        = "if without else leaves nothing"
	mendedArguments = "arguments left over are dropped"
	mendedCondition = "for without a condition"
	mendedStep      = "a step that is an expression stays on the stack"
)

// special are the functions whose calls are compiled into something else.
var special = []string{"if", "multiIf", "ifNull", "not", "and", "or", "sql"}

// mended is the defects that the program's constructs bring about.
func mended(tree *ast.Program) []string {
	var list []string
	tree.InspectAll(func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Between:
			list = append(list, mendedBetween)
		case *ast.Catch:
			if n.Var != nil && n.Type != nil && n.Var.Text != "e" {
				list = append(list, mendedCatch)
			}
		case *ast.Call:
			if even := len(n.Args)%2 == 0; even && (n.Name.Text == "if" || n.Name.Text == "multiIf") {
				list = append(list, mendedIf)
			}
			if len(n.Args) > 3 && n.Name.Text == "if" || n.Parametric && slices.Contains(special, n.Name.Text) {
				list = append(list, mendedArguments)
			}
		case *ast.For:
			if n.Cond == nil {
				list = append(list, mendedCondition)
			}
			if _, isExpr := n.Step.(*ast.ExprStmt); isExpr {
				list = append(list, mendedStep)
			}
		}
		return true
	})
	slices.Sort(list)
	return slices.Compact(list)
}

// asked is the tokens of a form as JSON can hold them.
func (f form) asked() []any {
	tokens := make([]any, len(f.bytecode.Tokens))
	for i, t := range f.bytecode.Tokens {
		tokens[i] = t
		if n, ok := t.(float64); ok && (math.IsInf(n, 0) || math.IsNaN(n)) {
			text := map[bool]string{true: "NaN"}[math.IsNaN(n)]
			if text == "" {
				text = map[bool]string{true: "Infinity", false: "-Infinity"}[n > 0]
			}
			tokens[i] = map[string]string{"number": text}
		}
	}
	return tokens
}
