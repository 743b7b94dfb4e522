package parser

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// joinWords start a join.
var joinWords = wordSet("join left right inner full cross any all asof anti semi natural positional")

// Levels of binding between tables, loosest first.
const (
	joinPivot = iota + 3
	_
	joinComma
	joinPositional
	joinByWords
)

// joins parses a table and what is joined to it. The right side of a JOIN
// reaches as far as it can, so that conditions belong to the innermost.
func (p *parser) joins(level int) []*ast.Join {
	p.enter()
	defer func() { p.depth-- }()
	first := p.at
	list := p.joinOperand()
	for {
		at := p.at
		switch {
		case level <= joinComma && (p.accept(",") || p.acceptWords("cross", "join")):
			list = p.joined(list, at, "CROSS JOIN", p.joins(joinComma+1))
		case level <= joinPositional && p.acceptWords("positional", "join"):
			list = p.constrained(list, at, "POSITIONAL JOIN")
		case level <= joinPivot && (p.tok().Is("pivot") || p.tok().Is("unpivot")):
			list = []*ast.Join{p.pivoted(first, &ast.Joined{Place: p.place(first), Tables: list})}
		case level <= joinByWords:
			natural := p.acceptWords("natural")
			op := p.joinType()
			if op == "" {
				if natural {
					p.unexpected("`join` after `natural`")
				}
				return list
			}
			list = p.constrained(list, at, op)
			list[len(list)-1].Natural = list[len(list)-1].Natural || natural
		default:
			return list
		}
	}
}

// joined appends tables to a list, the first of them by an operator that
// starts at the given token.
func (p *parser) joined(list []*ast.Join, at int, op string, right []*ast.Join) []*ast.Join {
	right[0].Type = op
	right[0].Span.Start = p.tokens[at].Start
	if len(list)+len(right) > maxChain {
		p.giveUp("query joins too many tables")
	}
	return append(list, right...)
}

// constrained parses the right side of a JOIN and its condition.
func (p *parser) constrained(list []*ast.Join, at int, op string) []*ast.Join {
	right := p.joins(0)
	constraint := p.constraint()
	if constraint != nil {
		right[0].Constraint = constraint
		right[0].Span.End = constraint.Span.End
	}
	return p.joined(list, at, op, right)
}

func (p *parser) constraint() *ast.Constraint {
	first := p.at
	switch {
	case p.acceptWords("on"):
		e := p.expr(lowest)
		if p.is(",") && p.lookahead(func() bool { p.next(); p.exprList(); return p.clauseAt(0) || joinWords[strings.ToLower(p.tok().Text)] }) {
			p.fail(p.tok().Span, "ON takes one condition", "join conditions by `and`")
		}
		return &ast.Constraint{Place: p.place(first), Expr: e}
	case p.acceptWords("using"):
		e := p.expr(lowest)
		return &ast.Constraint{Place: p.place(first), Using: true, Expr: e}
	}
	return nil
}

// joinType passes the words of a JOIN and returns them in the reference's
// order, or "" when there is none.
func (p *parser) joinType() string {
	first := p.at
	var side, outer string
	var kinds []string
	for {
		word := p.oneOf("all", "any", "asof", "anti", "semi", "inner", "left", "right", "full", "outer")
		switch word {
		case "":
			if !p.acceptWords("join") {
				p.at = first
				return ""
			}
			return p.joinName(first, side, outer, kinds)
		case "inner", "left", "right", "full":
			if side != "" {
				p.unexpected("`join`")
			}
			side = word
		case "outer":
			outer = " OUTER"
		default:
			kinds = append(kinds, strings.ToUpper(word))
		}
	}
}

func (p *parser) joinName(first int, side, outer string, kinds []string) string {
	kind := strings.Join(kinds, " ")
	switch {
	case len(kinds) > 2 || len(kinds) == 2 && (kinds[0] != "ASOF" || kinds[1] != "ANTI" && kinds[1] != "SEMI" || side == "inner" || side == "full"),
		outer != "" && (side == "" || side == "inner"),
		(side == "inner" || side == "full") && (kind == "ANTI" || kind == "SEMI"):
		p.fail(p.place(first).Span, "these words do not form a JOIN", "")
	case side == "" && kind == "":
		return "JOIN"
	case side == "" && (len(kinds) == 2 || kind == "ANTI" || kind == "SEMI"):
		return kind + " JOIN"
	case side == "" || side == "inner":
		return strings.TrimSpace(kind+" INNER") + " JOIN"
	}
	if len(kinds) == 2 {
		kind = kinds[1] + " " + kinds[0]
	}
	if kind != "" {
		kind = " " + kind
	}
	return strings.ToUpper(side) + outer + kind + " JOIN"
}

// joinOperand parses one table with FINAL and SAMPLE, or joins in parentheses.
func (p *parser) joinOperand() []*ast.Join {
	first := p.at
	if p.is("(") && !p.tableInParentheses() {
		p.next()
		list := p.joins(0)
		p.closeQuery()
		list[0].Span.Start = p.tokens[first].Start
		return list
	}
	j := p.table()
	j.Final = p.acceptWords("final")
	if p.acceptWords("sample") {
		j.Sample = p.sample(p.at - 1)
	}
	j.Place = p.place(first)
	return []*ast.Join{j}
}

// tableInParentheses tells a query or VALUES in parentheses from joins.
func (p *parser) tableInParentheses() bool {
	p.at++
	defer func() { p.at-- }()
	switch {
	case p.queryAhead(), p.tok().Is("values") && p.peek(1).Kind == "(":
		return true
	case p.notForm[p.at] || !p.is("(") && !p.is("{"):
		return false
	}
	at := p.at
	isQuery := p.lookahead(func() bool { p.querySet(); return p.is(")") })
	p.notForm[at] = !isQuery
	return isQuery
}

// table parses one table with its alias.
func (p *parser) table() *ast.Join {
	first, tok := p.at, p.tok()
	j := &ast.Join{}
	switch {
	case tok.Kind == "{":
		j.Table = p.placeholder()
	case tok.Kind == token.TagOpen:
		j.Table = p.tag()
	case tok.Kind == "(":
		p.next()
		if p.tok().Is("values") {
			j.Table = p.values()
			p.closeQuery()
		} else {
			j.Table = p.subquery()
		}
	case tok.Kind == token.Ident:
		j.Table = &ast.Field{Chain: p.nestedName()}
		j.Table.(*ast.Field).Place = p.place(first)
		if p.is("(") && p.at == first+1 {
			j.IsFunction = true
			p.next()
			j.Args = p.list(")", "the arguments")
		}
	default:
		p.unexpected("a table")
	}
	p.tableSuffixes(first, j)
	return j
}

// nestedName parses names joined by dots.
func (p *parser) nestedName() []ast.Name {
	chain := []ast.Name{p.name("of a table or column")}
	for p.accept(".") {
		chain = append(chain, p.name("after the dot"))
	}
	return chain
}

// tableSuffixes parses aliases and pivots of one table.
func (p *parser) tableSuffixes(first int, j *ast.Join) {
	for {
		switch {
		case p.tok().Is("pivot") && p.peek(1).Kind == "(", p.tok().Is("unpivot") && (p.peek(1).Kind == "(" || p.peek(1).Is("include")):
			table := j.Table
			if j.Alias != nil || j.IsFunction {
				inner := *j
				inner.Place = p.place(first)
				table = &ast.Joined{Place: inner.Place, Tables: []*ast.Join{&inner}}
			}
			*j = *p.pivoted(first, table)
		case j.Alias != nil && (p.tok().Is("as") || isAlias(p.tok(), tableAliases)):
			p.fail(p.tok().Span, "a table has one alias", p.clauseHint())
		case j.Alias != nil:
			return
		case p.acceptWords("as"):
			alias := p.name("after `as`")
			j.Alias = &alias
			j.Columns = p.columnAliases()
		case isAlias(p.tok(), tableAliases):
			alias := p.name("")
			j.Alias = &alias
			j.Columns = p.columnAliases()
		default:
			return
		}
	}
}

func (p *parser) columnAliases() []ast.Name {
	if !p.is("(") {
		return nil
	}
	return p.names()
}

func (p *parser) values() ast.Expr {
	first := p.at
	p.next()
	v := &ast.Values{}
	for {
		p.expect("(", "before the values of a row")
		row := []ast.Expr{p.expr(lowest)}
		for p.accept(",") {
			row = append(row, p.expr(lowest))
		}
		p.expect(")", "after the values of a row")
		v.Rows = append(v.Rows, row)
		if !p.accept(",") {
			break
		}
	}
	v.Place = p.place(first)
	return v
}

func (p *parser) sample(first int) *ast.Sample {
	s := &ast.Sample{Size: p.ratio()}
	p.accept("%")
	if p.acceptWords("offset") {
		s.Offset = p.ratio()
	}
	if p.is("(") && p.peek(1).Kind == token.Ident && p.peek(2).Kind == ")" {
		p.at += 3
	}
	s.Place = p.place(first)
	return s
}

func (p *parser) ratio() *ast.Ratio {
	first := p.at
	r := &ast.Ratio{}
	if p.is("{") {
		r.Left = p.placeholder()
	} else {
		r.Left = p.signedNumber()
		if p.accept("/") {
			r.Right = p.signedNumber()
		}
	}
	r.Place = p.place(first)
	return r
}

func (p *parser) signedNumber() ast.Expr {
	first := p.at
	negative := p.accept("-")
	if !negative {
		p.accept("+")
	}
	if !isNumber(p.tok()) {
		p.unexpected("a number")
	}
	return p.number(first, negative)
}
