package ast

// optional adds a node that may be missing.
func optional[T any, P interface {
	*T
	Node
}](c *children, node P) {
	if node != nil {
		c.add(node)
	}
}

// addAll adds a list of nodes.
func addAll[T Node](c *children, list []T) {
	for _, node := range list {
		c.add(node)
	}
}

// sql gathers the nodes inside of an expression that means something in SQL only.
func (c *children) sql(e Expr) {
	switch e := e.(type) {
	case *Star:
		addAll(c, e.Exclude)
		addAll(c, e.Replace)
	case *Columns:
		optional(c, e.Pattern)
		c.exprs(e.List...)
	case *Spread:
		c.add(e.Operand)
	case *Cast:
		c.exprs(e.Operand)
	case *Slice:
		c.exprs(e.Object, e.Low, e.High)
	case *DistinctFrom:
		c.exprs(e.Left, e.Right)
	case *IgnoreNulls:
		c.exprs(e.Operand)
	case *NamedArg:
		c.exprs(e.Value)
	case *Over:
		c.add(e.Call)
		optional(c, e.Window)
	case *GroupingSet:
		c.exprs(e.Items...)
	default:
		c.query(e)
	}
}

func (c *children) query(e Expr) {
	switch e := e.(type) {
	case *Select:
		c.sel(e)
	case *SetQuery:
		optional(c, e.With)
		c.exprs(e.First)
		addAll(c, e.Rest)
		optional(c, e.OrderBy)
		optional(c, e.Limit)
	case *Values:
		for _, row := range e.Rows {
			c.exprs(row...)
		}
	case *Joined:
		addAll(c, e.Tables)
	case *Pivot:
		c.exprs(e.Table)
		c.exprs(e.Aggregates...)
		addAll(c, e.Columns)
		c.exprs(e.GroupBy...)
	case *Unpivot:
		c.exprs(e.Table)
		addAll(c, e.Columns)
	}
}

func (c *children) sel(e *Select) {
	optional(c, e.With)
	c.exprs(e.Columns...)
	addAll(c, e.From)
	optional(c, e.ArrayJoin)
	c.exprs(e.Prewhere, e.Where)
	optional(c, e.GroupBy)
	c.exprs(e.Having, e.Qualify)
	addAll(c, e.Windows)
	optional(c, e.OrderBy)
	optional(c, e.LimitBy)
	optional(c, e.Limit)
}

// clause gathers the nodes inside of a part of a query that is no expression.
func (c *children) clause(node Node) {
	switch n := node.(type) {
	case *SetMember:
		c.exprs(n.Query)
	case *With:
		addAll(c, n.List)
	case *CTE:
		c.exprs(n.Expr)
	case *Join:
		c.exprs(n.Table)
		c.exprs(n.Args...)
		optional(c, n.Sample)
		optional(c, n.Constraint)
	case *Constraint:
		c.exprs(n.Expr)
	case *Sample:
		optional(c, n.Size)
		optional(c, n.Offset)
	case *Ratio:
		c.exprs(n.Left, n.Right)
	case *PivotColumn:
		c.exprs(n.Column)
		c.exprs(n.Values...)
	case *UnpivotColumn:
		c.exprs(n.Values, n.Names)
		c.exprs(n.Columns...)
		addAll(c, n.More)
	default:
		c.smallClause(node)
	}
}

func (c *children) smallClause(node Node) {
	switch n := node.(type) {
	case *ArrayJoin:
		c.exprs(n.List...)
	case *GroupBy:
		c.exprs(n.Items...)
	case *Window:
		c.exprs(n.PartitionBy...)
		addAll(c, n.OrderBy)
		optional(c, n.Frame)
	case *Frame:
		optional(c, n.Start)
		optional(c, n.End)
	case *FrameBound:
		c.exprs(n.Value)
	case *OrderBy:
		addAll(c, n.List)
		addAll(c, n.Interpolate)
	case *Order:
		c.exprs(n.Expr)
		optional(c, n.Collate)
		optional(c, n.Fill)
	case *Fill:
		c.exprs(n.From, n.To, n.Step)
	case *Interpolation:
		c.exprs(n.Expr, n.Value)
	case *LimitBy:
		c.exprs(n.Count, n.Offset)
		c.exprs(n.By...)
	case *Limit:
		c.exprs(n.Count, n.Offset)
	}
}
