package parser

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// queryAhead reports whether a query starts at the current token. Its words
// are names too, so that (select) and (with + 1) are expressions; where only
// the rest can tell, it is tried.
func (p *parser) queryAhead() bool {
	is, known := p.queryStart()
	if !known {
		is = p.lookahead(func() bool { p.querySet(); return p.is(")") })
		p.queries[p.at] = is
	}
	return is
}

// queryArgument is queryAhead for arguments, which are preferably read as a
// list of expressions.
func (p *parser) queryArgument() bool {
	is, known := p.queryStart()
	if !known {
		is = !p.lookahead(func() bool { p.items(")"); return p.is(")") })
		p.queries[p.at] = is
	}
	return is
}

// queryStart tells by the next two tokens whether a query starts, if that is enough.
func (p *parser) queryStart() (is, known bool) {
	first := p.tok()
	if !first.Is("select") && !first.Is("with") {
		return false, true
	}
	if is, known = p.queries[p.at]; known {
		return is, true
	}
	next := p.peek(1)
	switch next.Kind {
	case token.Ident:
		isColumn := next.Quoted || !p.infixAt(1)
		return isColumn, isColumn
	case token.String, token.TemplateStart, token.TagOpen, token.Null, token.Column, "{":
		return true, true
	case "*":
		from := p.peek(3).Kind
		return true, p.peek(2).Is("from") && (from == token.Ident || from == "(" || from == "{")
	case "(", "[", "-", "+":
		return false, false
	}
	return isNumber(next), true
}

// infixAt reports whether the word n places ahead continues an expression.
func (p *parser) infixAt(n int) bool {
	tok := p.peek(n)
	switch {
	case tok.Is("not"):
		return p.peek(n+1).Is("in") || p.peek(n+1).Is("like") || p.peek(n+1).Is("ilike") || p.peek(n+1).Is("between")
	case tok.Is("is"):
		return p.peek(n+1).Is("not") || p.peek(n+1).Is("distinct") || p.peek(n+1).Kind == token.Null
	}
	return isInfixWord(tok) && p.startsExpr(p.peek(n+1), p.peek(n+2))
}

// subquery parses a query and the closing parenthesis.
func (p *parser) subquery() ast.Expr {
	query := p.querySet()
	p.closeQuery()
	return query
}

func (p *parser) closeQuery() {
	if !p.is(")") {
		p.fail(p.tok().Span, "expected `)` at the end of the query, found "+p.tok().String(), p.clauseHint())
	}
	p.next()
}

// querySet parses one query, or several joined by UNION and the like.
func (p *parser) querySet() ast.Expr {
	p.enter()
	first := p.at
	query := p.finishSet(first, p.queryMember())
	p.depth--
	return query
}

// queryMember parses one query of a set: SELECT, a set in parentheses, or a placeholder.
func (p *parser) queryMember() ast.Expr {
	first := p.at
	switch {
	case p.is("("):
		p.next()
		return p.subquery()
	case p.is("{"):
		return p.placeholder()
	}
	var with *ast.With
	if p.tok().Is("with") {
		with = p.with()
	}
	if with != nil && p.accept("(") {
		query := p.subquery()
		return &ast.SetQuery{Place: p.place(first), With: with, First: query}
	}
	return p.sel(first, with)
}

func (p *parser) placeholder() ast.Expr {
	first := p.at
	p.expect("{", "before the expression")
	e := p.expr(lowest)
	p.expect("}", "after the expression")
	return &ast.Placeholder{Place: p.place(first), Operand: e}
}

// finishSet parses what follows the first query of a set.
func (p *parser) finishSet(first int, query ast.Expr) ast.Expr {
	set := &ast.SetQuery{First: query}
	for {
		at := p.at
		op := p.setOperator()
		if op == "" {
			break
		}
		member := p.queryMember()
		set.Rest = append(set.Rest, &ast.SetMember{Place: p.place(at), Op: op, Query: member})
	}
	set.OrderBy = p.orderBy()
	set.Limit = p.limit()
	if len(set.Rest) == 0 && set.OrderBy == nil && set.Limit == nil {
		return query
	}
	p.takeOffset(set)
	set.Place = p.place(first)
	return set
}

// takeOffset moves an OFFSET word that follows LIMIT from the last query to
// the set, where the reference reads it.
func (p *parser) takeOffset(set *ast.SetQuery) {
	if len(set.Rest) == 0 || set.Limit != nil || set.OrderBy != nil {
		return
	}
	last, ok := set.Rest[len(set.Rest)-1].Query.(*ast.Select)
	if !ok || last.Limit == nil || !last.Limit.OffsetWord || last.Limit.Count == nil {
		return
	}
	if inParentheses := last.Span.End < p.tokens[p.at-1].End; inParentheses {
		return
	}
	offset := last.Limit.Offset
	set.Limit = &ast.Limit{Place: ast.Place{Span: offset.Range()}, Offset: offset, OffsetWord: true}
	last.Limit.Offset, last.Limit.OffsetWord = nil, false
}

// setOperator passes UNION, INTERSECT or EXCEPT with what belongs to it, and
// returns its full form, or "".
func (p *parser) setOperator() string {
	op := ""
	switch {
	case p.acceptWords("union"):
		op = "UNION DISTINCT"
		if p.acceptWords("all") {
			op = "UNION ALL"
		} else {
			p.acceptWords("distinct")
		}
	case p.accept(token.Intersect):
		op = "INTERSECT"
		if p.acceptWords("all") {
			op = "INTERSECT ALL"
		} else if p.acceptWords("distinct") {
			op = "INTERSECT DISTINCT"
		}
	case p.accept(token.Except):
		op = "EXCEPT"
		if p.acceptWords("all") {
			op = "EXCEPT ALL"
		}
	default:
		return ""
	}
	if p.acceptWords("by", "name") {
		op += " BY NAME"
	}
	return op
}

// with parses WITH and its list.
func (p *parser) with() *ast.With {
	first := p.at
	p.next()
	w := &ast.With{}
	if p.tok().Is("recursive") && p.startsExpr(p.peek(1), p.peek(2)) && !p.peek(1).Is("as") && !p.peek(1).Is("using") && p.peek(1).Kind != "(" {
		p.next()
		w.Recursive = true
	}
	for {
		w.List = append(w.List, p.cte())
		if !p.accept(",") || p.tok().Is("select") || p.is("(") && !p.lookahead(func() bool { p.cte(); return true }) {
			break
		}
	}
	w.Place = p.place(first)
	return w
}

// cte parses name AS (query) or expression AS name.
func (p *parser) cte() *ast.CTE {
	first := p.at
	c := &ast.CTE{}
	if p.is(token.Ident) && p.attempt(func() { p.cteHead(c) }) {
		c.Subquery = true
		c.Expr = p.subquery()
	} else {
		if p.peek(1).Is("as") && p.peek(2).Is("select") {
			p.at += 2
			p.fail(p.tok().Span, "a query stands in parentheses", "write (select ...)")
		}
		*c = ast.CTE{Expr: p.beforeAs()}
		p.expectWord("as")
		c.Name = p.name("for the expression")
	}
	c.Place = p.place(first)
	return c
}

// cteHead parses what comes before the query of a CTE.
func (p *parser) cteHead(c *ast.CTE) {
	c.Name = p.name("for the query")
	c.Columns, c.UsingKey = nil, nil
	if p.is("(") {
		c.Columns = p.names()
	}
	if p.acceptWords("using", "key") {
		c.UsingKey = p.names()
	}
	p.expectWord("as")
	switch {
	case p.accept(token.Materialized):
		c.Materialized = ast.MaterializedYes
	case p.tok().Is("not") && p.peek(1).Kind == token.Materialized:
		p.at += 2
		c.Materialized = ast.MaterializedNo
	}
	p.expect("(", "before the query")
}
