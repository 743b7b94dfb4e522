package ast

// Expressions that mean something in SQL only.
type (
	// Star is *, or a.b.* with a Qualifier, without the columns in Exclude and
	// with those in Replace computed anew.
	Star struct {
		Place
		Qualifier []Name
		Exclude   []*Field
		Replace   []*Alias
	}
	// Columns is COLUMNS('pattern') or COLUMNS(list); List is nil for a pattern.
	Columns struct {
		Place
		Pattern *Constant
		List    []Expr
	}
	// Spread is * before COLUMNS.
	Spread struct {
		Place
		Operand *Columns
	}
	// Position is #N, the N-th column of the result.
	Position struct {
		Place
		N int64
	}
	// Cast is CAST(Operand AS Type), TRY_CAST(...) when Try is set, or
	// Operand::Type. The name of the type is in lower case.
	Cast struct {
		Place
		Operand Expr
		Type    Name
		Try     bool
	}
	// Slice is Object[Low:High]; either bound may be nil.
	Slice struct {
		Place
		Object, Low, High Expr
	}
	// DistinctFrom is Left IS DISTINCT FROM Right, which takes null for a
	// value like others. Left <=> Right is its negation.
	DistinctFrom struct {
		Place
		Left, Right Expr
		Negated     bool
	}
	// IgnoreNulls is Operand IGNORE NULLS.
	IgnoreNulls struct {
		Place
		Operand Expr
	}
	// NamedArg is Name := Value where a value is expected.
	NamedArg struct {
		Place
		Name  Name
		Value Expr
	}
	// Over is a call over a window: Window, or the one that Name refers to.
	Over struct {
		Place
		Call   *Call
		Window *Window
		Name   *Name
	}
)

func (*Star) expr()         {}
func (*Columns) expr()      {}
func (*Spread) expr()       {}
func (*Position) expr()     {}
func (*Cast) expr()         {}
func (*Slice) expr()        {}
func (*DistinctFrom) expr() {}
func (*IgnoreNulls) expr()  {}
func (*NamedArg) expr()     {}
func (*Over) expr()         {}
