package parser

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// wordInfix parses the operators that are words.
func (p *parser) wordInfix(left ast.Expr, level int) ast.Expr {
	switch word := strings.ToLower(p.tok().Text); word {
	case "and":
		if level <= levelAnd && p.operandAfter(1) {
			return p.and(left)
		}
	case "or":
		if level <= levelOr && p.operandAfter(1) {
			return p.or(left)
		}
	case "in", "like", "ilike":
		if level <= levelCompare && p.operandAfter(1) {
			return p.compareWord(left, ast.Op(word))
		}
	case "between":
		if level <= levelBetween && p.operandAfter(1) {
			return p.between(left, false)
		}
	case "not":
		return p.notInfix(left, level)
	case "is":
		return p.isWord(left, level)
	case "ignore":
		if level <= levelIgnoreNulls && p.peek(1).Is("nulls") {
			p.at += 2
			return &ast.IgnoreNulls{Place: p.from(left), Operand: left}
		}
	case "as":
		if level <= levelAlias && !p.asEnds() && (p.peek(1).Kind == token.Ident || p.peek(1).Kind == token.String) {
			return p.alias(left)
		}
	}
	return nil
}

// operandAfter reports whether an operand follows the n words of an operator.
// Where none does the word is a name and starts the next statement, which on
// the same line is never meant.
func (p *parser) operandAfter(n int) bool {
	if p.startsExpr(p.peek(n), p.peek(n+1)) {
		return true
	}
	if p.newLine(p.at) || p.continues(p.peek(n)) {
		return false
	}
	p.at += n
	p.unexpected("an expression after `" + strings.ToLower(p.tokens[p.at-1].Text) + "`")
	return false
}

func (p *parser) notInfix(left ast.Expr, level int) ast.Expr {
	switch word := strings.ToLower(p.peek(1).Text); {
	case p.peek(1).Kind != token.Ident || p.peek(1).Quoted:
	case (word == "in" || word == "like" || word == "ilike") && level <= levelCompare && p.operandAfter(2):
		p.next()
		return p.compareWord(left, ast.Op("not "+word))
	case word == "between" && level <= levelBetween && p.operandAfter(2):
		p.next()
		return p.between(left, true)
	}
	return nil
}

func (p *parser) compareWord(left ast.Expr, op ast.Op) ast.Expr {
	p.next()
	if (op == ast.In || op == ast.NotIn) && p.tok().Is("cohort") && p.cohortAhead() {
		p.next()
		op += " cohort"
	}
	right := p.expr(levelCompare + 1)
	return &ast.Compare{Place: p.from(left), Op: op, Left: left, Right: right}
}

// cohortAhead tells `in cohort 5` from `in` followed by a variable named cohort.
func (p *parser) cohortAhead() bool {
	next := p.peek(1)
	return p.startsExpr(next, p.peek(2)) && !isInfixWord(next)
}

func isInfixWord(tok token.Token) bool {
	return tok.Kind == token.Ident && !tok.Quoted && infixWords[strings.ToLower(tok.Text)]
}

var infixWords = map[string]bool{
	"and": true, "or": true, "in": true, "like": true, "ilike": true, "between": true, "not": true, "is": true, "as": true,
}

func (p *parser) between(left ast.Expr, negated bool) ast.Expr {
	p.next()
	low := p.expr(levelBetween)
	if !p.tok().Is("and") {
		p.unexpected("`and` between the bounds of `between`")
	}
	p.next()
	high := p.expr(levelBetween + 1)
	return &ast.Between{Place: p.from(left), Operand: left, Low: low, High: high, Negated: negated}
}

// isWord parses IS [NOT] NULL and IS [NOT] DISTINCT FROM.
func (p *parser) isWord(left ast.Expr, level int) ast.Expr {
	op, n := ast.Eq, 1
	if p.peek(1).Is("not") {
		op, n = ast.NotEq, 2
	}
	switch {
	case p.peek(n).Is("distinct") && p.peek(n+1).Is("from"):
		if level > levelDistinct {
			return nil
		}
		p.at += n + 2
		right := p.expr(levelDistinct + 1)
		return &ast.DistinctFrom{Place: p.from(left), Left: left, Right: right, Negated: op == ast.NotEq}
	case level > levelIsNull:
		return nil
	}
	if p.peek(n).Kind != token.Null {
		if p.newLine(p.at) || p.continues(p.peek(1)) {
			return nil
		}
		p.at += n
		p.fail(p.tok().Span, "`is` is only for null", "write `==` or `!=`")
	}
	p.at += n
	null := &ast.Constant{Place: ast.Place{Span: p.next().Span}}
	return &ast.Compare{Place: p.from(left), Op: op, Left: left, Right: null, IsNull: true}
}

// beforeAs parses an expression that ends at `as`, also where an inner part of
// it, such as the body of a lambda, could take the word for its own.
func (p *parser) beforeAs() ast.Expr {
	outer := p.noAlias
	p.noAlias = p.at
	e := p.expr(levelAlias + 1)
	for p.tok().Is("as") && p.peek(2).Is("as") && p.peek(3).Kind == token.Ident {
		e = p.alias(e)
	}
	p.noAlias = outer
	return e
}

// asEnds reports whether `as` at the current token ends an expression: no
// bracket has been opened since its start.
func (p *parser) asEnds() bool {
	if p.noAlias == 0 {
		return false
	}
	open := 0
	for _, tok := range p.tokens[p.noAlias:p.at] {
		switch {
		case tok.Kind == "(", tok.Kind == "[", tok.Kind == "{", tok.Kind == token.TemplateStart, tok.Is("case"):
			open++
		case tok.Kind == ")", tok.Kind == "]", tok.Kind == "}", tok.Kind == token.TemplateEnd, tok.Is("end"):
			open--
		}
	}
	return open == 0
}

func (p *parser) alias(left ast.Expr) ast.Expr {
	p.next()
	tok := p.next()
	return &ast.Alias{Place: p.from(left), Operand: left, Name: ast.Name{Place: ast.Place{Span: tok.Span}, Text: tok.Text}}
}

// and parses one operand more; runs of `and` are one node whatever the parentheses.
func (p *parser) and(left ast.Expr) ast.Expr {
	p.next()
	right := p.expr(levelAnd + 1)
	node, ok := left.(*ast.And)
	if !ok {
		node = &ast.And{Place: p.from(left), Operands: []ast.Expr{left}}
	}
	if r, ok := right.(*ast.And); ok {
		node.Operands = append(node.Operands, r.Operands...)
	} else {
		node.Operands = append(node.Operands, right)
	}
	node.Place = p.from(node)
	return node
}

func (p *parser) or(left ast.Expr) ast.Expr {
	p.next()
	right := p.expr(levelOr + 1)
	node, ok := left.(*ast.Or)
	if !ok {
		node = &ast.Or{Place: p.from(left), Operands: []ast.Expr{left}}
	}
	if r, ok := right.(*ast.Or); ok {
		node.Operands = append(node.Operands, r.Operands...)
	} else {
		node.Operands = append(node.Operands, right)
	}
	node.Place = p.from(node)
	return node
}
