package compile

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
)

// lambda emits a function without a name. A body in braces that is one
// expression, which the parser takes for a placeholder, is a block.
func (c *compiler) lambda(e *ast.Lambda) {
	c.function("lambda", e, e.Params, func() {
		switch body := e.Body.(type) {
		case *ast.Block:
			c.functionBlock(body)
		case *ast.Placeholder:
			stmt := &ast.ExprStmt{Place: body.Place, Expr: body.Operand}
			c.functionBlock(&ast.Block{Place: body.Place, Body: []ast.Stmt{stmt}})
		case ast.Expr:
			c.expr(body)
			c.op(code.OpReturn)
		}
	})
}

// function emits a function value.
func (c *compiler) function(name string, n ast.Node, params []ast.Name, body func()) {
	fn := newFunction(c.fn)
	c.fn = fn
	c.openScope()
	for _, p := range params {
		c.declare(p)
	}
	c.op(code.OpCallable, name, int64(len(params)), int64(0), int64(0))
	start := len(c.tokens)
	body()
	c.at(n)
	c.tokens[start-2] = int64(len(fn.upvalues))
	c.tokens[start-1] = int64(len(c.tokens) - start)
	c.fn = fn.parent
	c.op(code.OpClosure, int64(len(fn.upvalues)))
	for _, u := range fn.upvalues {
		c.put(u.isLocal, int64(u.index))
	}
}

// functionBlock emits a body of statements, which returns null at its end. The
// pops after that return are never reached and belong to the format.
func (c *compiler) functionBlock(b *ast.Block) {
	c.openScope()
	for _, s := range b.Body {
		c.stmt(s)
	}
	if len(b.Body) == 0 || !isReturn(b.Body[len(b.Body)-1]) {
		c.op(code.OpNull)
		c.op(code.OpReturn)
	}
	c.closeScope()
}

func isReturn(s ast.Stmt) bool {
	_, ok := s.(*ast.Return)
	return ok
}
