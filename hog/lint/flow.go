package lint

import (
	"github.com/prickle-dev/prickle/hog/ast"
)

var flowRules = []Rule{
	{
		Name: "unreachable", Doc: "Code that no run gets to.",
		Bad: "return event\nprint('done')", Good: "print('done')\nreturn event",
		check: unreachable,
	},
	{
		Name: "missing-return", Doc: "A transform's function can end without `return`, which drops the event. Applied with `--transform`.",
		Bad:       "let e := event\ne.properties.plan := 'free'",
		Good:      "let e := event\ne.properties.plan := 'free'\nreturn e",
		transform: true, check: missingReturn,
	},
	{
		Name: "constant-condition", Doc: "A condition that is always the same. `while (true)` is exempt.",
		Bad:   "if (event.event == 'a' or 'b') { return null }\nreturn event",
		Good:  "if (event.event in ['a', 'b']) { return null }\nreturn event",
		check: constantCondition,
	},
}

// lists yields every list of statements that run one after the other.
func (f *file) lists(yield func([]ast.Stmt) bool) {
	more := yield(f.tree.Body)
	f.inspect(func(n ast.Node) {
		if b, ok := n.(*ast.Block); ok && more {
			more = yield(b.Body)
		}
	})
}

func unreachable(p *pass) {
	for list := range p.lists {
		for i, s := range list {
			if i > 0 && ends(list[i-1]) {
				p.report(s, "leave it out, or move it up", "this is never reached")
				break
			}
		}
	}
}

// ends reports whether nothing after a statement is reached.
func ends(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.Return, *ast.Throw:
		return true
	case *ast.Block:
		return endsAny(s.Body)
	case *ast.If:
		return s.Else != nil && ends(s.Then) && ends(s.Else)
	case *ast.While:
		return isTrue(s.Cond)
	case *ast.For:
		return s.Cond == nil || isTrue(s.Cond)
	case *ast.Try:
		for _, c := range s.Catches {
			if !ends(c.Body) {
				return false
			}
		}
		return ends(s.Body)
	}
	return false
}

func endsAny(list []ast.Stmt) bool {
	for _, s := range list {
		if ends(s) {
			return true
		}
	}
	return false
}

func isTrue(e ast.Expr) bool {
	c, ok := e.(*ast.Constant)
	return ok && c.Value == true
}

func missingReturn(p *pass) {
	body := p.tree.Body
	if endsAny(body) {
		return
	}
	var at ast.Node = ast.Place{}
	if len(body) > 0 {
		at = body[len(body)-1]
	}
	p.report(at, "end with `return event`, or with `return null` to drop the event",
		"the program can end here without return, which drops the event")
}

func constantCondition(p *pass) {
	p.inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.If:
			p.condition(n.Cond)
		case *ast.While:
			if !isTrue(n.Cond) {
				p.condition(n.Cond)
			}
		case *ast.For:
			if n.Cond != nil && !isTrue(n.Cond) {
				p.condition(n.Cond)
			}
		case *ast.Call:
			if n.Name.Text == "if" && isOperator(n) {
				p.condition(n.Args[0])
			}
		case *ast.And:
			p.operands(n.Operands, true)
		case *ast.Or:
			p.operands(n.Operands, false)
		}
	})
}

func (p *pass) condition(e ast.Expr) {
	if p.isFunctionValue(e) {
		p.report(e, "call it", "this is a function, and always true")
	} else if constant(e) {
		p.report(e, "leave out what is never done", "this condition is always the same")
	}
}

// operands checks those of `and` or `or`. The neutral value is exempt: x and true makes a truth value of x.
func (p *pass) operands(list []ast.Expr, neutral bool) {
	for _, e := range list {
		c, isConstant := e.(*ast.Constant)
		switch {
		case isConstant && c.Value == neutral:
		case p.isFunctionValue(e):
			p.report(e, "call it", "this is a function, and always true")
		case constant(e):
			p.report(e, "`and` and `or` give true or false; write x in ['a', 'b'] for one of several, and x ?? 'a' for a default",
				"this operand is always the same")
		}
	}
}

// isFunctionValue reports whether an expression is the name of a function, without a call.
func (p *pass) isFunctionValue(e ast.Expr) bool {
	field, ok := e.(*ast.Field)
	if !ok || len(field.Chain) > 1 {
		return false
	}
	if v := p.of[field]; v != nil {
		return v.kind == kindFunc && !v.written
	}
	_, isLibrary := p.library[field.Chain[0].Text]
	return isLibrary
}

// constant reports whether an expression has the same truth value in every run.
func constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Constant, *ast.Array, *ast.Tuple, *ast.Dict, *ast.Lambda:
		return true
	case *ast.Not:
		return constant(e.Operand)
	case *ast.Compare:
		return isLiteral(e.Left) && isLiteral(e.Right)
	}
	return false
}

func isLiteral(e ast.Expr) bool {
	_, ok := e.(*ast.Constant)
	return ok
}
