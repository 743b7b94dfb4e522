package parser

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// pivoted parses PIVOT or UNPIVOT behind a table.
func (p *parser) pivoted(first int, table ast.Expr) *ast.Join {
	var node ast.Expr
	if p.next().Is("pivot") {
		node = p.pivot(first, table)
	} else {
		node = p.unpivot(first, table)
	}
	return &ast.Join{Place: p.place(first), Table: node}
}

func (p *parser) pivot(first int, table ast.Expr) ast.Expr {
	p.expect("(", "after `pivot`")
	n := &ast.Pivot{Table: table, Aggregates: []ast.Expr{p.expr(lowest)}}
	for p.accept(",") && !p.tok().Is("for") {
		n.Aggregates = append(n.Aggregates, p.expr(lowest))
	}
	p.expectWord("for")
	for len(n.Columns) == 0 || !p.is(")") && !p.words("group", "by") {
		n.Columns = append(n.Columns, p.pivotColumn())
	}
	if p.acceptWords("group", "by") {
		n.GroupBy = p.exprList()
	}
	p.expect(")", "at the end of `pivot`")
	n.Place = p.place(first)
	return n
}

func (p *parser) pivotColumn() *ast.PivotColumn {
	first := p.at
	c := &ast.PivotColumn{Column: p.columnOrTuple()}
	c.Values = p.inList()
	c.Place = p.place(first)
	return c
}

// columnOrTuple parses a column, or several in parentheses, before IN or FOR.
func (p *parser) columnOrTuple() ast.Expr {
	first := p.at
	if !p.is("(") || !endsColumns(p.peek(p.closing())) {
		return p.expr(levelCompare + 1)
	}
	p.next()
	if p.queryAhead() {
		p.at = first
		return p.expr(levelCompare + 1)
	}
	items := p.someItems("the columns")
	return &ast.Tuple{Place: p.place(first), Items: items}
}

func (p *parser) inList() []ast.Expr {
	p.expectWord("in")
	p.expect("(", "after `in`")
	return p.someItems("the list")
}

func (p *parser) unpivot(first int, table ast.Expr) ast.Expr {
	n := &ast.Unpivot{Table: table, IncludeNulls: p.acceptWords("include", "nulls")}
	p.expect("(", "after `unpivot`")
	for len(n.Columns) == 0 || !p.is(")") {
		at := p.at
		c := &ast.UnpivotColumn{Values: p.columnOrTuple()}
		p.expectWord("for")
		c.Names = p.columnOrTuple()
		c.Columns = p.inList()
		for !p.is(",") && !p.is(")") {
			c.More = append(c.More, p.pivotColumn())
		}
		c.Place = p.place(at)
		n.Columns = append(n.Columns, c)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "at the end of `unpivot`")
	n.Place = p.place(first)
	return n
}

func endsColumns(tok token.Token) bool { return tok.Is("for") || tok.Is("in") }

// closing is how many tokens the brackets that begin here take, with both ends; at the end of the text, how many there are.
func (p *parser) closing() int {
	depth, n := 0, 0
	for ; p.peek(n).Kind != token.EOF; n++ {
		switch p.peek(n).Kind {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		}
		if depth <= 0 {
			return n + 1
		}
	}
	return n
}
