package lint

import (
	"slices"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/stdlib"
)

// file is a program whose names are resolved.
type file struct {
	text      *source.Text
	tree      *ast.Program
	library   map[string]stdlib.Function
	functions []string
	globals   []string
	vars      []*variable
	// declared are the variables of a node that declares some, in order.
	declared map[ast.Node][]*variable
	// of is the variable that a Field, Call or Tag means by its first name; what means none is in free.
	of     map[ast.Node]*variable
	free   []free
	parent map[ast.Node]ast.Node
	fns    map[ast.Node]*fn
}

// kind is how a variable was declared.
type kind int

const (
	kindLet kind = iota
	kindParam
	kindFunc
	kindLoop
	kindCatch
	// kindImplicit is the e and type that every catch section has.
	kindImplicit
)

type variable struct {
	name  ast.Name
	kind  kind
	decl  ast.Node
	scope *scope
	uses  []use
	// read, written and captured tell whether its value is ever looked at, whether it is assigned to, and whether a
	// function inside of the one that declares it uses it.
	read, written, captured bool
	// early marks a variable that is used before its declaration, where it does not exist.
	early bool
}

// use is one place that means a variable.
type use struct {
	node ast.Node
	kind useKind
	in   *fn
}

type useKind int

const (
	useRead useKind = iota
	useWrite
	useCall
)

// free is a name that no variable has, where it stands.
type free struct {
	name  ast.Name
	node  ast.Node
	scope *scope
}

// fn is the program, whose node is nil, or a function in it.
type fn struct {
	parent *fn
	node   ast.Node
}

// within reports whether f is other or a function inside of it.
func (f *fn) within(other *fn) bool {
	for ; f != nil; f = f.parent {
		if f == other {
			return true
		}
	}
	return false
}

type scope struct {
	parent *scope
	fn     *fn
	vars   map[string]*variable
}

// find looks a name up from the scope outwards, among the variables declared so far.
func (s *scope) find(name string) *variable {
	for ; s != nil; s = s.parent {
		if v := s.vars[name]; v != nil {
			return v
		}
	}
	return nil
}

func resolve(tree *ast.Program, opts Options) *file {
	f := &file{
		text: tree.Source, tree: tree, library: library(), functions: opts.Functions, globals: opts.Globals,
		declared: map[ast.Node][]*variable{}, of: map[ast.Node]*variable{}, parent: map[ast.Node]ast.Node{}, fns: map[ast.Node]*fn{},
	}
	r := &resolver{file: f, fn: &fn{}}
	r.open(func() { r.stmts(tree.Body) })
	for _, s := range tree.Body {
		f.link(s)
	}
	for _, use := range f.free {
		if v := f.later(use); v != nil {
			v.early = true
		}
	}
	return f
}

// later is the variable that a name would mean if it were declared before its use, or nil. The scopes hold all their
// variables once the program is resolved.
func (f *file) later(use free) *variable {
	if f.known(use.name.Text) {
		return nil
	}
	return use.scope.find(use.name.Text)
}

// link notes the parents of everything inside of a node.
func (f *file) link(n ast.Node) {
	for _, child := range ast.Children(n) {
		f.parent[child] = n
		f.link(child)
	}
}

// inspect calls visit for a node and for all Hog inside of it; of a query only the parts in {} are Hog.
func inspect(n ast.Node, visit func(ast.Node)) {
	visit(n)
	if isQuery(n) {
		codeIn(n, func(part ast.Node) { inspect(part, visit) })
		return
	}
	for _, child := range ast.Children(n) {
		inspect(child, visit)
	}
}

// inspect calls visit for all Hog of the program.
func (f *file) inspect(visit func(ast.Node)) {
	for _, s := range f.tree.Body {
		inspect(s, visit)
	}
}

// known reports whether a name without a variable means something: a function of the library, or what the host offers.
func (f *file) known(name string) bool {
	return f.isFunction(name) || slices.Contains(f.globals, name)
}

func (f *file) isFunction(name string) bool {
	_, ok := f.library[name]
	return ok || slices.Contains(f.functions, name)
}

// inside reports whether node a stands in node b.
func inside(a, b ast.Node) bool {
	return a.Range().Start >= b.Range().Start && a.Range().End <= b.Range().End
}
