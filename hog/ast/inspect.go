package ast

// Inspect calls visit for the node and, as long as visit returns true, for
// everything inside of it, in the order of the text. Names are not nodes of
// their own here; they are fields of the node that they belong to.
func Inspect(node Node, visit func(Node) bool) {
	if !visit(node) {
		return
	}
	for _, child := range Children(node) {
		Inspect(child, visit)
	}
}

// InspectAll inspects each statement of the program.
func (p *Program) InspectAll(visit func(Node) bool) {
	for _, s := range p.Body {
		Inspect(s, visit)
	}
}

// Children returns the nodes directly inside of a node, in the order of the
// text. It never returns nil nodes.
func Children(node Node) []Node {
	var c children
	switch node := node.(type) {
	case Stmt:
		c.stmt(node)
	case *Catch:
		c.add(node.Body)
	case Expr:
		c.expr(node)
	default:
		c.clause(node)
	}
	return c
}

// children gathers nodes and leaves out what is not there.
type children []Node

func (c *children) add(nodes ...Node) { *c = append(*c, nodes...) }

func (c *children) exprs(list ...Expr) {
	for _, e := range list {
		if e != nil {
			c.add(e)
		}
	}
}

func (c *children) stmts(list ...Stmt) {
	for _, s := range list {
		if s != nil {
			c.add(s)
		}
	}
}

func (c *children) stmt(s Stmt) {
	switch s := s.(type) {
	case *Let:
		c.exprs(s.Value)
	case *Assign:
		c.exprs(s.Target, s.Value)
	case *ExprStmt:
		c.exprs(s.Expr)
	case *Block:
		c.stmts(s.Body...)
	case *If:
		c.exprs(s.Cond)
		c.stmts(s.Then, s.Else)
	case *While:
		c.exprs(s.Cond)
		c.stmts(s.Body)
	case *For:
		c.stmts(s.Init)
		c.exprs(s.Cond)
		c.stmts(s.Step, s.Body)
	case *ForIn:
		c.exprs(s.Container)
		c.stmts(s.Body)
	case *Func:
		c.add(s.Body)
	case *Return:
		c.exprs(s.Value)
	case *Throw:
		c.exprs(s.Value)
	case *Try:
		c.add(s.Body)
		for i := range s.Catches {
			c.add(&s.Catches[i])
		}
		if s.Finally != nil {
			c.add(s.Finally)
		}
	}
}

func (c *children) expr(e Expr) {
	switch e := e.(type) {
	case *Index:
		c.exprs(e.Object, e.Key)
	case *TupleIndex:
		c.exprs(e.Tuple)
	case *Arithmetic:
		c.exprs(e.Left, e.Right)
	case *Compare:
		c.exprs(e.Left, e.Right)
	case *And:
		c.exprs(e.Operands...)
	case *Or:
		c.exprs(e.Operands...)
	case *Not:
		c.exprs(e.Operand)
	case *Between:
		c.exprs(e.Operand, e.Low, e.High)
	case *Array:
		c.exprs(e.Items...)
	case *Tuple:
		c.exprs(e.Items...)
	case *Dict:
		for _, item := range e.Items {
			c.exprs(item.Key, item.Value)
		}
	case *Placeholder:
		c.exprs(e.Operand)
	case *Alias:
		c.exprs(e.Operand)
	default:
		c.call(e)
	}
}

func (c *children) call(e Expr) {
	switch e := e.(type) {
	case *Call:
		c.exprs(e.Params...)
		c.exprs(e.Args...)
		addAll(c, e.OrderBy)
		addAll(c, e.WithinGroup)
		c.exprs(e.Filter)
	case *ExprCall:
		c.exprs(e.Callee)
		c.exprs(e.Args...)
	case *Lambda:
		c.add(e.Body)
	case *Tag:
		for _, a := range e.Attributes {
			c.exprs(a.Value)
			c.exprs(a.Children...)
		}
	default:
		c.sql(e)
	}
}
