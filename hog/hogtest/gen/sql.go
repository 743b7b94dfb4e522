package gen

// syntax is a value that is a syntax tree or a tag, printed.
func (m *maker) syntax() *node {
	var e *node
	switch m.r.IntN(4) {
	case 0:
		// The spaces are spaces: the reference takes no vertical tabs in a tag.
		e = &node{sort: expr, text: []string{"<Box a='x' b={", "} />"}, kids: []*node{m.expr('x')}}
	case 1:
		child := &node{text: []string{"text {", "}<b-c/>"}, kids: []*node{m.expr('x')}}
		e = &node{sort: expr, text: []string{"<Box c>", "</Box>"}, kids: []*node{child}}
	case 2:
		e = form(expr, "sql(§)", m.sql(3))
	default:
		e = m.query(2)
	}
	if m.chance(20) {
		return form(stmt, "print(typeof(§));\n", e)
	}
	return form(stmt, "print(§);\n", e)
}

// query is a subquery.
func (m *maker) query(level int) *node {
	switch m.r.IntN(4) {
	case 0:
		return form(expr, "(select § from events)", m.sql(level))
	case 1:
		return form(expr, "(select distinct §, § as n from events as e where § order by § desc, n limit 3 offset 1)",
			m.sql(level), m.sql(1), m.sql(level), m.sql(1))
	case 2:
		return form(expr, "(select a, count() from events group by a having § limit 10)", m.sql(level))
	}
	return form(expr, "(select e.a from events e left join persons p on e.id = p.id where §)", m.sql(level))
}

// sql is an expression in a syntax tree.
func (m *maker) sql(level int) *node {
	if level <= 0 {
		return m.sqlLeaf()
	}
	a, b := m.sql(level-1), m.sql(level-1)
	switch m.r.IntN(10) {
	case 0:
		// What is false would print as nothing in the reference.
		return word(oneOf(m, []string{"{5}", "{'q' || 'r'}", "{[1, 'x']}", "{1 == 1}", "{event.event}", "{project.id + 1}", "{toDate('2024-05-01')}"}))
	case 1:
		return form(expr, "(§ "+oneOf(m, []string{"+", "-", "*", "/", "%", "||"})+" §)", a, b)
	case 2:
		return form(expr, "(§ "+oneOf(m, []string{"=", "!=", "<", ">=", "like", "not ilike", "=~", "!~*"})+" §)", a, b)
	case 3:
		return form(expr, "(§ "+oneOf(m, []string{"and", "or"})+" §)", a, b)
	case 4:
		return form(expr, "(not §)", a)
	case 5:
		return form(expr, "(§ "+oneOf(m, []string{"in", "not in"})+" (§, 2))", a, b)
	case 6:
		return form(expr, oneOf(m, []string{"lower(§)", "toString(§)", "count(§)", "[§]", "(§ is null)"}), a)
	case 7:
		return form(expr, "if(§, §, null)", a, b)
	case 8:
		return form(expr, "arrayMap(x -> §, [§])", a, b)
	}
	return m.sqlLeaf()
}

func (m *maker) sqlLeaf() *node {
	return word(oneOf(m, []string{"a", "b.c", "properties.$browser", "`odd name`", "1", "2.5", "'it''s'", "true", "null", "(1, 'x')"}))
}
