package lint

import (
	"slices"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/vm"
)

var effectRules = []Rule{
	{
		Name: "comparison-statement", Doc: "`x == 1` as a statement compares and drops the result; `:=` assigns.",
		Bad: "let e := event\ne.properties.plan == 'free'\nreturn e", Good: "let e := event\ne.properties.plan := 'free'\nreturn e",
	},
	{
		Name: "no-effect", Doc: "A value is made and dropped. Library functions return what they make and change nothing.",
		Bad:   "let list := [1]\narrayPushBack(list, 2)\nreturn list",
		Good:  "let list := [1]\nlist := arrayPushBack(list, 2)\nreturn list",
		check: noEffect,
	},
	{
		Name: "throw-value", Doc: "Only errors can be thrown.",
		Bad: "throw 'no plan'", Good: "throw Error('no plan')",
		check: throwValue,
	},
}

func noEffect(p *pass) {
	p.inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.ExprStmt:
			if c, ok := n.Expr.(*ast.Compare); n.Expr != nil && !p.acts(n.Expr) && (!ok || c.Op != ast.Eq) {
				p.report(n.Expr, p.effectHint(n.Expr), "the value is not used")
			}
		case *ast.Lambda:
			if body, ok := n.Body.(*ast.Placeholder); ok && !p.acts(body.Operand) {
				p.report(body, "leave the braces out, or write { return ... }", "a body in braces is a block, and returns null without `return`")
			}
		}
	})
}

func (p *pass) effectHint(e ast.Expr) string {
	if _, ok := e.(*ast.Call); ok {
		return "use the result: x := ..., or return it"
	}
	return "assign it, return it, or leave it out"
}

// asserting are the library functions that are called for more than their value: those that print, throw, or end the run.
var asserting = []string{"print", "inCohort", "notInCohort", "assumeNotNull"}

// acts reports whether evaluating an expression can do more than make a value: it calls something else than the library,
// or a function of the library that calls back.
func (p *pass) acts(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Lambda:
			return false
		case *ast.ExprCall, *ast.Tag, *ast.Alias, *ast.Placeholder:
			found = true
		case *ast.Call:
			fn, isLibrary := p.library[n.Name.Text]
			pure := isLibrary && fn.Callback == vm.NoCallback && !slices.Contains(asserting, fn.Name) && p.of[n] == nil && !n.Parametric
			found = found || !pure && !isOperator(n)
		}
		found = found || isQuery(n)
		return !found
	})
	return found
}

func throwValue(p *pass) {
	p.inspect(func(n ast.Node) {
		s, ok := n.(*ast.Throw)
		if !ok {
			return
		}
		switch e := s.Value.(type) {
		case *ast.Constant, *ast.Array, *ast.Tuple, *ast.Dict, *ast.Lambda:
		case *ast.Call:
			if e.Name.Text != "concat" || p.of[e] != nil {
				return
			}
		default:
			return
		}
		p.report(s.Value, "write throw Error('message'), or Error('message', payload)", "this is no error value, and can not be thrown")
	})
}
