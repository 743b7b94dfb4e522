package ast

// Parts of a Select that are no expressions.
type (
	// ArrayJoin is ARRAY JOIN; Type is "ARRAY JOIN", "LEFT ARRAY JOIN" or "INNER ARRAY JOIN".
	ArrayJoin struct {
		Place
		Type string
		List []Expr
	}
	// GroupBy is GROUP BY. Items are *GroupingSet in the mode of that name and
	// empty in the mode "all".
	GroupBy struct {
		Place
		Mode  GroupMode
		Items []Expr
		// Modifier is CUBE or ROLLUP behind WITH, or empty.
		Modifier string
		Totals   bool
	}
	// GroupingSet is one of the lists of GROUPING SETS.
	GroupingSet struct {
		Place
		Items []Expr
	}
	// Window is a definition of a window; Name is nil when it stands in OVER itself.
	Window struct {
		Place
		Name        *Name
		PartitionBy []Expr
		OrderBy     []*Order
		Frame       *Frame
	}
	// Frame is ROWS or RANGE with its bounds; End may be nil.
	Frame struct {
		Place
		Method     string
		Start, End *FrameBound
	}
	// FrameBound is one end of a Frame. Type is "CURRENT ROW", "PRECEDING" or
	// "FOLLOWING"; Value is nil for CURRENT ROW and for UNBOUNDED.
	FrameBound struct {
		Place
		Type  string
		Value Expr
	}
	// OrderBy is ORDER BY.
	OrderBy struct {
		Place
		List []*Order
		// HasInterpolate is set for INTERPOLATE also without a list.
		HasInterpolate bool
		Interpolate    []*Interpolation
	}
	// Order is one item of ORDER BY. Nulls is FIRST, LAST or empty.
	Order struct {
		Place
		Expr       Expr
		Descending bool
		Nulls      string
		Collate    *Constant
		Fill       *Fill
	}
	// Fill is WITH FILL; each part may be nil.
	Fill struct {
		Place
		From, To, Step Expr
	}
	// Interpolation is Expr AS Value in INTERPOLATE; Value may be nil.
	Interpolation struct {
		Place
		Expr, Value Expr
	}
	// LimitBy is LIMIT Count OFFSET Offset BY By; Offset may be nil.
	LimitBy struct {
		Place
		Count, Offset Expr
		By            []Expr
	}
	// Limit is LIMIT Count OFFSET Offset; either may be nil, but not both.
	// Without OffsetWord the offset was written behind a comma.
	Limit struct {
		Place
		Count, Offset Expr
		OffsetWord    bool
		Percent       bool
		WithTies      bool
	}
)

// GroupMode is the form of a GROUP BY.
type GroupMode string

// The values of GroupMode. Cube and Rollup are the forms CUBE (a, b) and ROLLUP (a, b).
const (
	GroupPlain  GroupMode = ""
	GroupAll    GroupMode = "all"
	GroupCube   GroupMode = "cube"
	GroupRollup GroupMode = "rollup"
	GroupSets   GroupMode = "grouping_sets"
)

func (*GroupingSet) expr() {}
