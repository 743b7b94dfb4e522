package lint

import (
	"math"
	"slices"

	"github.com/prickle-dev/prickle/hog/ast"
)

var compareRules = []Rule{
	{
		Name: "identity", Doc: "Lists and dictionaries are equal only to themselves, and a literal is always a new one. Lists of numbers are compared by their elements.",
		Bad: "return event.properties.tags == ['a']", Good: "return jsonStringify(event.properties.tags) == jsonStringify(['a'])",
		check: identity,
	},
	{
		Name: "null-order", Doc: "Null has no order: `<`, `<=`, `>`, `>=` and `between` are false for it.",
		Bad: "return event.properties.amount > null", Good: "return event.properties.amount != null",
		check: nullOrder,
	},
	{
		Name: "nan", Doc: "NaN is equal to nothing, not even to itself.",
		Bad: "let n := toFloat(event.event)\nreturn n == nan", Good: "let n := toFloat(event.event)\nreturn n != n",
		check: compareNaN,
	},
	{
		Name: "in-operand", Doc: "`in` searches lists and texts; with anything else on the right the run ends with an error.",
		Bad: "return event.event in {'a': 1}", Good: "return has(keys({'a': 1}), event.event)",
		check: inOperand,
	},
}

// comparisons calls visit for each comparison.
func (f *file) comparisons(visit func(*ast.Compare)) {
	f.inspect(func(n ast.Node) {
		if c, ok := n.(*ast.Compare); ok {
			visit(c)
		}
	})
}

func identity(p *pass) {
	p.comparisons(func(c *ast.Compare) {
		switch c.Op {
		case ast.Eq, ast.NotEq:
			result := "false"
			if c.Op == ast.NotEq {
				result = "true"
			}
			if e := firstThat(byIdentity, c.Left, c.Right); e != nil {
				p.report(c, identityHint(e), "this is always %s: what is written here is equal to nothing but itself", result)
			}
		case ast.In, ast.NotIn:
			if _, isArray := c.Right.(*ast.Array); isArray && isContainer(c.Left) {
				p.report(c, "search for a text or number in it", "this finds nothing: a list or dictionary is equal only to itself")
			}
		}
	})
}

func identityHint(e ast.Expr) string {
	if len(ast.Children(e)) == 0 {
		return "write empty(...), or length(...) == 0"
	}
	return "compare what is in it, or jsonStringify(...) of both sides"
}

func firstThat(is func(ast.Expr) bool, list ...ast.Expr) ast.Expr {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}

func isContainer(e ast.Expr) bool {
	switch e.(type) {
	case *ast.Array, *ast.Tuple, *ast.Dict:
		return true
	}
	return false
}

// byIdentity reports whether an expression makes a new value that is surely not compared by its content: lists are
// when they hold nothing but numbers.
func byIdentity(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Dict, *ast.Lambda:
		return true
	case *ast.Array:
		return slices.ContainsFunc(e.Items, notNumber)
	case *ast.Tuple:
		return slices.ContainsFunc(e.Items, notNumber)
	}
	return false
}

// notNumber reports whether an expression surely gives no finite number.
func notNumber(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Constant:
		switch v := e.Value.(type) {
		case int64:
			return false
		case float64:
			return math.IsNaN(v) || math.IsInf(v, 0)
		}
		return true
	case *ast.Array, *ast.Tuple, *ast.Dict, *ast.Lambda, *ast.Compare, *ast.And, *ast.Or, *ast.Not, *ast.Between:
		return true
	}
	return false
}

func isNull(e ast.Expr) bool {
	c, ok := e.(*ast.Constant)
	return ok && c.Value == nil
}

func nullOrder(p *pass) {
	const hint = "write == null, != null, or isNull(...)"
	p.inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Compare:
			switch n.Op {
			case ast.Lt, ast.LtEq, ast.Gt, ast.GtEq:
				if isNull(n.Left) || isNull(n.Right) {
					p.report(n, hint, "this is always false: null has no order")
				}
			}
		case *ast.Between:
			if isNull(n.Operand) || isNull(n.Low) || isNull(n.High) {
				p.report(n, hint, "this is always false: null has no order")
			}
		}
	})
}

func isNaN(e ast.Expr) bool {
	c, ok := e.(*ast.Constant)
	if !ok {
		return false
	}
	f, ok := c.Value.(float64)
	return ok && math.IsNaN(f)
}

func compareNaN(p *pass) {
	p.comparisons(func(c *ast.Compare) {
		if (c.Op == ast.Eq || c.Op == ast.NotEq) && (isNaN(c.Left) || isNaN(c.Right)) {
			p.report(c, "NaN is the only value that is not equal to itself: write x != x", "NaN is equal to nothing")
		}
	})
}

func inOperand(p *pass) {
	p.comparisons(func(c *ast.Compare) {
		if c.Op != ast.In && c.Op != ast.NotIn {
			return
		}
		switch right := c.Right.(type) {
		case *ast.Dict, *ast.Lambda:
		case *ast.Constant:
			if _, isText := right.Value.(string); isText {
				return
			}
		default:
			return
		}
		p.report(c.Right, "search in a list or a text; has(keys(d), k) looks for a key", "`%s` can not search in this", c.Op)
	})
}
