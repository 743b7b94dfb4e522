package ast

import "math/big"

// Expression nodes.
type (
	// Constant is a literal. Value is nil, bool, int64, float64 or string;
	// Integer is what was written when that is an integer too large for int64, and
	// nil otherwise; Value is then the float64 next to it.
	Constant struct {
		Place
		Value   any
		Integer *big.Int
	}
	// Field is a name, or names joined by dots from the start of an expression.
	Field struct {
		Place
		Chain []Name
	}
	// Index is Object[Key], Object.key with a constant key, or with "?.".
	Index struct {
		Place
		Object  Expr
		Key     Expr
		Nullish bool
	}
	// TupleIndex is Tuple.N.
	TupleIndex struct {
		Place
		Tuple   Expr
		N       int64
		Nullish bool
	}
	// Arithmetic is a binary operation with a number as its result.
	Arithmetic struct {
		Place
		Op          Op
		Left, Right Expr
	}
	// Compare is a binary operation with a truth value as its result. IsNull
	// marks one that was written `is null` or `is not null`.
	Compare struct {
		Place
		Op          Op
		Left, Right Expr
		IsNull      bool
	}
	// And is true when all operands are.
	And struct {
		Place
		Operands []Expr
	}
	// Or is true when any operand is.
	Or struct {
		Place
		Operands []Expr
	}
	// Not negates a truth value.
	Not struct {
		Place
		Operand Expr
	}
	// Between is Low <= Operand <= High, or its opposite.
	Between struct {
		Place
		Operand, Low, High Expr
		Negated            bool
	}
	// Call is a call by name. Written with two argument lists, f(a)(b), the
	// first is Params and the second Args, and Parametric is set. The fields
	// after these are for aggregates of SQL.
	Call struct {
		Place
		Name        Name
		Params      []Expr
		Parametric  bool
		Args        []Expr
		Distinct    bool
		OrderBy     []*Order
		WithinGroup []*Order
		Filter      Expr
	}
	// ExprCall calls the value of an expression.
	ExprCall struct {
		Place
		Callee Expr
		Args   []Expr
	}
	// Lambda is a function without a name; Body is an Expr or a *Block.
	Lambda struct {
		Place
		Params []Name
		Body   Node
	}
	// Array is [a, b].
	Array struct {
		Place
		Items []Expr
	}
	// Tuple is (a, b) or (a,).
	Tuple struct {
		Place
		Items []Expr
	}
	// Dict is {key: value}.
	Dict struct {
		Place
		Items []DictItem
	}
	// DictItem is one entry of a Dict; the key is an expression.
	DictItem struct{ Key, Value Expr }
	// Placeholder is {e} where a value is expected.
	Placeholder struct {
		Place
		Operand Expr
	}
	// Alias is e as name.
	Alias struct {
		Place
		Operand Expr
		Name    Name
	}
	// Tag is <name attr='x'>children</name>; children are the attribute "children".
	Tag struct {
		Place
		Name       Name
		Attributes []Attribute
	}
	// Attribute is one attribute of a Tag. Children holds the values of the
	// attribute "children" when they were written between the tags.
	Attribute struct {
		Name     Name
		Value    Expr
		Children []Expr
	}
)

func (*Constant) expr()    {}
func (*Field) expr()       {}
func (*Index) expr()       {}
func (*TupleIndex) expr()  {}
func (*Arithmetic) expr()  {}
func (*Compare) expr()     {}
func (*And) expr()         {}
func (*Or) expr()          {}
func (*Not) expr()         {}
func (*Between) expr()     {}
func (*Call) expr()        {}
func (*ExprCall) expr()    {}
func (*Lambda) expr()      {}
func (*Array) expr()       {}
func (*Tuple) expr()       {}
func (*Dict) expr()        {}
func (*Placeholder) expr() {}
func (*Alias) expr()       {}
func (*Tag) expr()         {}

// Op is an operator in its usual spelling.
type Op string

// Operators. Other spellings of them, such as `=` and `<>`, do not reach the tree.
const (
	Add Op = "+"
	Sub Op = "-"
	Mul Op = "*"
	Div Op = "/"
	Mod Op = "%"

	Eq          Op = "=="
	NotEq       Op = "!="
	Lt          Op = "<"
	LtEq        Op = "<="
	Gt          Op = ">"
	GtEq        Op = ">="
	Like        Op = "like"
	NotLike     Op = "not like"
	ILike       Op = "ilike"
	NotILike    Op = "not ilike"
	In          Op = "in"
	NotIn       Op = "not in"
	InCohort    Op = "in cohort"
	NotInCohort Op = "not in cohort"
	Regex       Op = "=~"
	NotRegex    Op = "!~"
	IRegex      Op = "=~*"
	NotIRegex   Op = "!~*"
)
