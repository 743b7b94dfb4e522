package hogql

import "github.com/prickle-dev/prickle/hog/ast"

// expression describes an expression that is no part of SQL only.
func expression(e ast.Expr) Node {
	switch e := e.(type) {
	case *ast.Constant:
		return node("Constant", "value", constant(e), "is_sensitive", false)
	case *ast.Field:
		return field(texts(e.Chain))
	case *ast.Index:
		return node("ArrayAccess", "array", e.Object, "property", e.Key, "nullish", e.Nullish)
	case *ast.TupleIndex:
		return node("TupleAccess", "tuple", e.Tuple, "index", e.N, "nullish", e.Nullish)
	case *ast.Arithmetic:
		return node("ArithmeticOperation", "left", e.Left, "right", e.Right, "op", string(e.Op))
	case *ast.Compare:
		return node("CompareOperation", "left", e.Left, "right", e.Right, "op", string(e.Op), "is_null_comparison_style", optional(e.IsNull))
	case *ast.And:
		return node("And", "exprs", list(e.Operands))
	case *ast.Or:
		return node("Or", "exprs", list(e.Operands))
	case *ast.Not:
		return node("Not", "expr", e.Operand)
	case *ast.Between:
		return node("BetweenExpr", "expr", e.Operand, "low", e.Low, "high", e.High, "negated", e.Negated)
	case *ast.Array:
		return node("Array", "exprs", list(e.Items))
	case *ast.Tuple:
		return node("Tuple", "exprs", list(e.Items))
	case *ast.Placeholder:
		return node("Placeholder", "expr", e.Operand)
	case *ast.Alias:
		return node("Alias", "alias", e.Name.Text, "expr", e.Operand, "hidden", false, "from_asterisk", false)
	}
	return form(e)
}

func constant(e *ast.Constant) any {
	if e.Integer != nil {
		return e.Integer
	}
	return e.Value
}

func field(chain List) Node {
	return node("Field", "chain", chain, "from_asterisk", false)
}

func form(e ast.Expr) Node {
	switch e := e.(type) {
	case *ast.Call:
		return call(e)
	case *ast.ExprCall:
		return node("ExprCall", "expr", e.Callee, "args", list(e.Args))
	case *ast.Lambda:
		return node("Lambda", "args", texts(e.Params), "expr", e.Body)
	case *ast.Dict:
		items := List{}
		for _, item := range e.Items {
			items = append(items, List{item.Key, item.Value})
		}
		return node("Dict", "items", items)
	case *ast.Tag:
		attributes := List{}
		for _, a := range e.Attributes {
			attributes = append(attributes, node("HogQLXAttribute", "name", a.Name.Text, "value", attribute(a)))
		}
		return node("HogQLXTag", "kind", e.Name.Text, "attributes", attributes)
	}
	return sqlExpression(e)
}

func attribute(a ast.Attribute) any {
	if a.Children != nil {
		return list(a.Children)
	}
	return a.Value
}

func call(e *ast.Call) Node {
	args, params := list(e.Args), any(nil)
	switch {
	case e.Parametric:
		params = list(e.Params)
	case e.WithinGroup != nil:
		args, params = List{}, args
	}
	return node("Call", "name", e.Name.Text, "args", args, "params", params, "distinct", e.Distinct,
		"within_group", optionalList(e.WithinGroup), "order_by", optionalList(e.OrderBy), "filter_expr", optional(e.Filter))
}

func sqlExpression(e ast.Expr) Node {
	switch e := e.(type) {
	case *ast.Star:
		return star(e)
	case *ast.Columns:
		return columns(e)
	case *ast.Spread:
		return node("SpreadExpr", "expr", e.Operand)
	case *ast.Position:
		return node("PositionalRef", "index", e.N)
	case *ast.Cast:
		class := "TypeCast"
		if e.Try {
			class = "TryCast"
		}
		return node(class, "expr", e.Operand, "type_name", e.Type.Text)
	case *ast.Slice:
		return node("ArraySlice", "array", e.Object, "start_expr", optional(e.Low), "end_expr", optional(e.High))
	case *ast.DistinctFrom:
		return node("IsDistinctFrom", "left", e.Left, "right", e.Right, "negated", e.Negated)
	case *ast.IgnoreNulls:
		return Of(e.Operand)
	case *ast.NamedArg:
		return node("NamedArgument", "name", e.Name.Text, "value", e.Value)
	case *ast.Over:
		return over(e)
	case *ast.GroupingSet:
		return node("GroupingSet", "exprs", list(e.Items))
	}
	return query(e)
}

// star is a field, unless columns are left out of it or replaced.
func star(e *ast.Star) Node {
	if len(e.Exclude) == 0 && len(e.Replace) == 0 {
		return field(append(texts(e.Qualifier), "*"))
	}
	exclude, replace := any(nil), any(nil)
	if len(e.Exclude) > 0 {
		names := List{}
		for _, f := range e.Exclude {
			names = append(names, dotted(f.Chain))
		}
		exclude = names
	}
	if len(e.Replace) > 0 {
		names := Map{}
		for _, a := range e.Replace {
			names = append(names, Field{a.Name.Text, a.Operand})
		}
		replace = byName(names)
	}
	return node("ColumnsExpr", "regex", nil, "columns", nil, "all_columns", true, "exclude", exclude, "replace", replace)
}

func columns(e *ast.Columns) Node {
	if len(e.List) == 1 {
		if s, ok := e.List[0].(*ast.Star); ok && len(s.Replace) > 0 {
			return star(s)
		}
	}
	regex := any(nil)
	if e.Pattern != nil {
		regex = e.Pattern.Value
	}
	return node("ColumnsExpr", "regex", regex, "columns", optionalList(e.List), "all_columns", false, "exclude", nil, "replace", nil)
}

// over describes a call over a window. DISTINCT and FILTER of the call have no
// field in the reference's class and are lost.
func over(e *ast.Over) Node {
	exprs, args := list(e.Call.Args), List{}
	if e.Call.Parametric {
		exprs, args = list(e.Call.Params), exprs
	}
	return node("WindowFunction", "name", e.Call.Name.Text, "args", args, "exprs", exprs,
		"over_expr", optional(e.Window), "over_identifier", optionalText(e.Name))
}
