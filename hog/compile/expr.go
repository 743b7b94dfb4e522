package compile

import (
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
	"github.com/prickle-dev/prickle/hog/hogql"
)

// expr emits code that leaves the value of the expression on the stack.
func (c *compiler) expr(e ast.Expr) {
	c.at(e)
	switch e := e.(type) {
	case *ast.Constant:
		c.constant(e)
	case *ast.Field:
		c.field(e)
	case *ast.Index:
		c.index(e)
	case *ast.TupleIndex:
		c.tupleIndex(e)
	case *ast.Arithmetic:
		c.operands(e, e.Right, e.Left)
		c.op(binary[e.Op])
	case *ast.Compare:
		c.compare(e)
	case *ast.And:
		c.operands(e, e.Operands...)
		c.op(code.OpAnd, int64(len(e.Operands)))
	case *ast.Or:
		c.operands(e, e.Operands...)
		c.op(code.OpOr, int64(len(e.Operands)))
	case *ast.Not:
		c.operands(e, e.Operand)
		c.op(code.OpNot)
	case *ast.Between:
		c.between(e)
	default:
		c.form(e)
	}
}

// operands emits expressions in order and returns to the place of the node.
func (c *compiler) operands(n ast.Node, list ...ast.Expr) {
	for _, e := range list {
		c.expr(e)
	}
	c.at(n)
}

func (c *compiler) form(e ast.Expr) {
	switch e := e.(type) {
	case *ast.Call:
		c.call(e)
	case *ast.ExprCall:
		c.operands(e, e.Args...)
		c.operands(e, e.Callee)
		c.op(code.OpCallLocal, int64(len(e.Args)))
	case *ast.Lambda:
		c.lambda(e)
	case *ast.Array:
		c.warnArray(e)
		c.operands(e, e.Items...)
		c.op(code.OpArray, int64(len(e.Items)))
	case *ast.Tuple:
		c.operands(e, e.Items...)
		c.op(code.OpTuple, int64(len(e.Items)))
	case *ast.Dict:
		for _, item := range e.Items {
			c.operands(e, item.Key, item.Value)
		}
		c.op(code.OpDict, int64(len(e.Items)))
	case *ast.Tag:
		c.tag(e)
	case *ast.Placeholder:
		c.fail(e, "Placeholders are not allowed in this context", "write {'key': value} for a dictionary, or leave the braces out")
	case *ast.Select, *ast.SetQuery:
		if hogql.Of(e).Class == "Placeholder" {
			c.fail(e, "Placeholders are not allowed in this context", "put it into a query: (select * from {...})")
			return
		}
		c.tree(e)
	default:
		c.sqlOnly(e)
	}
}

// warnArray points at array[1], which is a list also where a variable has that name.
func (c *compiler) warnArray(e *ast.Array) {
	const word = "array"
	if rest := c.text.Body[e.Span.Start:]; len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) {
		return
	} else if _, isVariable := c.find(rest[:len(word)]); isVariable {
		c.warn(e, "array-word", "`array[...]` is a list and not an element of the variable `array`", "write (array)[...] for the element")
	}
}

func (c *compiler) constant(e *ast.Constant) {
	switch v := e.Value.(type) {
	case nil:
		c.op(code.OpNull)
	case bool:
		if v {
			c.op(code.OpTrue)
		} else {
			c.op(code.OpFalse)
		}
	case int64:
		c.op(code.OpInteger, v)
	case float64:
		if e.Integer != nil {
			c.op(code.OpInteger, e.Integer)
		} else {
			c.op(code.OpFloat, v)
		}
	case string:
		c.op(code.OpString, v)
	}
}

// field emits a variable and its properties, or the read of a global chain.
func (c *compiler) field(e *ast.Field) {
	if v, ok := c.find(e.Chain[0].Text); ok {
		c.load(v)
		for _, name := range e.Chain[1:] {
			c.at(name)
			c.op(code.OpString, name.Text)
			c.op(code.OpGetProperty)
		}
		return
	}
	c.checkGlobal(e)
	for i := len(e.Chain) - 1; i >= 0; i-- {
		c.op(code.OpString, e.Chain[i].Text)
	}
	c.op(code.OpGetGlobal, int64(len(e.Chain)))
}

func (c *compiler) index(e *ast.Index) {
	c.checkKey(e, int64(0), false)
	c.operands(e, e.Object, e.Key)
	c.op(getProperty(e.Nullish))
}

func (c *compiler) tupleIndex(e *ast.TupleIndex) {
	c.checkPosition(e)
	c.operands(e, e.Tuple)
	c.op(code.OpInteger, e.N)
	c.op(getProperty(e.Nullish))
}

// checkPosition refuses position 0.
func (c *compiler) checkPosition(e *ast.TupleIndex) {
	if e.N == 0 {
		c.failRule("index-zero", e, "Array access starts from 1", "the first element is 1, the last is -1")
	}
}

// checkKey refuses a key that is one of the values written out.
func (c *compiler) checkKey(e *ast.Index, refused ...any) {
	if k, ok := e.Key.(*ast.Constant); ok && slices.Contains(refused, k.Value) {
		c.failRule("index-zero", e.Key, "Array access starts from 1", "the first element is 1, the last is -1")
	}
}

func getProperty(nullish bool) code.Op {
	if nullish {
		return code.OpGetPropertyNullish
	}
	return code.OpGetProperty
}

var binary = map[ast.Op]code.Op{
	ast.Add: code.OpPlus, ast.Sub: code.OpMinus, ast.Mul: code.OpMultiply, ast.Div: code.OpDivide, ast.Mod: code.OpMod,
	ast.Eq: code.OpEq, ast.NotEq: code.OpNotEq,
	ast.Lt: code.OpLt, ast.LtEq: code.OpLtEq, ast.Gt: code.OpGt, ast.GtEq: code.OpGtEq,
	ast.Like: code.OpLike, ast.NotLike: code.OpNotLike, ast.ILike: code.OpILike, ast.NotILike: code.OpNotILike,
	ast.In: code.OpIn, ast.NotIn: code.OpNotIn,
	ast.Regex: code.OpRegex, ast.NotRegex: code.OpNotRegex, ast.IRegex: code.OpIRegex, ast.NotIRegex: code.OpNotIRegex,
}

// compare emits the right operand first, as all binary operators do.
func (c *compiler) compare(e *ast.Compare) {
	op, ok := binary[e.Op]
	if !ok {
		c.fail(e, "`"+string(e.Op)+"` is not supported here", "cohorts are known to the warehouse only")
		return
	}
	c.operands(e, e.Right, e.Left)
	c.op(op)
}

// tag emits the dictionary that a tag stands for, or the call of the variable
// that has its name.
func (c *compiler) tag(e *ast.Tag) {
	v, isCall := c.find(e.Name.Text)
	count := len(e.Attributes)
	if !isCall {
		c.op(code.OpString, "__hx_tag")
		c.op(code.OpString, e.Name.Text)
		count++
	}
	for _, a := range e.Attributes {
		c.at(a.Name)
		c.op(code.OpString, a.Name.Text)
		if a.Children != nil {
			c.operands(a.Name, a.Children...)
			c.op(code.OpArray, int64(len(a.Children)))
		} else {
			c.expr(a.Value)
		}
	}
	c.at(e)
	c.op(code.OpDict, int64(count))
	if isCall {
		c.load(v)
		c.op(code.OpCallLocal, int64(1))
	}
}
