package lint

import (
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
)

var unusedRules = []Rule{
	{
		Name: "unused-variable", Doc: "A variable is never read. Names that begin with `_` are exempt.",
		Bad: "let plan := event.properties.plan\nreturn event", Good: "return event",
		check: unusedVariable,
	},
	{
		Name: "unused-function", Doc: "A function is declared and never used.",
		Bad: "fn tier(n) { return n > 100 }\nreturn event", Good: "return event",
		check: unusedFunction,
	},
	{
		Name: "unused-parameter", Doc: "The last parameter of a function is never read. Functions that are passed on, and lambdas, are exempt.",
		Bad:   "fn double(n, unit) { return n * 2 }\nprint(double(1, 'x'))",
		Good:  "fn double(n) { return n * 2 }\nprint(double(1))",
		check: unusedParameter,
	},
	{
		Name: "unused-catch", Doc: "The variable of a catch-all is never read.",
		Bad:   "try { throw Error('no') } catch (err) { print('failed') }",
		Good:  "try { throw Error('no') } catch { print('failed') }",
		check: unusedCatch,
	},
}

// exempt reports whether a variable's name says that it is not used, or another rule says why.
func exempt(v *variable) bool { return v.early || strings.HasPrefix(v.name.Text, "_") }

func unusedVariable(p *pass) {
	for _, v := range p.vars {
		if exempt(v) || v.read {
			continue
		}
		name := v.name.Text
		switch decl := v.decl.(type) {
		case *ast.Let:
			if len(v.uses) > 0 {
				p.report(v.name, "leave it out, or call it _"+name, "variable `%s` is assigned and never read", name)
			} else {
				p.report(v.name, "leave it out, or call it _"+name, "variable `%s` is never used", name)
			}
		case *ast.ForIn:
			// The value can not be left out of a loop; a key can.
			if decl.Key != nil && decl.Key.Text == name && decl.Key.Span == v.name.Span {
				p.report(v.name, "write for (let "+decl.Value.Text+" in ...)", "loop variable `%s` is never used", name)
			}
		}
	}
}

func unusedFunction(p *pass) {
	for _, v := range p.vars {
		if v.kind != kindFunc || exempt(v) {
			continue
		}
		body := p.fns[v.decl]
		outside := slices.ContainsFunc(v.uses, func(u use) bool { return !u.in.within(body) })
		if !outside {
			p.report(v.name, "leave it out, or call it _"+v.name.Text, "function `%s` is never used", v.name.Text)
		}
	}
}

func unusedParameter(p *pass) {
	for _, v := range p.vars {
		fn, ok := v.decl.(*ast.Func)
		if v.kind != kindFunc || !ok || !onlyCalled(v) {
			continue
		}
		params := p.params(fn)
		for _, param := range slices.Backward(params) {
			if len(param.uses) > 0 {
				break
			}
			if !exempt(param) {
				p.report(param.name, "leave it out, or call it _"+param.name.Text, "parameter `%s` of `%s` is never used", param.name.Text, v.name.Text)
			}
		}
	}
}

// onlyCalled reports whether a variable is used, and for nothing but calls by its name.
func onlyCalled(v *variable) bool {
	return len(v.uses) > 0 && !slices.ContainsFunc(v.uses, func(u use) bool { return u.kind != useCall })
}

// params are the variables that a function's parameters are, in order.
func (f *file) params(decl ast.Node) []*variable {
	return slices.DeleteFunc(slices.Clone(f.declared[decl]), func(v *variable) bool { return v.kind != kindParam })
}

func unusedCatch(p *pass) {
	for _, v := range p.vars {
		if v.kind != kindCatch || exempt(v) || len(v.uses) > 0 {
			continue
		}
		if clause := v.decl.(*ast.Catch); clause.Type == nil {
			p.report(v.name, "write catch { ... }", "catch variable `%s` is never used", v.name.Text)
		}
	}
}
