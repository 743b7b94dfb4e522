package parser

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// sel parses SELECT and its clauses; what stands before it has been read.
func (p *parser) sel(first int, with *ast.With) ast.Expr {
	p.expectWord("select")
	s := &ast.Select{With: with}
	s.Distinct = p.selectDistinct()
	if p.tok().Is("top") && p.peek(1).Kind == token.Int {
		p.fail(p.tok().Span, "`top` is not supported", "write `limit` at the end of the query")
	}
	s.Columns = p.selectColumns()
	p.fromClauses(s)
	p.groupClauses(s)
	if p.tok().Is("window") && p.peek(1).Kind == token.Ident {
		s.Windows = p.namedWindows()
	}
	s.OrderBy = p.orderBy()
	s.LimitBy, s.Limit = p.selectLimit()
	if p.tok().Is("settings") && p.peek(1).Kind == token.Ident {
		p.fail(p.tok().Span, "`settings` is not supported", "")
	}
	s.Place = p.place(first)
	return s
}

// selectDistinct passes DISTINCT, which is a column when no other follows.
func (p *parser) selectDistinct() bool {
	if !p.tok().Is("distinct") {
		return false
	}
	next := p.peek(1)
	switch {
	case next.Is("order") && p.peek(2).Is("by"), next.Is("group") && p.peek(2).Is("by"):
		return false
	case next.Kind == "*":
		return p.distinctStar()
	case !p.startsExpr(next, p.peek(2)):
		return false
	}
	p.next()
	return true
}

// distinctStar passes DISTINCT before *, unless it is multiplied.
func (p *parser) distinctStar() bool {
	after := p.peek(2)
	multiplied := p.startsExpr(after, p.peek(3)) && !p.clauseAt(2) && !after.Is("exclude") && !after.Is("columns")
	if !multiplied {
		p.next()
	}
	return !multiplied
}

// selectColumns parses the columns of a SELECT. A comma may follow the last.
func (p *parser) selectColumns() []ast.Expr {
	var list []ast.Expr
	for len(list) == 0 || !p.clauseAt(0) {
		list = append(list, p.selectColumn())
		if !p.accept(",") {
			break
		}
	}
	return list
}

func (p *parser) selectColumn() ast.Expr {
	first, tok := p.at, p.tok()
	if tok.Kind == token.Ident && p.peek(1).Kind == ":" {
		p.at += 2
		operand := p.expr(lowest)
		return &ast.Alias{Place: p.place(first), Operand: operand, Name: ast.Name{Place: ast.Place{Span: tok.Span}, Text: tok.Text}}
	}
	if tok.Is("from") && isAlias(p.peek(1), columnAliases) {
		p.fail(tok.Span, "Cannot use \"from\" before an implicit alias", "name the columns between `select` and `from`")
	}
	e := p.argument()
	if !isAlias(p.tok(), columnAliases) {
		return e
	}
	tok = p.next()
	return &ast.Alias{Place: p.from(e), Operand: e, Name: ast.Name{Place: ast.Place{Span: tok.Span}, Text: tok.Text}}
}

// clauseAt reports whether the token n places ahead ends the list of columns:
// the end of the query, or the word of a clause with what must follow it.
func (p *parser) clauseAt(n int) bool {
	tok, next := p.peek(n), p.peek(n+1)
	switch tok.Kind {
	case ")", ";", "}", "]", token.EOF, token.Except, token.Intersect:
		return true
	case token.Ident:
	default:
		return false
	}
	switch {
	case tok.Is("from"):
		return p.tryAt(n, func() bool { p.joins(0); return p.clauseAt(0) })
	case tok.Is("window"):
		return next.Kind == token.Ident && p.peek(n+2).Is("as") && p.peek(n+3).Kind == "("
	case tok.Is("group"), tok.Is("order"):
		return next.Is("by")
	case tok.Is("left"), tok.Is("inner"):
		return next.Is("array")
	case tok.Is("array"):
		return next.Is("join")
	case tok.Is("with"):
		return next.Is("totals") || next.Is("cube") || next.Is("rollup")
	case tok.Is("union"):
		return next.Is("select") || next.Is("all") || next.Is("distinct") || next.Is("by") || next.Kind == "("
	case tok.Is("where"), tok.Is("prewhere"), tok.Is("having"), tok.Is("qualify"), tok.Is("limit"), tok.Is("offset"):
		return p.startsExpr(next, p.peek(n+2)) && !p.infixAt(n+1) && p.tryAt(n, func() bool {
			p.expr(lowest)
			return !p.tok().Is("from") && (!p.is(",") || tok.Is("limit")) && !isAlias(p.tok(), columnAliases)
		})
	}
	return false
}

// tryAt reports whether what follows the word n places ahead makes it that of
// a clause, and remembers it.
func (p *parser) tryAt(n int, rest func() bool) bool {
	word := p.at + n
	if is, known := p.queries[word]; known {
		return is
	}
	is := p.lookahead(func() bool {
		p.at = word + 1
		return rest()
	})
	p.queries[word] = is
	return is
}

// fromClauses parses what says which rows are read.
func (p *parser) fromClauses(s *ast.Select) {
	if p.acceptWords("from") {
		s.From = p.joins(0)
	}
	s.ArrayJoin = p.arrayJoin(len(s.From) > 0)
	if p.acceptWords("prewhere") {
		s.Prewhere = p.expr(lowest)
	}
	if p.acceptWords("where") {
		s.Where = p.expr(lowest)
	}
	if p.tok().Is("sample") || p.words("using", "sample") {
		p.fail(p.tok().Span, "`sample` is supported behind a table only", "write from t sample 0.1")
	}
}

// groupClauses parses what says how rows become groups.
func (p *parser) groupClauses(s *ast.Select) {
	s.GroupBy = p.groupBy()
	if p.acceptWords("having") {
		s.Having = p.expr(lowest)
	}
	if p.acceptWords("qualify") {
		s.Qualify = p.expr(lowest)
	}
	if p.words("using", "sample") {
		p.fail(p.tok().Span, "`sample` is supported behind a table only", "write from t sample 0.1")
	}
}

func (p *parser) arrayJoin(hasFrom bool) *ast.ArrayJoin {
	first := p.at
	a := &ast.ArrayJoin{Type: "ARRAY JOIN"}
	switch {
	case p.acceptWords("array", "join"):
	case p.acceptWords("left", "array", "join"):
		a.Type = "LEFT ARRAY JOIN"
	case p.acceptWords("inner", "array", "join"):
		a.Type = "INNER ARRAY JOIN"
	default:
		return nil
	}
	if !hasFrom {
		p.fail(p.place(first).Span, "Using ARRAY JOIN without a FROM clause is not permitted", "")
	}
	a.List = p.exprList()
	for _, e := range a.List {
		if _, ok := e.(*ast.Alias); !ok {
			p.fail(e.Range(), "ARRAY JOIN arrays must have an alias", "write array join e as name")
		}
	}
	a.Place = p.place(first)
	return a
}

// exprList parses expressions separated by commas, as they stand in a clause.
// A comma may follow the last, before the end of the query or the next clause.
func (p *parser) exprList() []ast.Expr {
	list := []ast.Expr{p.expr(lowest)}
	for p.accept(",") && !p.clauseAt(0) {
		list = append(list, p.expr(lowest))
	}
	return list
}
