package parser

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// groupBy parses GROUP BY with what may follow it; WITH TOTALS and the like may
// also stand alone.
func (p *parser) groupBy() *ast.GroupBy {
	first := p.at
	g := &ast.GroupBy{}
	if p.acceptWords("group", "by") {
		p.groups(g)
	}
	if p.tok().Is("with") && (p.peek(1).Is("cube") || p.peek(1).Is("rollup")) {
		p.next()
		g.Modifier = strings.ToUpper(p.next().Text)
	}
	g.Totals = p.acceptWords("with", "totals")
	if p.at == first {
		return nil
	}
	g.Place = p.place(first)
	return g
}

func (p *parser) groups(g *ast.GroupBy) {
	switch {
	case p.tok().Is("all") && !p.operatorAt(1) && p.peek(1).Kind != "." && p.peek(1).Kind != "(":
		p.next()
		g.Mode = ast.GroupAll
	case (p.tok().Is("cube") || p.tok().Is("rollup")) && p.peek(1).Kind == "(":
		g.Mode = ast.GroupMode(strings.ToLower(p.next().Text))
		p.next()
		g.Items = p.someItems("the list")
	case p.words("grouping", "sets") && p.peek(2).Kind == "(":
		p.at += 3
		g.Mode = ast.GroupSets
		for len(g.Items) == 0 || p.accept(",") {
			at := p.at
			p.expect("(", "before a grouping set")
			items := p.list(")", "the grouping set")
			g.Items = append(g.Items, &ast.GroupingSet{Place: p.place(at), Items: items})
		}
		p.expect(")", "after the grouping sets")
	default:
		g.Items = p.exprList()
	}
}

// orderBy parses ORDER BY, or returns nil.
func (p *parser) orderBy() *ast.OrderBy {
	first := p.at
	if !p.acceptWords("order", "by") {
		return nil
	}
	o := &ast.OrderBy{List: p.orders()}
	if p.acceptWords("interpolate") {
		o.HasInterpolate = true
		if p.accept("(") {
			o.Interpolate = p.interpolations()
		}
	}
	o.Place = p.place(first)
	return o
}

func (p *parser) interpolations() []*ast.Interpolation {
	var list []*ast.Interpolation
	for len(list) == 0 || p.accept(",") {
		first := p.at
		n := &ast.Interpolation{Expr: p.beforeAs()}
		if p.acceptWords("as") {
			n.Value = p.expr(lowest)
		}
		n.Place = p.place(first)
		list = append(list, n)
	}
	p.expect(")", "after the list of `interpolate`")
	return list
}

// orders parses the items of ORDER BY.
func (p *parser) orders() []*ast.Order {
	list := []*ast.Order{p.order()}
	for p.accept(",") {
		list = append(list, p.order())
	}
	return list
}

func (p *parser) order() *ast.Order {
	first := p.at
	o := &ast.Order{Expr: p.expr(lowest)}
	switch p.oneOf("asc", "ascending", "desc", "descending") {
	case "desc", "descending":
		o.Descending = true
	}
	if p.tok().Is("nulls") && (p.peek(1).Is("first") || p.peek(1).Is("last")) {
		p.next()
		o.Nulls = strings.ToUpper(p.next().Text)
	}
	if p.tok().Is("collate") && p.peek(1).Kind == token.String {
		p.next()
		at := p.at
		text := p.next().Text
		o.Collate = &ast.Constant{Place: p.place(at), Value: text}
	}
	o.Fill = p.fill()
	o.Place = p.place(first)
	return o
}

func (p *parser) fill() *ast.Fill {
	first := p.at
	if !p.acceptWords("with", "fill") {
		return nil
	}
	f := &ast.Fill{}
	if p.acceptWords("from") {
		f.From = p.expr(lowest)
	}
	if p.acceptWords("to") {
		f.To = p.expr(lowest)
	}
	if p.acceptWords("step") {
		f.Step = p.expr(lowest)
	}
	f.Place = p.place(first)
	return f
}

// selectLimit parses LIMIT ... BY and LIMIT of one SELECT; either may be missing.
func (p *parser) selectLimit() (*ast.LimitBy, *ast.Limit) {
	first := p.at
	limit := p.limit()
	if limit == nil || limit.Count == nil || !p.acceptWords("by") {
		return nil, limit
	}
	by := &ast.LimitBy{Count: limit.Count, Offset: limit.Offset}
	if limit.Offset != nil && !limit.OffsetWord {
		by.Count, by.Offset = by.Offset, by.Count
	}
	by.By = p.exprList()
	by.Place = p.place(first)
	return by, p.limit()
}

// limit parses LIMIT and OFFSET, or returns nil.
func (p *parser) limit() *ast.Limit {
	first := p.at
	l := &ast.Limit{}
	if p.acceptWords("limit") {
		p.limited++
		l.Count = p.expr(lowest)
		p.limited--
		l.Percent = p.accept("%")
		if p.accept(",") {
			l.Offset = p.expr(lowest)
		}
		l.WithTies = p.acceptWords("with", "ties")
	}
	if l.Offset == nil && p.acceptWords("offset") {
		l.Offset, l.OffsetWord = p.expr(lowest), true
	}
	if p.at == first {
		return nil
	}
	l.Place = p.place(first)
	return l
}

// percentAhead reports whether % is the percent sign of LIMIT, because no
// operand follows it.
func (p *parser) percentAhead() bool {
	if p.limited == 0 {
		return false
	}
	next := p.peek(1)
	switch {
	case next.Is("with"):
		return p.peek(2).Is("ties")
	case next.Is("offset"):
		return p.startsExpr(p.peek(2), p.peek(3))
	}
	return !p.startsExpr(next, p.peek(2))
}

// namedWindows parses WINDOW name AS (...), and more of them.
func (p *parser) namedWindows() []*ast.Window {
	p.next()
	var list []*ast.Window
	for len(list) == 0 || p.accept(",") {
		first := p.at
		name := p.name("for the window")
		p.expectWord("as")
		w := p.window()
		w.Name = &name
		w.Place = p.place(first)
		list = append(list, w)
	}
	return list
}

// window parses the definition of a window in parentheses.
func (p *parser) window() *ast.Window {
	first := p.at
	p.expect("(", "before the window")
	w := &ast.Window{}
	if p.acceptWords("partition", "by") {
		w.PartitionBy = p.exprList()
	}
	if p.acceptWords("order", "by") {
		w.OrderBy = p.orders()
	}
	if word := p.oneOf("rows", "range"); word != "" {
		w.Frame = p.frame(p.at-1, strings.ToUpper(word))
	}
	p.expect(")", "after the window")
	w.Place = p.place(first)
	return w
}

func (p *parser) frame(first int, method string) *ast.Frame {
	f := &ast.Frame{Method: method}
	if p.tok().Is("between") {
		p.next()
		f.Start = p.bound()
		p.expectWord("and")
		f.End = p.bound()
	} else {
		f.Start = p.bound()
	}
	f.Place = p.place(first)
	return f
}

func (p *parser) bound() *ast.FrameBound {
	first := p.at
	b := &ast.FrameBound{}
	switch {
	case p.acceptWords("current", "row"):
		b.Type = "CURRENT ROW"
	case p.acceptWords("unbounded", "preceding"):
		b.Type = "PRECEDING"
	case p.acceptWords("unbounded", "following"):
		b.Type = "FOLLOWING"
	default:
		b.Value = p.expr(levelAnd + 1)
		b.Type = strings.ToUpper(p.oneOf("preceding", "following"))
		if b.Type == "" {
			p.unexpected("`preceding` or `following`")
		}
	}
	b.Place = p.place(first)
	return b
}
