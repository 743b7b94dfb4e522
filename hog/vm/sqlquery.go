package vm

// selectQuery writes the clauses that the reference knows.
func (p *sqlPrinter) selectQuery(d *Dict) {
	if p.depth > 1 {
		p.raw("(")
		defer p.raw(")")
	}
	p.raw("SELECT ")
	if distinct, _ := d.GetString("distinct"); distinct.Truthy() {
		p.raw("DISTINCT ")
	}
	p.parts(items(d, "select"))
	if from, ok := d.GetString("select_from"); ok && !from.IsNull() {
		p.raw(" FROM ")
		p.from(from)
	}
	p.clause(" PREWHERE ", d, "prewhere")
	p.clause(" WHERE ", d, "where")
	p.listClause(" GROUP BY ", d, "group_by")
	p.clause(" HAVING ", d, "having")
	p.listClause(" ORDER BY ", d, "order_by")
	p.limit(d)
	p.windows(d)
}

func (p *sqlPrinter) clause(word string, d *Dict, name string) {
	if v, ok := d.GetString(name); ok && !v.IsNull() {
		p.raw(word)
		p.visit(v, true)
	}
}

func (p *sqlPrinter) listClause(word string, d *Dict, name string) {
	if list := items(d, name); len(list) > 0 {
		p.raw(word)
		p.parts(list)
	}
}

// limit writes an offset only behind a limit, as the reference does.
func (p *sqlPrinter) limit(d *Dict) {
	if limit, ok := d.GetString("limit"); !ok || limit.IsNull() {
		return
	}
	p.clause(" LIMIT ", d, "limit")
	if ties, _ := d.GetString("limit_with_ties"); ties.Truthy() {
		p.raw(" WITH TIES")
	}
	p.clause(" OFFSET ", d, "offset")
}

func (p *sqlPrinter) windows(d *Dict) {
	v, _ := d.GetString("window_exprs")
	windows, ok := v.AsDict()
	if !ok || windows.Len() == 0 {
		return
	}
	for i := range windows.Len() {
		if !p.more() {
			return
		}
		key, window := windows.At(i)
		if i == 0 {
			p.raw(" WINDOW ")
		} else {
			p.raw(", ")
		}
		name, _ := key.AsString()
		p.raw(functionName(name) + " AS (")
		p.visit(window, true)
		p.raw(")")
	}
}

// from writes joined tables, which do not count as a node around a query.
func (p *sqlPrinter) from(v Value) {
	if classOf(v) != "JoinExpr" || !p.enter(v) {
		p.visit(v, true)
		return
	}
	p.joins(v.dict())
	p.leave()
}

// joins writes a table and the chain of those joined to it. The chain is followed in a loop, and left when it comes back
// to a table that it has passed.
func (p *sqlPrinter) joins(d *Dict) {
	p.table(d)
	seen := map[*Dict]bool{d: true}
	for {
		next, _ := d.GetString("next_join")
		if classOf(next) == "" || seen[next.dict()] || !p.more() {
			return
		}
		d = next.dict()
		seen[d] = true
		op := textOf(d, "join_type")
		if op == "" {
			op = "JOIN"
		}
		p.raw(" " + op + " ")
		p.table(d)
		if c, _ := d.GetString("constraint"); classOf(c) != "" {
			p.raw(" " + textOf(c.dict(), "constraint_type") + " ")
			p.visit(c, true)
		}
	}
}

// table writes a table and its alias, unless that is the same.
func (p *sqlPrinter) table(d *Dict) {
	start := len(p.dst)
	p.part(d, "table")
	alias := textOf(d, "alias")
	if alias != "" && (start > len(p.dst) || alias != string(p.dst[start:])) {
		p.raw(" AS " + functionName(alias))
	}
}

// setQuery writes queries joined by UNION and the like.
func (p *sqlPrinter) setQuery(d *Dict) {
	if p.depth > 1 {
		p.raw("(")
		defer p.raw(")")
	}
	p.part(d, "initial_select_query")
	for _, member := range items(d, "subsequent_select_queries") {
		if classOf(member) == "" || !p.more() {
			continue
		}
		p.raw(" " + textOf(member.dict(), "set_operator") + " ")
		p.part(member.dict(), "select_query")
	}
}

func (p *sqlPrinter) window(class string, d *Dict) {
	switch class {
	case "WindowFunction":
		p.windowFunction(d)
	case "WindowFrameExpr":
		if value, ok := d.GetString("frame_value"); ok {
			p.visit(value, true)
		} else {
			p.raw("UNBOUNDED")
		}
		p.raw(" " + textOf(d, "frame_type"))
	default:
		p.windowExpr(d)
	}
}

func (p *sqlPrinter) windowFunction(d *Dict) {
	p.function(textOf(d, "name"), func() { p.parts(items(d, "exprs")) })
	if args, ok := d.GetString("args"); ok && args.isList() {
		p.function("", func() { p.parts(args.array().Items) })
	}
	p.raw(" OVER ")
	switch over, ok := d.GetString("over_expr"); {
	case ok:
		p.function("", func() { p.visit(over, true) })
	case textOf(d, "over_identifier") != "":
		p.raw(functionName(textOf(d, "over_identifier")))
	default:
		p.raw("()")
	}
}

func (p *sqlPrinter) windowExpr(d *Dict) {
	start := len(p.dst)
	word := func(s string) {
		if len(p.dst) > start {
			p.raw(" ")
		}
		p.raw(s)
	}
	if list := items(d, "partition_by"); len(list) > 0 {
		word("PARTITION BY ")
		p.parts(list)
	}
	if list := items(d, "order_by"); len(list) > 0 {
		word("ORDER BY ")
		p.parts(list)
	}
	method := textOf(d, "frame_method")
	if method == "" {
		return
	}
	word(method + " ")
	if end, ok := d.GetString("frame_end"); ok {
		p.raw("BETWEEN ")
		p.part(d, "frame_start")
		p.raw(" AND ")
		p.visit(end, true)
		return
	}
	p.part(d, "frame_start")
}

func (p *sqlPrinter) tag(d *Dict) {
	p.raw("<" + textOf(d, "kind"))
	for _, a := range items(d, "attributes") {
		if classOf(a) == "" || !p.more() {
			continue
		}
		value, _ := a.dict().GetString("value")
		open, end := "={", "}"
		if value.IsString() {
			open, end = "=", ""
		}
		p.raw(" " + functionName(textOf(a.dict(), "name")) + open)
		p.visit(value, true)
		p.raw(end)
	}
	p.raw(" />")
}
