package hogql

import "github.com/prickle-dev/prickle/hog/ast"

func query(e ast.Expr) Node {
	switch e := e.(type) {
	case *ast.Select:
		return sel(e)
	case *ast.SetQuery:
		return set(e)
	case *ast.Values:
		rows := List{}
		for _, row := range e.Rows {
			rows = append(rows, list(row))
		}
		return node("ValuesQuery", "rows", rows)
	case *ast.Joined:
		return joins(e.Tables)
	case *ast.Pivot:
		return node("PivotExpr", "table", e.Table, "aggregates", list(e.Aggregates), "columns", list(e.Columns), "group_by", optionalList(e.GroupBy))
	case *ast.Unpivot:
		return node("UnpivotExpr", "table", e.Table, "columns", list(e.Columns), "include_nulls", e.IncludeNulls)
	}
	return Node{}
}

func sel(e *ast.Select) Node {
	n := node("SelectQuery", "ctes", nil, "select", list(e.Columns), "distinct", optional(e.Distinct), "select_from", nil,
		"array_join_op", nil, "array_join_list", nil, "window_exprs", nil, "where", optional(e.Where), "prewhere", optional(e.Prewhere),
		"having", optional(e.Having), "qualify", optional(e.Qualify), "group_by", nil, "group_by_mode", nil, "order_by", nil, "interpolate", nil,
		"limit", nil, "limit_by", optional(e.LimitBy), "limit_with_ties", nil, "limit_percent", nil, "offset", nil)
	n.addCTEs(e.With)
	if len(e.From) > 0 {
		n.set("select_from", joins(e.From))
	}
	if e.ArrayJoin != nil {
		n.set("array_join_op", e.ArrayJoin.Type)
		n.set("array_join_list", list(e.ArrayJoin.List))
	}
	if len(e.Windows) > 0 {
		windows := Map{}
		for _, w := range e.Windows {
			windows = append(windows, Field{w.Name.Text, w})
		}
		n.set("window_exprs", byName(windows))
	}
	if e.GroupBy != nil {
		n.set("group_by", optionalList(e.GroupBy.Items))
		n.set("group_by_mode", optional(string(e.GroupBy.Mode)))
	}
	if e.OrderBy != nil {
		n.set("order_by", list(e.OrderBy.List))
		if e.OrderBy.HasInterpolate {
			n.set("interpolate", list(e.OrderBy.Interpolate))
		}
	}
	n.limit(e.Limit)
	return n
}

func (n Node) limit(l *ast.Limit) {
	if l == nil {
		return
	}
	for name, e := range map[string]ast.Expr{"limit": l.Count, "offset": l.Offset} {
		if e != nil {
			n.set(name, e)
		}
	}
	if l.WithTies {
		n.set("limit_with_ties", true)
	}
	if l.Percent {
		n.set("limit_percent", true)
	}
}

func (n Node) addCTEs(with *ast.With) {
	if with == nil {
		return
	}
	ctes, _ := n.Get("ctes").(Map)
	for _, c := range with.List {
		ctes = append(ctes, Field{c.Name.Text, cte(c, with.Recursive)})
	}
	n.set("ctes", ctes)
}

func cte(c *ast.CTE, recursive bool) Node {
	kind, materialized := "column", any(nil)
	if c.Subquery {
		kind = "subquery"
	}
	if c.Materialized != ast.MaterializedUnsaid {
		materialized = c.Materialized == ast.MaterializedYes
	}
	return node("CTE", "name", c.Name.Text, "expr", c.Expr, "cte_type", kind, "recursive", recursive,
		"columns", optionalTexts(c.Columns), "materialized", materialized, "using_key", optionalTexts(c.UsingKey))
}

// set describes queries joined by UNION and the like. What stands around a
// single query in parentheses becomes a part of that query; an order is lost.
func set(e *ast.SetQuery) Node {
	first := Of(e.First)
	n := first
	if len(e.Rest) > 0 {
		members := List{}
		for _, m := range e.Rest {
			members = append(members, node("SelectSetNode", "select_query", m.Query, "set_operator", m.Op))
		}
		n = node("SelectSetQuery", "initial_select_query", e.First, "subsequent_select_queries", members,
			"limit", nil, "offset", nil, "limit_percent", nil, "limit_with_ties", nil)
	}
	n.limit(e.Limit)
	if e.With != nil {
		n.set("initial_select_query", withCTEs(n, e.With))
	}
	return n
}

// withCTEs adds the entries of WITH to the first SELECT of a query, and
// returns the first query of a set.
func withCTEs(n Node, with *ast.With) any {
	inner := n
	for inner.Class == "SelectSetQuery" {
		switch first := inner.Get("initial_select_query").(type) {
		case Node:
			inner = first
		case ast.Node:
			described := Of(first)
			inner.set("initial_select_query", described)
			inner = described
		}
	}
	inner.addCTEs(with)
	return n.Get("initial_select_query")
}

// joins describes tables as the chain that the reference makes of them.
func joins(tables []*ast.Join) Node {
	next := any(nil)
	var n Node
	for i := len(tables) - 1; i >= 0; i-- {
		n = join(tables[i], next)
		next = n
	}
	return n
}

func join(j *ast.Join, next any) Node {
	args := any(nil)
	if j.IsFunction {
		args = list(j.Args)
	}
	return node("JoinExpr", "join_type", optional(j.Type), "table", j.Table, "table_args", args, "alias", optionalText(j.Alias),
		"column_aliases", optionalTexts(j.Columns), "table_final", optional(j.Final), "constraint", optional(j.Constraint),
		"next_join", next, "sample", optional(j.Sample))
}
