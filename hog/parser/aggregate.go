package parser

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// callArgs parses the arguments of a call by name, with DISTINCT and ORDER BY.
func (p *parser) callArgs(node *ast.Call) {
	p.next()
	node.Args = []ast.Expr{}
	if p.queryArgument() {
		node.Args = append(node.Args, p.subquery())
		return
	}
	first := p.at
	node.Distinct = p.argDistinct()
	for !p.is(")") && !p.words("order", "by") {
		node.Args = append(node.Args, p.listItem())
		if !p.accept(",") {
			break
		}
	}
	if !node.Distinct {
		if query := p.setArgument(first, node.Args); query != nil {
			node.Args[0] = query
			return
		}
	}
	if p.acceptWords("order", "by") {
		node.OrderBy = p.orders()
	}
	p.expect(")", "or `,` in the arguments")
}

// argDistinct passes DISTINCT before arguments. It is an argument itself when
// what follows continues an expression.
func (p *parser) argDistinct() bool {
	if !p.tok().Is("distinct") || p.notForm[p.at] {
		return false
	}
	next := p.peek(1)
	isWord := false
	switch {
	case next.Kind == ")", next.Is("order") && p.peek(2).Is("by"):
		isWord = true
	case next.Kind == token.Ident:
		isWord = next.Quoted || !p.infixAt(1)
	case next.Kind == "*":
		isWord = !p.startsExpr(p.peek(2), p.peek(3)) || p.peek(2).Is("exclude") || p.peek(2).Is("columns")
	case next.Kind == "." || next.Kind == "?." || next.Kind == "->":
	default:
		isWord = p.startsExpr(next, p.peek(2))
	}
	if isWord {
		p.next()
	}
	return isWord
}

// plain reports whether a call has arguments only.
func plain(c *ast.Call) bool { return !c.Distinct && c.OrderBy == nil }

// aggregate parses what may follow a call: WITHIN GROUP, FILTER and OVER.
func (p *parser) aggregate(first int, node *ast.Call) ast.Expr {
	if p.is(token.Within) && plain(node) && !node.Parametric {
		p.next()
		p.expectWord("group")
		p.expect("(", "after `within group`")
		if !p.words("order", "by") {
			p.unexpected("`order by`")
		}
		node.WithinGroup = p.orderBy().List
		p.expect(")", "after the order")
		node.Place = p.place(first)
		return node
	}
	if p.tok().Is("filter") && p.peek(1).Kind == "(" && p.peek(2).Is("where") && p.peek(3).Kind != ")" {
		p.at += 3
		node.Filter = p.expr(lowest)
		p.expect(")", "after the condition of `filter`")
		node.Place = p.place(first)
	}
	if p.overAhead(node) {
		return p.over(first, node)
	}
	return node
}

// overAhead reports whether OVER follows a call.
func (p *parser) overAhead(node *ast.Call) bool {
	next := p.peek(1)
	switch {
	case !p.tok().Is("over") || node.OrderBy != nil || node.Distinct && !node.Parametric:
		return false
	case next.Kind == token.Ident:
		return next.Quoted || !p.infixAt(1)
	case next.Kind != "(":
		return false
	}
	start := p.peek(2)
	switch {
	case start.Kind == ")", start.Is("rows"), start.Is("range"):
		return true
	}
	return (start.Is("partition") || start.Is("order")) && p.peek(3).Is("by")
}

func (p *parser) over(first int, call *ast.Call) ast.Expr {
	p.next()
	node := &ast.Over{Call: call}
	if p.is("(") {
		node.Window = p.window()
	} else {
		name := p.name("of the window")
		node.Name = &name
	}
	node.Place = p.place(first)
	return node
}
