package parser_test

import (
	"math"
	"strconv"

	"github.com/prickle-dev/prickle/hog/ast"
)

type object = map[string]any

// referenceProgram gives a program the shape that the reference parser answers with.
func referenceProgram(p *ast.Program) object {
	return object{"node": "Program", "declarations": stmts(p.Body)}
}

func stmts(list []ast.Stmt) []any {
	out := []any{}
	for _, s := range list {
		out = append(out, stmt(s))
	}
	return out
}

func stmt(s ast.Stmt) any {
	switch s := s.(type) {
	case nil:
		return nil
	case *ast.Let:
		return object{"node": "VariableDeclaration", "name": s.Name.Text, "expr": expr(s.Value)}
	case *ast.Assign:
		return object{"node": "VariableAssignment", "left": expr(s.Target), "right": expr(s.Value)}
	case *ast.ExprStmt:
		return object{"node": "ExprStatement", "expr": expr(s.Expr)}
	case *ast.Block:
		return object{"node": "Block", "declarations": stmts(s.Body)}
	case *ast.If:
		return object{"node": "IfStatement", "expr": expr(s.Cond), "then": stmt(s.Then), "else_": stmt(s.Else)}
	case *ast.While:
		return object{"node": "WhileStatement", "expr": expr(s.Cond), "body": stmt(s.Body)}
	case *ast.For:
		return object{"node": "ForStatement", "initializer": bare(s.Init), "condition": expr(s.Cond), "increment": bare(s.Step), "body": stmt(s.Body)}
	case *ast.ForIn:
		return object{"node": "ForInStatement", "keyVar": optional(s.Key), "valueVar": s.Value.Text, "expr": expr(s.Container), "body": stmt(s.Body)}
	case *ast.Func:
		return object{"node": "Function", "name": s.Name.Text, "params": names(s.Params), "body": stmt(s.Body)}
	case *ast.Return:
		return object{"node": "ReturnStatement", "expr": expr(s.Value)}
	case *ast.Throw:
		return object{"node": "ThrowStatement", "expr": expr(s.Value)}
	case *ast.Try:
		return try(s)
	}
	panic("unknown statement")
}

// bare is a part of the head of a for: expressions are not wrapped there.
func bare(s ast.Stmt) any {
	if e, ok := s.(*ast.ExprStmt); ok {
		return expr(e.Expr)
	}
	return stmt(s)
}

func try(s *ast.Try) any {
	catches := []any{}
	for _, c := range s.Catches {
		catches = append(catches, []any{optional(c.Var), optional(c.Type), stmt(c.Body)})
	}
	var finally any
	if s.Finally != nil {
		finally = stmt(s.Finally)
	}
	return object{"node": "TryCatchStatement", "try_stmt": stmt(s.Body), "catches": catches, "finally_stmt": finally}
}

func optional(n *ast.Name) any {
	if n == nil {
		return nil
	}
	return n.Text
}

func names(list []ast.Name) []any {
	out := []any{}
	for _, n := range list {
		out = append(out, n.Text)
	}
	return out
}

func exprs(list []ast.Expr) []any {
	out := []any{}
	for _, e := range list {
		out = append(out, expr(e))
	}
	return out
}

func expr(e ast.Expr) any {
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.Constant:
		return constant(e)
	case *ast.Field:
		return object{"node": "Field", "chain": names(e.Chain)}
	case *ast.Index:
		return withNullish(object{"node": "ArrayAccess", "array": expr(e.Object), "property": expr(e.Key)}, e.Nullish)
	case *ast.TupleIndex:
		return withNullish(object{"node": "TupleAccess", "tuple": expr(e.Tuple), "index": float64(e.N)}, e.Nullish)
	case *ast.Arithmetic:
		return object{"node": "ArithmeticOperation", "op": string(e.Op), "left": expr(e.Left), "right": expr(e.Right)}
	case *ast.Compare:
		return object{"node": "CompareOperation", "op": string(e.Op), "left": expr(e.Left), "right": expr(e.Right)}
	case *ast.And:
		return object{"node": "And", "exprs": exprs(e.Operands)}
	case *ast.Or:
		return object{"node": "Or", "exprs": exprs(e.Operands)}
	case *ast.Not:
		return object{"node": "Not", "expr": expr(e.Operand)}
	case *ast.Between:
		return object{"node": "BetweenExpr", "expr": expr(e.Operand), "low": expr(e.Low), "high": expr(e.High), "negated": e.Negated}
	case *ast.Array:
		return object{"node": "Array", "exprs": exprs(e.Items)}
	case *ast.Tuple:
		return object{"node": "Tuple", "exprs": exprs(e.Items)}
	case *ast.Placeholder:
		return object{"node": "Placeholder", "expr": expr(e.Operand)}
	case *ast.Alias:
		return object{"node": "Alias", "alias": e.Name.Text, "expr": expr(e.Operand)}
	}
	return form(e)
}

func form(e ast.Expr) any {
	switch e := e.(type) {
	case *ast.Call:
		node := object{"node": "Call", "name": e.Name.Text, "args": exprs(e.Args)}
		if e.Parametric {
			node["params"] = exprs(e.Params)
		}
		return node
	case *ast.ExprCall:
		return object{"node": "ExprCall", "expr": expr(e.Callee), "args": exprs(e.Args)}
	case *ast.Lambda:
		node := object{"node": "Lambda", "args": names(e.Params)}
		if block, ok := e.Body.(*ast.Block); ok {
			node["expr"] = stmt(block)
		} else {
			node["expr"] = expr(e.Body.(ast.Expr))
		}
		return node
	case *ast.Dict:
		items := []any{}
		for _, item := range e.Items {
			items = append(items, []any{expr(item.Key), expr(item.Value)})
		}
		return object{"node": "Dict", "items": items}
	case *ast.Tag:
		attributes := []any{}
		for _, a := range e.Attributes {
			value := any(exprs(a.Children))
			if a.Children == nil {
				value = expr(a.Value)
			}
			attributes = append(attributes, object{"node": "HogQLXAttribute", "name": a.Name.Text, "value": value})
		}
		return object{"node": "HogQLXTag", "kind": e.Name.Text, "attributes": attributes}
	}
	panic("unknown expression")
}

func withNullish(node object, nullish bool) object {
	if nullish {
		node["nullish"] = true
	}
	return node
}

// constant follows the reference in writing what JSON can not hold as text.
func constant(e *ast.Constant) any {
	node := object{"node": "Constant", "value": e.Value}
	switch v := e.Value.(type) {
	case int64:
		node["value"] = float64(v)
	case float64:
		switch {
		case math.IsNaN(v):
			node["value"] = "NaN"
		case math.IsInf(v, 1):
			node["value"] = "Infinity"
		case math.IsInf(v, -1):
			node["value"] = "-Infinity"
		case e.Integer:
			node["value"] = strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return node
}

// tidy removes from a reference tree what ours does not hold: SQL parts of
// calls, notes about spelling, and the digits of huge integers.
func tidy(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = tidy(v[i])
		}
	case map[string]any:
		if text, ok := v["value"].(string); ok && v["value_type"] == "number" {
			if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
				v["value"] = strconv.FormatFloat(f, 'g', -1, 64)
			}
		}
		for _, key := range []string{"filter_expr", "order_by", "is_null_comparison_style", "value_type"} {
			delete(v, key)
		}
		if v["node"] == "Call" && v["distinct"] == false {
			delete(v, "distinct")
		}
		if v["node"] == "Call" && v["params"] == nil {
			delete(v, "params")
		}
		for key := range v {
			v[key] = tidy(v[key])
		}
	}
	return v
}
