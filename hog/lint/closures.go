package lint

import (
	"slices"

	"github.com/prickle-dev/prickle/hog/ast"
)

var closureRules = []Rule{{
	Name: "loop-closure", Doc: "A loop has one variable for all its rounds: functions that are kept for later all see its last value.",
	Bad:   "let later := []\nfor (let n in [1, 2]) { later := arrayPushBack(later, () -> n) }\nreturn arrayMap(f -> f(), later)",
	Good:  "let later := []\nfor (let n in [1, 2]) {\n    let own := n\n    later := arrayPushBack(later, () -> own)\n}\nreturn arrayMap(f -> f(), later)",
	check: loopClosure,
}}

func loopClosure(p *pass) {
	for _, v := range p.vars {
		loop := p.loopOf(v)
		if loop == nil {
			continue
		}
		k := keeper{pass: p, loop: loop, known: map[ast.Node]bool{}}
		seen := map[*fn]bool{}
		for _, u := range v.uses {
			// The outermost function around the use, below the one that has the loop.
			f := u.in
			for f != v.scope.fn && f.parent != v.scope.fn {
				f = f.parent
			}
			if f == v.scope.fn || seen[f] || !inside(f.node, loop) || !k.kept(f.node) {
				continue
			}
			seen[f] = true
			p.report(u.node, "copy it in the body: let own := "+v.name.Text,
				"by the time this function is called, `%s` has its last value", v.name.Text)
		}
	}
}

// loopOf is the loop that declares a variable and runs on with it, or nil.
func (f *file) loopOf(v *variable) ast.Node {
	switch decl := v.decl.(type) {
	case *ast.ForIn:
		return decl
	case *ast.Let:
		if loop, ok := f.parent[decl].(*ast.For); ok && loop.Init == ast.Stmt(decl) {
			return loop
		}
	}
	return nil
}

// keeper finds out what goes into variables from outside of a loop.
type keeper struct {
	*pass
	loop  ast.Node
	known map[ast.Node]bool // of the declarations that were looked at
}

// kept reports whether the value of a node in the loop surely goes into a variable from outside.
func (k keeper) kept(n ast.Node) bool {
	if fn, ok := n.(*ast.Func); ok {
		return k.keptVariable(fn)
	}
	switch around := k.parent[n].(type) {
	case *ast.Array, *ast.Tuple, *ast.Dict:
		return k.kept(around)
	case *ast.Call:
		if k.isLibraryCall(around, "arrayPushBack", "arrayPushFront", "tuple") || isOperator(around) {
			return k.kept(around)
		}
	case *ast.Let:
		return k.keptVariable(around)
	case *ast.Assign:
		root, ok := rootOf(around.Target).(*ast.Field)
		v := k.of[root]
		return ok && n == ast.Node(around.Value) && v != nil && !inside(v.decl, k.loop)
	}
	return false
}

// keptVariable is kept for the variable that a `let` or `fn` in the loop declares.
func (k keeper) keptVariable(decl ast.Node) bool {
	if kept, ok := k.known[decl]; ok {
		return kept
	}
	k.known[decl] = false
	for _, v := range k.declared[decl] {
		if v.kind == kindParam {
			continue
		}
		k.known[decl] = slices.ContainsFunc(v.uses, func(u use) bool {
			return u.kind == useRead && u.in == v.scope.fn && !inside(u.node, decl) && k.kept(u.node)
		})
	}
	return k.known[decl]
}
