package lint

import (
	"github.com/prickle-dev/prickle/hog/ast"
)

// resolver walks a program in the order in which the compiler declares and looks up names.
type resolver struct {
	*file
	scope *scope
	fn    *fn
}

func (r *resolver) open(inner func()) {
	r.scope = &scope{parent: r.scope, fn: r.fn, vars: map[string]*variable{}}
	inner()
	r.scope = r.scope.parent
}

func (r *resolver) declare(name ast.Name, k kind, decl ast.Node) {
	v := &variable{name: name, kind: k, decl: decl, scope: r.scope}
	r.scope.vars[name.Text] = v
	r.vars = append(r.vars, v)
	r.declared[decl] = append(r.declared[decl], v)
}

// use binds a name at a node.
func (r *resolver) use(name ast.Name, n ast.Node, k useKind) {
	v := r.scope.find(name.Text)
	if v == nil {
		r.free = append(r.free, free{name: name, node: n, scope: r.scope})
		return
	}
	v.uses = append(v.uses, use{node: n, kind: k, in: r.fn})
	v.read = v.read || k != useWrite
	v.written = v.written || k == useWrite
	v.captured = v.captured || r.fn != v.scope.fn
	r.of[n] = v
}

func (r *resolver) stmts(list []ast.Stmt) {
	for _, s := range list {
		r.node(s)
	}
}

// node resolves the names in a node; what declares none and opens no scope is passed through.
func (r *resolver) node(n ast.Node) {
	if isQuery(n) {
		codeIn(n, r.node)
		return
	}
	switch n := n.(type) {
	case *ast.Let:
		r.declare(n.Name, kindLet, n)
		r.children(n)
	case *ast.Assign:
		r.assign(n)
	case *ast.Block:
		r.open(func() { r.stmts(n.Body) })
	case *ast.For:
		r.open(func() { r.children(n) })
	case *ast.ForIn:
		r.forIn(n)
	case *ast.Func:
		r.declare(n.Name, kindFunc, n)
		r.function(n, n.Params, n.Body)
	case *ast.Lambda:
		r.function(n, n.Params, n.Body)
	case *ast.Try:
		r.try(n)
	case *ast.Field:
		r.use(n.Chain[0], n, useRead)
	case *ast.Call:
		if !isOperator(n) {
			r.use(n.Name, n, useCall)
		}
		r.children(n)
	case *ast.Tag:
		if r.scope.find(n.Name.Text) != nil {
			r.use(n.Name, n, useCall)
		}
		r.children(n)
	default:
		r.children(n)
	}
}

func (r *resolver) children(n ast.Node) {
	for _, child := range ast.Children(n) {
		r.node(child)
	}
}

// assign makes a variable on the left written; a property of one is a read of the variable.
func (r *resolver) assign(n *ast.Assign) {
	if target, ok := n.Target.(*ast.Field); ok && len(target.Chain) == 1 {
		r.use(target.Chain[0], target, useWrite)
	} else {
		r.node(n.Target)
	}
	r.node(n.Value)
}

func (r *resolver) forIn(n *ast.ForIn) {
	r.open(func() {
		r.node(n.Container)
		if n.Key != nil {
			r.declare(*n.Key, kindLoop, n)
		}
		r.declare(n.Value, kindLoop, n)
		r.node(n.Body)
	})
}

func (r *resolver) function(n ast.Node, params []ast.Name, body ast.Node) {
	r.fn = &fn{parent: r.fn, node: n}
	r.fns[n] = r.fn
	r.open(func() {
		for _, p := range params {
			r.declare(p, kindParam, n)
		}
		r.node(body)
	})
	r.fn = r.fn.parent
}

func (r *resolver) try(n *ast.Try) {
	r.node(n.Body)
	for i := range n.Catches {
		clause := &n.Catches[i]
		r.open(func() {
			for _, name := range []string{"e", "type"} {
				if clause.Var == nil || clause.Var.Text != name {
					r.declare(ast.Name{Text: name, Place: ast.Place{Span: clause.Span}}, kindImplicit, clause)
				}
			}
			if clause.Var != nil {
				r.declare(*clause.Var, kindCatch, clause)
			}
			r.node(clause.Body)
		})
	}
	if n.Finally != nil {
		r.node(n.Finally)
	}
}

// isOperator reports whether a call is an operator in all but spelling, which variables do not shadow.
func isOperator(n *ast.Call) bool {
	count := len(n.Args)
	if n.Parametric {
		count = len(n.Params)
	}
	switch n.Name.Text {
	case "not", "sql":
		return count == 1
	case "and", "or", "multiIf":
		return count >= 2
	case "if":
		return count == 2 || count == 3
	case "ifNull":
		return count == 2
	}
	return false
}
