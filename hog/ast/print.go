package ast

import (
	"math"
	"strconv"
	"strings"
)

// Print returns the program as text, one statement to a line. Every compound
// expression is in parentheses, so the text shows how the source was
// understood, and parsing it gives the same tree again.
func (p *Program) Print() string {
	var w printer
	w.stmts(p.Body)
	return w.String()
}

// Print returns the expression as text, as Program.Print does.
func (e *Expression) Print() string {
	var w printer
	w.expr(e.Expr)
	return w.String()
}

type printer struct {
	strings.Builder
	indent int
}

func (w *printer) put(parts ...string) {
	for _, s := range parts {
		w.WriteString(s)
	}
}

// expr prints an expression.
func (w *printer) expr(e Expr) {
	switch e := e.(type) {
	case *Constant:
		w.constant(e)
	case *Field:
		for i, name := range e.Chain {
			if i > 0 {
				w.put(".")
			}
			w.put(Quote(name.Text))
		}
	case *Index:
		w.operand(e.Object)
		w.put(nullish(e.Nullish, "?."), "[")
		w.expr(e.Key)
		w.put("]")
	case *TupleIndex:
		w.operand(e.Tuple)
		w.put(nullish(e.Nullish, "?"), ".", strconv.FormatInt(e.N, 10))
	case *Arithmetic:
		w.infix(e.Left, string(e.Op), e.Right)
	case *Compare:
		w.infix(e.Left, string(e.Op), e.Right)
	case *And:
		w.run(" and ", e.Operands)
	case *Or:
		w.run(" or ", e.Operands)
	case *Not:
		// Before a parenthesis the word is a call, so it is printed as one.
		w.put("not(")
		w.expr(e.Operand)
		w.put(")")
	default:
		w.form(e)
	}
}

func nullish(is bool, mark string) string {
	if is {
		return mark
	}
	return ""
}

// form prints the expressions that are not operators.
func (w *printer) form(e Expr) {
	switch e := e.(type) {
	case *Between:
		w.operand(e.Operand)
		if e.Negated {
			w.put(" not")
		}
		w.put(" between ")
		w.operand(e.Low)
		w.put(" and ")
		w.operand(e.High)
	case *Call:
		w.call(e)
	case *ExprCall:
		w.put("(")
		w.expr(e.Callee)
		w.put(")")
		w.list("(", e.Args, ")")
	case *Lambda:
		w.lambda(e)
	case *Array:
		w.list("[", e.Items, "]")
	case *Tuple:
		w.list("(", e.Items, ",)")
	case *Dict:
		w.dict(e)
	case *Placeholder:
		w.put("{")
		w.expr(e.Operand)
		w.put("}")
	case *Alias:
		w.operand(e.Operand)
		w.put(" as ", Quote(e.Name.Text))
	case *Tag:
		w.tag(e)
	default:
		w.sql(e)
	}
}

// operand prints an expression so that nothing around it can bind into it.
func (w *printer) operand(e Expr) {
	switch e := e.(type) {
	case *Field, *Array, *Tuple, *Dict:
		w.expr(e)
	case *Constant:
		switch e.Value.(type) {
		case int64, float64:
			w.put("(")
			w.constant(e)
			w.put(")")
		default:
			w.constant(e)
		}
	default:
		w.put("(")
		w.expr(e)
		w.put(")")
	}
}

func (w *printer) infix(left Expr, op string, right Expr) {
	w.operand(left)
	w.put(" ", op, " ")
	w.operand(right)
}

func (w *printer) run(op string, operands []Expr) {
	for i, e := range operands {
		if i > 0 {
			w.put(op)
		}
		w.operand(e)
	}
}

func (w *printer) list(open string, items []Expr, end string) {
	w.put(open)
	for i, e := range items {
		if i > 0 {
			w.put(", ")
		}
		w.expr(e)
	}
	w.put(end)
}

func (w *printer) call(e *Call) {
	w.put(quoteCallee(e.Name.Text))
	if e.Parametric {
		w.list("(", e.Params, ")")
	}
	w.put("(")
	if e.Distinct {
		w.put("distinct ")
	}
	w.list("", e.Args, "")
	if e.OrderBy != nil {
		w.put(" order by ")
		w.orders(e.OrderBy)
	}
	w.put(")")
	if e.WithinGroup != nil {
		w.put(" within group (order by ")
		w.orders(e.WithinGroup)
		w.put(")")
	}
	if e.Filter != nil {
		w.put(" filter (where ")
		w.operand(e.Filter)
		w.put(")")
	}
}

func (w *printer) lambda(e *Lambda) {
	w.names(e.Params)
	w.put(" -> ")
	if block, ok := e.Body.(*Block); ok {
		w.block(block)
		return
	}
	w.expr(e.Body.(Expr))
}

func (w *printer) names(names []Name) {
	w.put("(")
	for i, n := range names {
		if i > 0 {
			w.put(", ")
		}
		w.put(Quote(n.Text))
	}
	w.put(")")
}

func (w *printer) dict(e *Dict) {
	w.put("{")
	for i, item := range e.Items {
		if i > 0 {
			w.put(", ")
		}
		w.operand(item.Key)
		w.put(": ")
		w.expr(item.Value)
	}
	w.put("}")
}

func (w *printer) tag(e *Tag) {
	w.put("<", e.Name.Text)
	for _, a := range e.Attributes {
		if a.Children != nil {
			w.put(">")
			for _, child := range a.Children {
				w.put("{")
				w.expr(child)
				w.put("}")
			}
			w.put("</", e.Name.Text, ">")
			return
		}
		w.put(" ", a.Name.Text, "={")
		w.expr(a.Value)
		w.put("}")
	}
	w.put(" />")
}

func (w *printer) constant(e *Constant) {
	switch v := e.Value.(type) {
	case nil:
		w.put("null")
	case bool:
		w.put(strconv.FormatBool(v))
	case int64:
		w.put(strconv.FormatInt(v, 10))
	case string:
		w.put(QuoteString(v))
	case float64:
		if e.Integer != nil {
			w.put(e.Integer.String())
			return
		}
		w.put(number(v))
	}
}

func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}
