package ast

import "strings"

// joins prints a condition right behind its table, which reads the same as
// behind tables that are joined to that one.
func (w *printer) joins(list []*Join) {
	for i, j := range list {
		if i > 0 {
			w.put(" ")
			if j.Natural {
				w.put("natural ")
			}
			w.put(joinWords(j.Type), " ")
		}
		w.table(j)
		if j.Constraint != nil {
			word := " on "
			if j.Constraint.Using {
				word = " using "
			}
			w.optional(word, j.Constraint.Expr)
		}
	}
}

// joinWords is the type of a join as it is written: two kinds stand first.
func joinWords(typ string) string {
	for _, kind := range []string{"SEMI", "ANTI"} {
		if side, ok := strings.CutSuffix(typ, " "+kind+" ASOF JOIN"); ok {
			return "ASOF " + kind + " " + side + " JOIN"
		}
	}
	return typ
}

func (w *printer) table(j *Join) {
	w.expr(j.Table)
	if j.IsFunction {
		w.list("(", j.Args, ")")
	}
	if j.Alias != nil {
		w.put(" as ", Quote(j.Alias.Text))
		if j.Columns != nil {
			w.names(j.Columns)
		}
	}
	if j.Final {
		w.put(" final")
	}
	if j.Sample != nil {
		w.put(" sample ")
		w.ratio(j.Sample.Size)
		if j.Sample.Offset != nil {
			w.put(" offset ")
			w.ratio(j.Sample.Offset)
		}
	}
}

func (w *printer) ratio(r *Ratio) {
	w.expr(r.Left)
	if r.Right != nil {
		w.put("/")
		w.expr(r.Right)
	}
}

// pivoted prints the table of a pivot. Joined tables stand in parentheses, a
// table with an alias does not, because an alias of the pivot may follow.
func (w *printer) pivoted(e Expr) {
	j, ok := e.(*Joined)
	if ok && len(j.Tables) == 1 && !j.Tables[0].Final && j.Tables[0].Sample == nil && (j.Tables[0].Alias != nil || j.Tables[0].IsFunction) {
		w.table(j.Tables[0])
		return
	}
	if ok {
		w.put("(")
		w.joins(j.Tables)
		w.put(")")
		return
	}
	w.expr(e)
}

// Columns of a pivot have no parentheses of their own: in front of FOR and IN these make a tuple.
func (w *printer) pivot(e *Pivot) {
	w.pivoted(e.Table)
	w.put(" pivot (")
	for i, a := range e.Aggregates {
		w.comma(i)
		w.operand(a)
	}
	w.put(" for")
	for _, c := range e.Columns {
		w.put(" ")
		w.expr(c.Column)
		w.list(" in (", c.Values, ")")
	}
	if len(e.GroupBy) > 0 {
		w.list(" group by ", e.GroupBy, "")
	}
	w.put(")")
}

func (w *printer) unpivot(e *Unpivot) {
	w.pivoted(e.Table)
	w.put(" unpivot ")
	if e.IncludeNulls {
		w.put("include nulls ")
	}
	w.put("(")
	for i, c := range e.Columns {
		w.comma(i)
		w.expr(c.Values)
		w.put(" for ")
		w.expr(c.Names)
		w.list(" in (", c.Columns, ")")
		for _, more := range c.More {
			w.put(" ")
			w.expr(more.Column)
			w.list(" in (", more.Values, ")")
		}
	}
	w.put(")")
}

func (w *printer) groupBy(g *GroupBy) {
	if g == nil {
		return
	}
	switch {
	case g.Mode == GroupAll:
		w.put(" group by all")
	case g.Mode == GroupSets:
		w.list(" group by grouping sets (", g.Items, ")")
	case g.Mode != GroupPlain:
		w.list(" group by "+string(g.Mode)+" (", g.Items, ")")
	case len(g.Items) > 0:
		w.put(" group by ")
		for i, e := range g.Items {
			w.comma(i)
			w.operand(e)
		}
	}
	if g.Modifier != "" {
		w.put(" with ", strings.ToLower(g.Modifier))
	}
	if g.Totals {
		w.put(" with totals")
	}
}

func (w *printer) orderBy(o *OrderBy) {
	if o == nil {
		return
	}
	w.put(" order by ")
	w.orders(o.List)
	if !o.HasInterpolate {
		return
	}
	w.put(" interpolate")
	for i, n := range o.Interpolate {
		if i == 0 {
			w.put(" (")
		}
		w.comma(i)
		w.operand(n.Expr)
		w.optional(" as ", n.Value)
		if i == len(o.Interpolate)-1 {
			w.put(")")
		}
	}
}

func (w *printer) orders(list []*Order) {
	for i, o := range list {
		w.comma(i)
		w.operand(o.Expr)
		if o.Descending {
			w.put(" desc")
		}
		if o.Nulls != "" {
			w.put(" nulls ", strings.ToLower(o.Nulls))
		}
		if o.Collate != nil {
			w.put(" collate ")
			w.constant(o.Collate)
		}
		if o.Fill != nil {
			w.put(" with fill")
			w.optional(" from ", o.Fill.From)
			w.optional(" to ", o.Fill.To)
			w.optional(" step ", o.Fill.Step)
		}
	}
}

func (w *printer) limitBy(l *LimitBy) {
	if l == nil {
		return
	}
	w.optional(" limit ", l.Count)
	w.optional(" offset ", l.Offset)
	w.put(" by ")
	for i, e := range l.By {
		w.comma(i)
		w.operand(e)
	}
}

func (w *printer) limit(l *Limit) {
	if l == nil {
		return
	}
	w.optional(" limit ", l.Count)
	if l.Percent {
		w.put(" %")
	}
	if !l.OffsetWord {
		w.optional(", ", l.Offset)
	}
	if l.WithTies {
		w.put(" with ties")
	}
	if l.OffsetWord {
		w.optional(" offset ", l.Offset)
	}
}

func (w *printer) window(n *Window) {
	w.put("(")
	space := ""
	if len(n.PartitionBy) > 0 {
		w.put("partition by ")
		for i, e := range n.PartitionBy {
			w.comma(i)
			w.operand(e)
		}
		space = " "
	}
	if len(n.OrderBy) > 0 {
		w.put(space, "order by ")
		w.orders(n.OrderBy)
		space = " "
	}
	if f := n.Frame; f != nil {
		w.put(space, strings.ToLower(f.Method), " ")
		if f.End != nil {
			w.put("between ")
			w.bound(f.Start)
			w.put(" and ")
			w.bound(f.End)
		} else {
			w.bound(f.Start)
		}
	}
	w.put(")")
}

func (w *printer) bound(b *FrameBound) {
	switch {
	case b.Value != nil:
		w.operand(b.Value)
		w.put(" ")
	case b.Type != "CURRENT ROW":
		w.put("unbounded ")
	}
	w.put(strings.ToLower(b.Type))
}
