package compile

import (
	"math/big"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
	"github.com/prickle-dev/prickle/hog/hogql"
)

// tree emits the dictionary that a part of a query is at run time. Nothing in
// it is evaluated but placeholders, and tags that call a variable.
func (c *compiler) tree(n ast.Node) {
	c.at(n)
	if tag, ok := n.(*ast.Tag); ok {
		if v, isCall := c.find(tag.Name.Text); isCall {
			c.treeTag(tag, v)
			return
		}
	}
	c.treeNode(hogql.Of(n))
}

func (c *compiler) treeNode(n hogql.Node) {
	if n.Class == "Placeholder" {
		c.expr(n.Get("expr").(ast.Expr))
		return
	}
	c.op(code.OpString, "__hx_ast")
	c.op(code.OpString, n.Class)
	c.entries(n.Fields, 1)
}

// entries emits names and values, leaving out those that are not there, and
// makes a dictionary of them and of the entries already emitted.
func (c *compiler) entries(fields []hogql.Field, before int) {
	place := c.offset
	for _, f := range fields {
		if f.Value == nil {
			continue
		}
		c.op(code.OpString, f.Name)
		c.treeValue(f.Value)
		c.offset = place
		before++
	}
	c.op(code.OpDict, int64(before))
}

// treeValue emits one value of a tree. Truth values are operands of the opcode
// for integers, as the format wants them there.
func (c *compiler) treeValue(v any) {
	switch v := v.(type) {
	case ast.Node:
		c.tree(v)
	case hogql.Node:
		c.treeNode(v)
	case hogql.List:
		for _, item := range v {
			c.treeValue(item)
		}
		c.op(code.OpArray, int64(len(v)))
	case hogql.Map:
		c.entries(unique(v), 0)
	case string:
		c.op(code.OpString, v)
	case bool, int64, *big.Int:
		c.op(code.OpInteger, v)
	case float64:
		c.op(code.OpFloat, v)
	default:
		c.op(code.OpNull)
	}
}

// unique keeps the last value of each name, at the place of the first.
func unique(m hogql.Map) hogql.Map {
	var out hogql.Map
	at := map[string]int{}
	for _, f := range m {
		if i, ok := at[f.Name]; ok {
			out[i] = f
			continue
		}
		at[f.Name] = len(out)
		out = append(out, f)
	}
	return out
}

// treeTag emits the call of the variable that has the tag's name.
func (c *compiler) treeTag(e *ast.Tag, v variable) {
	for _, a := range e.Attributes {
		c.op(code.OpString, a.Name.Text)
		if a.Children == nil {
			c.tree(a.Value)
			continue
		}
		for _, child := range a.Children {
			c.tree(child)
		}
		c.op(code.OpArray, int64(len(a.Children)))
	}
	c.at(e)
	c.op(code.OpDict, int64(len(e.Attributes)))
	c.load(v)
	c.op(code.OpCallLocal, int64(1))
}

// sqlOnly refuses an expression that no machine can evaluate.
func (c *compiler) sqlOnly(e ast.Expr) {
	what := "this"
	switch e := e.(type) {
	case *ast.Star:
		what = "`*`"
	case *ast.Columns, *ast.Spread:
		what = "`columns(...)`"
	case *ast.Position:
		what = "a column's position"
	case *ast.Cast:
		c.fail(e, "a cast is SQL and is not supported here", "call toInt, toFloat or toString, or put it into sql(...)")
		return
	case *ast.Slice:
		what = "a slice"
	case *ast.DistinctFrom:
		c.fail(e, "`is distinct from` is SQL and is not supported here", "write `!=` or `==`")
		return
	case *ast.IgnoreNulls:
		what = "`ignore nulls`"
	case *ast.NamedArg:
		c.fail(e, "named arguments are not supported here", "pass arguments by position")
		return
	case *ast.Over:
		what = "a window function"
	case *ast.Alias:
		what = "`as` and a column's name"
	}
	c.fail(e, what+" is SQL and is not supported here", "put it into sql(...) or (select ...)")
}

// plainCall refuses what belongs to aggregates of SQL.
func (c *compiler) plainCall(e *ast.Call) {
	if e.Distinct || e.OrderBy != nil || e.WithinGroup != nil || e.Filter != nil {
		c.fail(e, "an aggregate is SQL and is not supported here", "put it into sql(...) or (select ...)")
	}
}
