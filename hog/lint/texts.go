package lint

import (
	"math"
	"slices"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/vm"
)

var textRules = []Rule{
	{
		Name: "text-arithmetic", Doc: "`+` and the other operators of arithmetic make numbers of their operands, and NaN of a text that is none.",
		Bad: "return 'Hello ' + event.event", Good: "return 'Hello ' || event.event",
		check: textArithmetic,
	},
	{
		Name: "regex", Doc: "A regular expression that is not one, or is empty and so never matches.",
		Bad: `return event.event =~ '(purchase'`, Good: `return event.event =~ '(purchase)'`,
		check: regex,
	},
}

func textArithmetic(p *pass) {
	reported := map[ast.Node]bool{}
	p.inspect(func(n ast.Node) {
		e, ok := n.(*ast.Arithmetic)
		if !ok {
			return
		}
		if inReported := reported[p.parent[e]]; inReported || isText(e.Left) || isText(e.Right) {
			reported[e] = true
			if inReported {
				return
			}
			hint := "make a number of it first, with toInt or toFloat"
			if e.Op == ast.Add {
				hint = "write `||` to join texts, or f'... {value}'"
			}
			p.report(e, hint, "`%s` is for numbers: with this text the result is NaN", e.Op)
		}
	})
}

// isText reports whether an expression is surely a text that is no number.
func isText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Constant:
		s, ok := e.Value.(string)
		return ok && math.IsNaN(vm.ToNumber(vm.String(s)))
	case *ast.Call:
		return e.Name.Text == "concat" && !e.Parametric && slices.ContainsFunc(e.Args, isText)
	}
	return false
}

func regex(p *pass) {
	p.inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Compare:
			switch n.Op {
			case ast.Regex, ast.NotRegex, ast.IRegex, ast.NotIRegex:
				p.pattern(n.Right)
			}
		case *ast.Call:
			if p.isLibraryCall(n, "match", "extractRegex") && len(n.Args) == 2 {
				p.pattern(n.Args[1])
			}
		}
	})
}

func (p *pass) pattern(e ast.Expr) {
	c, ok := e.(*ast.Constant)
	if !ok {
		return
	}
	text, ok := c.Value.(string)
	if !ok {
		return
	}
	if text == "" {
		p.report(e, "write like '%' for any text, or leave the comparison out", "an empty pattern never matches")
	} else if _, err := vm.Regexp(text); err != nil {
		p.report(e, "the syntax is RE2's; write \\\\ for a backslash", "%v", err)
	}
}

// isLibraryCall reports whether a call reaches the library function of one of the names.
func (f *file) isLibraryCall(call *ast.Call, names ...string) bool {
	_, isLibrary := f.library[call.Name.Text]
	return isLibrary && !call.Parametric && f.of[call] == nil && slices.Contains(names, call.Name.Text)
}
