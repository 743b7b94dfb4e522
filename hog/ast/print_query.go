package ast

import "strconv"

// sql prints an expression that means something in SQL only.
func (w *printer) sql(e Expr) {
	switch e := e.(type) {
	case *Star:
		w.star(e)
	case *Columns:
		w.columns(e)
	case *Spread:
		w.put("*")
		w.columns(e.Operand)
	case *Position:
		w.put("#", strconv.FormatInt(e.N, 10))
	case *Cast:
		w.cast(e)
	case *Slice:
		w.operand(e.Object)
		w.put("[")
		w.optional("", e.Low)
		w.put(":")
		w.optional("", e.High)
		w.put("]")
	case *DistinctFrom:
		op := "is distinct from"
		if e.Negated {
			op = "is not distinct from"
		}
		w.infix(e.Left, op, e.Right)
	case *IgnoreNulls:
		w.operand(e.Operand)
		w.put(" ignore nulls")
	case *NamedArg:
		w.put(Quote(e.Name.Text), " := ")
		w.expr(e.Value)
	case *Over:
		w.over(e)
	case *GroupingSet:
		w.list("(", e.Items, ")")
	default:
		w.query(e)
	}
}

// optional prints an expression that may be missing, in parentheses where it
// needs them, behind its word.
func (w *printer) optional(word string, e Expr) {
	if e != nil {
		w.put(word)
		w.operand(e)
	}
}

// star prints one that replaces columns in parentheses, as it must be written.
func (w *printer) star(e *Star) {
	if len(e.Replace) > 0 && e.Qualifier == nil {
		w.put("(")
		defer w.put(")")
	}
	for _, name := range e.Qualifier {
		w.put(Quote(name.Text), ".")
	}
	w.put("*")
	if len(e.Exclude) > 0 {
		w.put(" exclude (")
		for i, f := range e.Exclude {
			w.comma(i)
			w.expr(f)
		}
		w.put(")")
	}
	if len(e.Replace) > 0 {
		w.put(" replace (")
		for i, a := range e.Replace {
			w.comma(i)
			w.expr(a)
		}
		w.put(")")
	}
}

func (w *printer) comma(i int) {
	if i > 0 {
		w.put(", ")
	}
}

func (w *printer) columns(e *Columns) {
	w.put("columns(")
	switch {
	case e.Pattern != nil:
		w.constant(e.Pattern)
	case len(e.List) == 1:
		if s, ok := e.List[0].(*Star); ok && len(s.Replace) > 0 && s.Qualifier == nil {
			bare := *s
			bare.Replace = nil
			w.star(&bare)
			w.put(" replace (")
			for i, a := range s.Replace {
				w.comma(i)
				w.expr(a)
			}
			w.put(")")
			break
		}
		fallthrough
	default:
		w.list("", e.List, "")
	}
	w.put(")")
}

// cast prints the type as one name, in quotes if it has several parts, which
// means the same.
func (w *printer) cast(e *Cast) {
	if e.Try {
		w.put("try_")
	}
	w.put("cast(")
	w.operand(e.Operand)
	w.put(" as ", Quote(e.Type.Text), ")")
}

func (w *printer) over(e *Over) {
	w.call(e.Call)
	w.put(" over ")
	if e.Window != nil {
		w.window(e.Window)
	} else {
		w.put(Quote(e.Name.Text))
	}
}

func (w *printer) query(e Expr) {
	switch e := e.(type) {
	case *Select:
		w.put("(")
		w.sel(e)
		w.put(")")
	case *SetQuery:
		w.put("(")
		w.set(e)
		w.put(")")
	case *Values:
		w.put("(values ")
		for i, row := range e.Rows {
			w.comma(i)
			w.list("(", row, ")")
		}
		w.put(")")
	case *Joined:
		w.joins(e.Tables)
	case *Pivot:
		w.pivot(e)
	case *Unpivot:
		w.unpivot(e)
	}
}

// set prints every query in parentheses of its own.
func (w *printer) set(e *SetQuery) {
	if e.With != nil {
		w.with(e.With)
		w.put("(")
	}
	w.expr(e.First)
	for _, m := range e.Rest {
		w.put(" ", m.Op, " ")
		w.expr(m.Query)
	}
	w.orderBy(e.OrderBy)
	w.limit(e.Limit)
	if e.With != nil {
		w.put(")")
	}
}

func (w *printer) sel(e *Select) {
	if e.With != nil {
		w.with(e.With)
	}
	w.put("select ")
	if e.Distinct {
		w.put("distinct ")
	}
	for i, column := range e.Columns {
		w.comma(i)
		w.column(column)
	}
	if len(e.From) > 0 {
		w.put(" from ")
		w.joins(e.From)
	}
	if e.ArrayJoin != nil {
		w.put(" ", e.ArrayJoin.Type, " ")
		w.list("", e.ArrayJoin.List, "")
	}
	w.optional(" prewhere ", e.Prewhere)
	w.optional(" where ", e.Where)
	w.groupBy(e.GroupBy)
	w.optional(" having ", e.Having)
	w.optional(" qualify ", e.Qualify)
	for i, window := range e.Windows {
		if i == 0 {
			w.put(" window ")
		}
		w.comma(i)
		w.put(Quote(window.Name.Text), " as ")
		w.window(window)
	}
	w.orderBy(e.OrderBy)
	w.limitBy(e.LimitBy)
	w.limit(e.Limit)
}

// column prints a column so that its words are not read as those of a clause.
func (w *printer) column(e Expr) {
	switch e := e.(type) {
	case *Star, *Alias, *NamedArg:
		w.expr(e)
	default:
		w.operand(e)
	}
}

func (w *printer) with(e *With) {
	w.put("with ")
	if e.Recursive {
		w.put("recursive ")
	}
	for i, c := range e.List {
		w.comma(i)
		if !c.Subquery {
			w.operand(c.Expr)
			w.put(" as ", Quote(c.Name.Text))
			continue
		}
		w.put(Quote(c.Name.Text))
		if c.Columns != nil {
			w.names(c.Columns)
		}
		if c.UsingKey != nil {
			w.put(" using key ")
			w.names(c.UsingKey)
		}
		w.put(" as ")
		switch c.Materialized {
		case MaterializedYes:
			w.put("materialized ")
		case MaterializedNo:
			w.put("not materialized ")
		}
		w.inParentheses(c.Expr)
	}
	w.put(" ")
}

// inParentheses prints a query, which has its own parentheses, or a
// placeholder in its place.
func (w *printer) inParentheses(e Expr) {
	if _, ok := e.(*Placeholder); ok {
		w.put("(")
		w.expr(e)
		w.put(")")
		return
	}
	w.expr(e)
}
