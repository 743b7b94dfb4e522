package hogql

import "github.com/prickle-dev/prickle/hog/ast"

// clause describes a part of a query that is no expression.
func clause(n ast.Node) Node {
	switch n := n.(type) {
	case *ast.Join:
		return join(n, nil)
	case *ast.Constraint:
		kind := "ON"
		if n.Using {
			kind = "USING"
		}
		return node("JoinConstraint", "expr", n.Expr, "constraint_type", kind)
	case *ast.Sample:
		return node("SampleExpr", "sample_value", ratio(n.Size), "offset_value", ratio(n.Offset))
	case *ast.PivotColumn:
		return node("PivotColumn", "column", n.Column, "values", list(n.Values))
	case *ast.UnpivotColumn:
		return node("UnpivotColumn", "value_columns", n.Values, "name_columns", n.Names, "unpivot_values", list(n.Columns))
	case *ast.Window:
		return window(n)
	case *ast.FrameBound:
		return node("WindowFrameExpr", "frame_type", n.Type, "frame_value", frameValue(n.Value))
	case *ast.Order:
		direction := "ASC"
		if n.Descending {
			direction = "DESC"
		}
		return node("OrderExpr", "expr", n.Expr, "order", direction, "with_fill", optional(n.Fill))
	case *ast.Fill:
		return node("WithFillExpr", "from_value", optional(n.From), "to_value", optional(n.To), "step_value", optional(n.Step))
	case *ast.Interpolation:
		return node("InterpolateExpr", "expr", n.Expr, "value", optional(n.Value))
	case *ast.LimitBy:
		return node("LimitByExpr", "n", n.Count, "exprs", list(n.By), "offset_value", optional(n.Offset))
	}
	return Node{}
}

// ratio describes a part of SAMPLE; a placeholder stands for all of it.
func ratio(r *ast.Ratio) any {
	if r == nil {
		return nil
	}
	if _, ok := r.Left.(*ast.Placeholder); ok {
		return r.Left
	}
	return node("RatioExpr", "left", r.Left, "right", optional(r.Right))
}

func window(w *ast.Window) Node {
	method, start, end := any(nil), any(nil), any(nil)
	if w.Frame != nil {
		method, start, end = w.Frame.Method, optional(w.Frame.Start), optional(w.Frame.End)
	}
	return node("WindowExpr", "partition_by", optionalList(w.PartitionBy), "order_by", optionalList(w.OrderBy),
		"frame_method", method, "frame_start", start, "frame_end", end)
}

// frameValue is the number itself for a literal.
func frameValue(e ast.Expr) any {
	if c, ok := e.(*ast.Constant); ok {
		return c.Value
	}
	return optional(e)
}
