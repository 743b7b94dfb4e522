package lint

import (
	"slices"

	"github.com/prickle-dev/prickle/hog/ast"
)

var assignRules = []Rule{
	{
		Name: "self-assignment", Doc: "A variable or property is assigned to itself.",
		Bad: "let e := event\ne.properties.plan := e.properties.plan\nreturn e", Good: "let e := event\ne.properties.plan := 'free'\nreturn e",
		check: selfAssignment,
	},
	{
		Name: "own-initializer", Doc: "The name on the right of `let` is the new variable, which has no value yet.",
		Bad: "let event := event\nreturn event", Good: "let e := event\nreturn e",
		check: ownInitializers,
	},
	{
		Name: "unread-assignment", Doc: "A value is assigned that nothing reads before the next one replaces it or the function returns.",
		Bad:   "let plan := 'free'\nplan := event.properties.plan\nreturn plan",
		Good:  "let plan := event.properties.plan\nreturn plan",
		check: unreadAssignment,
	},
	{
		Name: "lost-write", Doc: "A read of a global is a copy, and so a write into it is lost.",
		Bad: "event.properties['plan'] := 'free'\nreturn event", Good: "let e := event\ne.properties['plan'] := 'free'\nreturn e",
		check: lostWrite,
	},
}

func selfAssignment(p *pass) {
	p.inspect(func(n ast.Node) {
		if s, ok := n.(*ast.Assign); ok && p.same(s.Target, s.Value) {
			p.report(s, "leave it out", "this assigns a value to itself")
		}
	})
}

// same reports whether two expressions are the same variable, or the same element of one.
func (p *pass) same(a, b ast.Expr) bool {
	switch a := a.(type) {
	case *ast.Field:
		b, ok := b.(*ast.Field)
		return ok && p.of[a] == p.of[b] && slices.EqualFunc(a.Chain, b.Chain, func(x, y ast.Name) bool { return x.Text == y.Text })
	case *ast.Index:
		b, ok := b.(*ast.Index)
		return ok && p.same(a.Object, b.Object) && p.same(a.Key, b.Key)
	case *ast.TupleIndex:
		b, ok := b.(*ast.TupleIndex)
		return ok && a.N == b.N && p.same(a.Tuple, b.Tuple)
	case *ast.Constant:
		b, ok := b.(*ast.Constant)
		return ok && a.Value == b.Value
	}
	return false
}

// ownInitializer reports whether a use stands in the variable's own `let`, outside of any function there.
func ownInitializer(v *variable, u use) bool {
	let, ok := v.decl.(*ast.Let)
	return ok && u.in == v.scope.fn && let.Value != nil && inside(u.node, let.Value)
}

func ownInitializers(p *pass) {
	for _, v := range p.vars {
		for _, u := range v.uses {
			if ownInitializer(v, u) {
				p.report(u.node, "give the variable another name", "`%s` is the variable that is being declared, and has no value yet", v.name.Text)
			}
		}
	}
}

func unreadAssignment(p *pass) {
	for list := range p.lists {
		for i, s := range list {
			v := p.assigned(s)
			if v == nil || v.captured || !v.read || p.inTry(s) {
				continue
			}
			if p.neverRead(v, list[i+1:]) {
				p.report(s, "leave it out", "the value assigned to `%s` is never read", v.name.Text)
			}
		}
	}
}

// assigned is the variable that a statement gives a value, or nil.
func (f *file) assigned(s ast.Stmt) *variable {
	switch s := s.(type) {
	case *ast.Let:
		if s.Value == nil {
			return nil
		}
		return f.declared[s][0]
	case *ast.Assign:
		if target, ok := s.Target.(*ast.Field); ok && len(target.Chain) == 1 {
			return f.of[target]
		}
	}
	return nil
}

// farthest is how many statements neverRead looks ahead, so that long programs are linted in good time.
const farthest = 100

// neverRead reports whether the statements surely replace the variable's value, or return, without a look at it.
// It gives up at the first statement that can branch.
func (p *pass) neverRead(v *variable, next []ast.Stmt) bool {
	for _, s := range next[:min(len(next), farthest)] {
		switch s := s.(type) {
		case *ast.Assign:
			if p.assigned(s) == v {
				return !p.mentions(s.Value, v)
			}
		case *ast.Let, *ast.ExprStmt:
		case *ast.Return:
			return !p.mentions(s, v)
		default:
			return false
		}
		if p.mentions(s, v) {
			return false
		}
	}
	return false
}

func (p *pass) mentions(n ast.Node, v *variable) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		found = found || p.of[n] == v
		return !found
	})
	return found
}

// inTry reports whether an error thrown after a node can be caught in the same function.
func (f *file) inTry(n ast.Node) bool {
	for ; n != nil; n = f.parent[n] {
		switch around := f.parent[n].(type) {
		case *ast.Try:
			if n == ast.Node(around.Body) {
				return true
			}
		case *ast.Func, *ast.Lambda:
			return false
		}
	}
	return false
}

func lostWrite(p *pass) {
	p.inspect(func(n ast.Node) {
		s, ok := n.(*ast.Assign)
		if !ok {
			return
		}
		root, ok := rootOf(s.Target).(*ast.Field)
		if ok && s.Target != ast.Expr(root) && p.of[root] == nil && slices.Contains(p.globals, root.Chain[0].Text) {
			p.report(s.Target, "take a copy first: let e := "+root.Chain[0].Text, "`%s` is a copy here, and what is written into it is lost", root.Chain[0].Text)
		}
	})
}

// rootOf is the expression that an access starts from.
func rootOf(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.Index:
		return rootOf(e.Object)
	case *ast.TupleIndex:
		return rootOf(e.Tuple)
	}
	return e
}
