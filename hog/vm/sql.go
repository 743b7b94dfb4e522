package vm

import "strings"

// classOf is the class of the syntax node that a dictionary is, or "".
func classOf(v Value) string {
	if v.Kind() != KindDict {
		return ""
	}
	class, _ := v.dict().GetString("__hx_ast")
	name, _ := class.AsString()
	return name
}

// sqlPrinter writes a syntax tree as text that looks like SQL, for people who look for faults. It writes what the
// reference writes, with three exceptions: where that refuses a node, leaves out all but the first query of a UNION, or
// leaves out a value such as 0 or ”, this one writes them.
type sqlPrinter struct {
	*printer
	// depth is how many nodes the current one is inside of, itself included. Queries inside of others are in parentheses.
	depth int
}

// visit writes a node, or another value in value form. A missing part is no text.
func (p *sqlPrinter) visit(v Value, ok bool) {
	switch {
	case !ok:
		return
	case classOf(v) == "":
		p.value(v)
		return
	case !p.enter(v):
		p.raw("null")
		return
	}
	p.node(v)
	p.leave()
}

// node writes a node that has been entered.
func (p *sqlPrinter) node(v Value) {
	if !p.more() {
		return
	}
	p.depth++
	defer func() { p.depth-- }()
	d := v.dict()
	switch class := classOf(v); class {
	case "SelectQuery":
		p.selectQuery(d)
	case "SelectSetQuery":
		p.setQuery(d)
	case "JoinExpr":
		p.joins(d)
	case "WindowFunction", "WindowExpr", "WindowFrameExpr":
		p.window(class, d)
	case "HogQLXTag":
		p.tag(d)
	case "Field":
		p.field(d)
	case "Constant":
		value, _ := d.GetString("value")
		p.value(value)
	default:
		p.expression(class, d)
	}
}

// part writes a field of a node.
func (p *sqlPrinter) part(d *Dict, name string) { p.visit(d.GetString(name)) }

// textOf is a field that is a string.
func textOf(d *Dict, name string) string {
	v, _ := d.GetString(name)
	s, _ := v.AsString()
	return s
}

// items is a field that is a list.
func items(d *Dict, name string) []Value {
	v, _ := d.GetString(name)
	if !v.isList() {
		return nil
	}
	return v.array().Items
}

// parts writes the nodes of a list with commas between them.
func (p *sqlPrinter) parts(list []Value) {
	for i, item := range list {
		if !p.more() {
			return
		}
		if i > 0 {
			p.raw(", ")
		}
		p.visit(item, true)
	}
}

func (p *sqlPrinter) field(d *Dict) {
	chain := items(d, "chain")
	if len(chain) == 1 && chain[0].IsString() && chain[0].str() == "*" {
		p.raw("*")
		return
	}
	for i, name := range chain {
		if !p.more() {
			return
		}
		if i > 0 {
			p.raw(".")
		}
		switch {
		case name.IsNumber():
			p.raw(formatNumber(name.num()))
		case name.IsString():
			p.raw(functionName(name.str()))
		default:
			p.value(name)
		}
	}
}

// sqlFunctions are the functions that operators are written as.
var sqlFunctions = map[string]string{
	"==": "equals", "!=": "notEquals", "<": "less", ">": "greater", "<=": "lessOrEquals", ">=": "greaterOrEquals",
	"in": "in", "not in": "notIn", "like": "like", "not like": "notLike", "ilike": "ilike", "not ilike": "notILike",
	"=~": "match", "!~": "match", "=~*": "match", "!~*": "match",
	"+": "plus", "-": "minus", "*": "multiply", "/": "divide", "%": "modulo",
}

// expression writes the nodes that are not parts of a query.
func (p *sqlPrinter) expression(class string, d *Dict) {
	switch class {
	case "And", "Or":
		p.logic(strings.ToLower(class), items(d, "exprs"))
	case "Not":
		p.function("not", func() { p.part(d, "expr") })
	case "CompareOperation", "ArithmeticOperation":
		p.operation(d)
	case "Call":
		p.function(textOf(d, "name"), func() { p.parts(items(d, "args")) })
	case "Tuple":
		p.function("tuple", func() { p.parts(items(d, "exprs")) })
	case "Array":
		p.raw("[")
		p.parts(items(d, "exprs"))
		p.raw("]")
	case "Alias":
		p.part(d, "expr")
		if hidden, _ := d.GetString("hidden"); !hidden.Truthy() {
			p.raw(" AS " + functionName(textOf(d, "alias")))
		}
	case "Lambda":
		p.lambda(d)
	case "OrderExpr":
		p.part(d, "expr")
		p.raw(" " + textOf(d, "order"))
	case "JoinConstraint":
		p.part(d, "expr")
	case "RatioExpr":
		p.part(d, "left")
		if right, ok := d.GetString("right"); ok {
			p.raw("/")
			p.visit(right, true)
		}
	default:
		p.other(class, d)
	}
}

func (p *sqlPrinter) function(name string, args func()) {
	p.raw(name + "(")
	args()
	p.raw(")")
}

func (p *sqlPrinter) logic(name string, operands []Value) {
	if len(operands) < 2 {
		p.parts(operands)
		return
	}
	p.function(name, func() { p.parts(operands) })
}

// operation writes an operator as a function. Regular expressions that ignore case say so in the pattern.
func (p *sqlPrinter) operation(d *Dict) {
	op := textOf(d, "op")
	name, known := sqlFunctions[op]
	if !known {
		name = op
	}
	if op == "!~" || op == "!~*" {
		p.raw("not(")
		defer p.raw(")")
	}
	p.function(name, func() {
		p.part(d, "left")
		p.raw(", ")
		if op == "=~*" || op == "!~*" {
			p.raw("concat('(?i)', ")
			defer p.raw(")")
		}
		p.part(d, "right")
	})
}

func (p *sqlPrinter) lambda(d *Dict) {
	names := items(d, "args")
	if len(names) != 1 {
		p.raw("(")
	}
	for i, name := range names {
		if !p.more() {
			return
		}
		if i > 0 {
			p.raw(", ")
		}
		text, _ := name.AsString()
		p.raw(functionName(text))
	}
	if len(names) != 1 {
		p.raw(")")
	}
	p.raw(" -> ")
	p.part(d, "expr")
}

// other writes a node of a class without a form of its own: the class and its parts.
func (p *sqlPrinter) other(class string, d *Dict) {
	p.raw(class + "(")
	first := true
	for i := range d.Len() {
		key, value := d.At(i)
		name, _ := key.AsString()
		if name == "__hx_ast" || !p.more() {
			continue
		}
		if !first {
			p.raw(", ")
		}
		first = false
		p.visit(value, true)
	}
	p.raw(")")
}
