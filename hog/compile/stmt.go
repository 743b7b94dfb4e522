package compile

import (
	"fmt"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
)

// stmt emits code that leaves the stack as it was, but for declared variables.
func (c *compiler) stmt(s ast.Stmt) {
	c.at(s)
	switch s := s.(type) {
	case *ast.Let:
		c.let(s)
	case *ast.Assign:
		c.assign(s)
	case *ast.ExprStmt:
		if s.Expr != nil {
			c.warnComparison(s)
			c.operands(s, s.Expr)
			c.op(code.OpPop)
		}
	case *ast.Block:
		c.block(s)
	case *ast.If:
		c.ifElse(s)
	case *ast.While:
		c.while(s)
	case *ast.For:
		c.loop(s)
	case *ast.ForIn:
		c.forIn(s)
	case *ast.Func:
		c.declared[s.Name.Text] = true
		c.declare(s.Name)
		c.function(s.Name.Text, s, s.Params, func() { c.functionBlock(s.Body) })
	case *ast.Return:
		c.value(s, s.Value)
		c.op(code.OpReturn)
	case *ast.Throw:
		c.value(s, s.Value)
		c.op(code.OpThrow)
	case *ast.Try:
		c.try(s)
	}
}

// value emits an expression that may be missing.
func (c *compiler) value(n ast.Node, e ast.Expr) {
	if e == nil {
		c.op(code.OpNull)
		return
	}
	c.operands(n, e)
}

func (c *compiler) block(b *ast.Block) {
	c.openScope()
	for _, s := range b.Body {
		c.stmt(s)
	}
	c.closeScope()
}

// let emits the value, which stays on the stack as the variable's slot. The
// name is declared first, so that a function can call itself by it.
func (c *compiler) let(s *ast.Let) {
	c.declare(s.Name)
	c.value(s, s.Value)
}

// warnComparison points at a = b as a statement, which compares and drops the result.
func (c *compiler) warnComparison(s *ast.ExprStmt) {
	if cmp, ok := s.Expr.(*ast.Compare); ok && cmp.Op == ast.Eq {
		c.warn(s, "comparison-statement", "the result of this comparison is not used", "write `:=` to assign")
	}
}

func (c *compiler) assign(s *ast.Assign) {
	switch target := s.Target.(type) {
	case *ast.Field:
		c.assignField(s, target)
	case *ast.Index:
		c.checkKey(target, int64(0))
		c.operands(s, target.Object, target.Key, s.Value)
		c.op(code.OpSetProperty)
	case *ast.TupleIndex:
		c.checkPosition(target)
		c.operands(s, target.Tuple)
		c.op(code.OpInteger, target.N)
		c.operands(s, s.Value)
		c.op(code.OpSetProperty)
	default:
		c.fail(s.Target, "Can not assign to this type of expression", "assign to a variable, or to a property or element of one")
	}
}

func (c *compiler) assignField(s *ast.Assign, target *ast.Field) {
	root, last := target.Chain[0], len(target.Chain)-1
	v, ok := c.find(root.Text)
	if !ok {
		hint := "declare it first: let " + ast.Quote(root.Text) + " := ..."
		if last > 0 {
			hint = "change a copy: let copy := " + ast.Quote(root.Text)
		}
		c.fail(root, fmt.Sprintf("Variable %q not declared in this scope. Can not assign to globals.", root.Text), hint)
		return
	}
	if last == 0 {
		c.operands(s, s.Value)
		c.store(v)
		return
	}
	c.load(v)
	for _, name := range target.Chain[1:last] {
		c.op(code.OpString, name.Text)
		c.op(code.OpGetProperty)
	}
	c.op(code.OpString, target.Chain[last].Text)
	c.operands(s, s.Value)
	c.op(code.OpSetProperty)
}
