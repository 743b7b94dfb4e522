package ast

// Query nodes. A query is a *Select, a *SetQuery, a *Placeholder or, where a
// table is expected, a *Values. Everything here is a value when the program
// runs: the tree of the query, not its rows.
type (
	// Select is one SELECT.
	Select struct {
		Place
		With      *With
		Distinct  bool
		Columns   []Expr
		From      []*Join // a table, then what is joined to it; may be empty
		ArrayJoin *ArrayJoin
		Prewhere  Expr
		Where     Expr
		GroupBy   *GroupBy
		Having    Expr
		Qualify   Expr
		Windows   []*Window
		OrderBy   *OrderBy
		LimitBy   *LimitBy
		Limit     *Limit
	}
	// SetQuery joins the rows of queries: First, then each of Rest by its operator.
	// With stands before them all, OrderBy and Limit behind. Rest is empty for
	// one query in parentheses that has any of these around it.
	SetQuery struct {
		Place
		With    *With
		First   Expr
		Rest    []*SetMember
		OrderBy *OrderBy
		Limit   *Limit
	}
	// SetMember is one more query of a SetQuery. Op is for instance
	// "UNION ALL" or "EXCEPT BY NAME"; a lone UNION is "UNION DISTINCT".
	SetMember struct {
		Place
		Op    string
		Query Expr
	}
	// Values is VALUES (1, 2), (3, 4) as a table.
	Values struct {
		Place
		Rows [][]Expr
	}
	// With is the list of named expressions and queries before SELECT.
	With struct {
		Place
		Recursive bool
		List      []*CTE
	}
	// CTE is one entry of With: name AS (query), or expression AS name. The
	// expression is a query in the first case, which Subquery tells.
	CTE struct {
		Place
		Name         Name
		Expr         Expr
		Subquery     bool
		Columns      []Name
		UsingKey     []Name
		Materialized Materialized
	}
	// Join is one table of FROM. The first has no Type; that of the others is
	// for instance "LEFT JOIN", or "CROSS JOIN" for a comma.
	Join struct {
		Place
		Type    string
		Natural bool
		// Table is a *Field, a query, a *Values, a *Tag, a *Placeholder, a
		// *Pivot or an *Unpivot.
		Table Expr
		// Args are the arguments of a table function; IsFunction is also set
		// for one without arguments.
		IsFunction bool
		Args       []Expr
		Alias      *Name
		Columns    []Name
		Final      bool
		Sample     *Sample
		Constraint *Constraint
	}
	// Constraint is ON e, or USING e where several columns are a *Tuple.
	Constraint struct {
		Place
		Using bool
		Expr  Expr
	}
	// Sample is SAMPLE Size OFFSET Offset; Offset may be nil.
	Sample struct {
		Place
		Size, Offset *Ratio
	}
	// Ratio is Left/Right; Right may be nil. Left may be a *Placeholder.
	Ratio struct {
		Place
		Left, Right Expr
	}
	// Joined is joined tables as the one table of a Pivot or Unpivot.
	Joined struct {
		Place
		Tables []*Join
	}
	// Pivot turns values of columns into columns.
	Pivot struct {
		Place
		Table      Expr
		Aggregates []Expr
		Columns    []*PivotColumn
		GroupBy    []Expr
	}
	// PivotColumn is Column IN (Values) of a Pivot.
	PivotColumn struct {
		Place
		Column Expr
		Values []Expr
	}
	// Unpivot turns columns into rows.
	Unpivot struct {
		Place
		Table        Expr
		IncludeNulls bool
		Columns      []*UnpivotColumn
	}
	// UnpivotColumn is Values FOR Names IN (Columns), and the pairs that may follow.
	UnpivotColumn struct {
		Place
		Values, Names Expr
		Columns       []Expr
		More          []*PivotColumn
	}
)

// Materialized says what a CTE was written with.
type Materialized int8

// The values of Materialized.
const (
	MaterializedUnsaid Materialized = iota
	MaterializedYes
	MaterializedNo
)

func (*Select) expr()   {}
func (*SetQuery) expr() {}
func (*Values) expr()   {}
func (*Joined) expr()   {}
func (*Pivot) expr()    {}
func (*Unpivot) expr()  {}
