package lint

import (
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
)

var callRules = []Rule{
	{
		Name: "arguments", Doc: "A function gets more arguments than it takes, or too few.",
		Bad:   "fn double(n) { return n * 2 }\nprint(double(1, 2))",
		Good:  "fn double(n) { return n * 2 }\nprint(double(1))",
		check: arguments,
	},
	{
		Name: "lambda-arguments", Doc: "`f(list, e -> x)` passes one function of two parameters, not two arguments.",
		Bad:  "fn apply(list, f) { return f(list) }\nlet list := [1]\nprint(list, apply(list, e -> e))",
		Good: "fn apply(list, f) { return f(list) }\nlet list := [1]\nprint(list, apply(list, (e) -> e))",
	},
	{
		Name: "line-break", Doc: "A line end means nothing: what follows belongs to the line before.",
		Bad:   "fn log(text) {\n    if (empty(text)) return\n    print(text)\n}\nlog('x')",
		Good:  "fn log(text) {\n    if (empty(text)) return;\n    print(text)\n}\nlog('x')",
		check: lineBreak,
	},
}

// arguments checks calls of functions that the program declares; the compiler checks those of the library.
func arguments(p *pass) {
	for _, v := range p.vars {
		names, ok := parameters(v)
		if !ok || v.written {
			continue
		}
		for _, u := range v.uses {
			if call, ok := u.node.(*ast.Call); ok && u.kind == useCall {
				p.countArguments(v, names, call)
			}
		}
	}
}

// parameters are those of the function that a variable is declared as.
func parameters(v *variable) ([]ast.Name, bool) {
	switch decl := v.decl.(type) {
	case *ast.Func:
		return decl.Params, v.kind == kindFunc
	case *ast.Let:
		if fn, ok := decl.Value.(*ast.Lambda); ok {
			return fn.Params, true
		}
	}
	return nil, false
}

func (p *pass) countArguments(v *variable, names []ast.Name, call *ast.Call) {
	got, want := len(firstArgs(call)), len(names)
	switch {
	case got > want:
		p.report(call, "leave out what it does not take", "`%s` takes %s and is given %d", v.name.Text, plural(want, "argument"), got)
	case got < want:
		missing := p.params(functionOf(v))[got]
		if len(missing.uses) > 0 && !p.optional(missing) {
			p.report(call, "pass it, or let `"+v.name.Text+"` ask whether it is null: "+missing.name.Text+" ?? ...",
				"`%s` is given no `%s`, which is null then", v.name.Text, missing.name.Text)
		}
	}
}

// firstArgs are the arguments of the call by name.
func firstArgs(call *ast.Call) []ast.Expr {
	if call.Parametric {
		return call.Params
	}
	return call.Args
}

func functionOf(v *variable) ast.Node {
	if let, ok := v.decl.(*ast.Let); ok {
		return let.Value
	}
	return v.decl
}

// optional reports whether a function may well do without a parameter: it asks whether there is a value, or hands it on.
func (p *pass) optional(param *variable) bool {
	for _, u := range param.uses {
		switch around := p.parent[u.node].(type) {
		case *ast.Compare:
			if around.Op == ast.Eq || around.Op == ast.NotEq {
				return true
			}
		case *ast.Call, *ast.ExprCall, *ast.Return, *ast.Let, *ast.Assign, *ast.Not, *ast.And, *ast.Or, *ast.If, *ast.While,
			*ast.Array, *ast.Tuple, *ast.Dict, *ast.Lambda, *ast.Tag:
			return true
		}
		if u.kind == useWrite {
			return true
		}
	}
	return false
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func lineBreak(p *pass) {
	p.inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Return:
			if n.Value != nil && p.startsLine(n.Value.Range().Pos(), n.Range().Pos()) {
				p.report(n, "write `return;` to return nothing, or put the value on the same line",
					"this returns the value of the next line")
			}
		case *ast.Call:
			p.opening(n.Name.Span.Stop(), n.Name.Span.Pos(), "(")
		case *ast.ExprCall:
			p.opening(n.Callee.Range().Stop(), n.Callee.Range().Pos(), "(")
		case *ast.Index:
			p.opening(n.Object.Range().Stop(), n.Object.Range().Pos(), "[")
		}
	})
}

// opening reports a bracket that is the first thing after a place and stands on a line of its own below.
func (p *pass) opening(after, start int, bracket string) {
	body := p.text.Body
	gap := len(body[after:]) - len(strings.TrimLeft(body[after:], " \t\r\n"))
	if at := after + gap; strings.HasPrefix(body[at:], bracket) && p.startsLine(at, start) {
		what := "arguments of a call"
		if bracket == "[" {
			what = "an index"
		}
		place := ast.Place{}
		place.Span.Start, place.Span.End = int32(at), int32(at+1)
		p.report(place, "put `;` before it", "this is taken as %s on the line before", what)
	}
}

// startsLine reports whether the place is the first on its line, and that line is no further indented than the one
// where the expression starts: people indent what they mean to go on.
func (p *pass) startsLine(at, start int) bool {
	body := p.text.Body
	line := body[strings.LastIndexByte(body[:at], '\n')+1 : at]
	before := body[strings.LastIndexByte(body[:start], '\n')+1 : start]
	indent := before[:len(before)-len(strings.TrimLeft(before, " \t"))]
	return strings.TrimLeft(line, " \t") == "" && strings.Contains(body[start:at], "\n") && len(line) <= len(indent)
}
