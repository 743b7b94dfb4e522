package gen

import (
	"fmt"
	"strings"
)

// anyType is the types that stand for no type in particular.
const anyType = "nsbldtDeNSxnsbldns"

// expr is an expression that mostly has the type of the letter.
func (m *maker) expr(t byte) *node {
	m.budget--
	if t == 'x' || m.r.IntN(150) == 0 {
		t = m.pick(anyType)
	}
	if m.level > maxLevel || m.budget < 0 {
		return m.leaf(t)
	}
	m.level++
	defer func() { m.level-- }()
	switch roll := m.r.IntN(100); {
	case roll < 10+9*m.level:
		return m.leaf(t)
	case roll < 60+4*m.level:
		return m.libraryCall(t)
	case roll < 88+2*m.level:
		return m.operation(t)
	default:
		return m.general(t)
	}
}

// operand is an expression that holds together next to an operator; now and then it is left to the parser whether it does.
func (m *maker) operand(t byte) *node {
	e := m.expr(t)
	if len(e.kids) == 0 && !strings.HasPrefix(e.text[0], "-") && !m.chance(5) || m.chance(15) {
		return e
	}
	return form(expr, "(§)", e)
}

// leaf is a variable, a global or a literal.
func (m *maker) leaf(t byte) *node {
	if m.chance(60) {
		fits := m.variables(func(v variable) bool { return v.typ == t || v.typ == 'x' && m.chance(20) })
		if len(fits) > 0 {
			return m.use(oneOf(m, fits))
		}
	}
	if list := globals[t]; len(list) > 0 && m.chance(12) {
		return word(oneOf(m, list))
	}
	return m.literal(t)
}

// globals are chains of the globals that the tests serve, by type.
var globals = map[byte][]string{
	's': {"event.event", "event.properties.$browser", "event.properties.email", "person.name", "event.uuid", "event.properties.`$os`", "event.timestamp"},
	'n': {"event.properties.amount", "event.properties.$screen_height", "project.id", "event.properties.items.1.qty", "event.properties.items[-1].price"},
	'b': {"event.properties.trial"},
	'd': {"event.properties", "person.properties", "event", "project", "groups", "event.properties.items[1]"},
	'l': {"event.properties.items", "event.properties?.items"},
	'S': {"person.properties.tags", "keys(person.properties)"},
	'x': {"nothing", "event.properties.coupon", "event.missing.a.b", "nothing?.x?.[1]", `person.properties."ünï"`},
}

// general is an expression of any type: a choice, a call of a function of the program, an access.
func (m *maker) general(t byte) *node {
	switch m.r.IntN(11) {
	case 0:
		return form(expr, "(§ ? § : §)", m.operand('b'), m.operand(t), m.operand(t))
	case 1:
		return form(expr, "(§ ?? §)", m.operand(m.pick("x"+string(t))), m.operand(t))
	case 2:
		return form(expr, "if(§, §, §)", m.expr('b'), m.expr(t), m.expr(t))
	case 3:
		return form(expr, "case when § then § when § then § else § end", m.operand('b'), m.operand(t), m.operand('b'), m.operand(t), m.operand(t))
	case 4:
		return form(expr, "(case when § then § end)", m.operand('b'), m.operand(t))
	case 5:
		return form(expr, oneOf(m, []string{"[§, §][1]", "[§, §].2", "(§, §).1", "[§, §]?.[-1]", "[§, §][-2]", "tuple(§, §)[2]"}), m.expr(t), m.expr(t))
	case 6:
		return form(expr, oneOf(m, []string{"{'a': §}.a", "{'k': §}['k']", "{'a': {'b': §}}?.a?.b", "{'a': [§]}.a[1]", "{1: §}[1]"}), m.expr(t))
	case 7:
		return m.immediate(t)
	default:
		return m.ownCall(t)
	}
}

// immediate is a function called where it is made.
func (m *maker) immediate(t byte) *node {
	args := []variable{{name: "p", typ: t}, {name: "q", typ: 'n'}}[:m.r.IntN(3)]
	f := m.lambda(args, t)
	var values []*node
	for _, a := range args {
		values = append(values, m.expr(a.typ))
	}
	return form(expr, "(§)§", f, listing("(", ", ", ")", 0, values))
}

// ownCall is a call of a function that the program declares, or else something simple. In loops within loops nothing is
// called, for the program to end soon.
func (m *maker) ownCall(t byte) *node {
	fits := m.variables(func(v variable) bool { return v.typ == 'F' })
	if len(fits) == 0 || m.loops > 1 {
		return m.leaf(t)
	}
	f := oneOf(m, fits)
	n := f.arity
	switch roll := m.r.IntN(100); {
	case roll < 6 && n > 0:
		n--
	case roll < 7:
		n++
	}
	args := make([]*node, n)
	for i := range args {
		args[i] = m.expr(m.pick("nnxs"))
	}
	list := listing("(", ", ", oneOf(m, []string{")", ")", ")", ")"}), 0, args)
	if m.chance(15) {
		return form(expr, oneOf(m, []string{"(§)§", "[§][1]§", "{'f': §}.f§", "(() -> §)()§"}), m.use(f), list)
	}
	return form(expr, "§§", m.use(f), list)
}

// operation is an operator that gives the type.
func (m *maker) operation(t byte) *node {
	switch t {
	case 'n':
		if m.chance(8) {
			return form(expr, "-§", form(expr, "(§)", m.expr('n')))
		}
		op := oneOf(m, []string{"+", "-", "*", "/", "%"})
		return form(expr, "§ "+op+" §", m.operand(m.pick("nnnnns")), m.operand(m.pick("nnnnnb")))
	case 's':
		if m.chance(40) {
			return m.template()
		}
		return form(expr, "§ || §", m.operand('s'), m.operand(m.pick("sssnxl")))
	case 'b':
		return m.condition()
	}
	return m.literal(t)
}

// condition is an operator that gives a boolean.
func (m *maker) condition() *node {
	switch m.r.IntN(9) {
	case 0, 1:
		op := oneOf(m, []string{"==", "!=", "<", "<=", ">", ">=", "=", "<>"})
		t := m.pick("nnsstbNDx")
		other := t
		if m.chance(12) {
			other = m.pick(anyType)
		}
		return form(expr, "§ "+op+" §", m.operand(t), m.operand(other))
	case 2:
		word := oneOf(m, []string{"and", "or", "AND", "Or"})
		if m.chance(30) {
			return form(expr, "§ "+word+" § "+word+" §", m.operand('b'), m.operand('b'), m.operand('b'))
		}
		return form(expr, "§ "+word+" §", m.operand('b'), m.operand('x'))
	case 3:
		return form(expr, oneOf(m, []string{"not §", "not §", "not(§)", "NOT not §"}), m.operand(m.pick("bbx")))
	case 4:
		op := oneOf(m, []string{"in", "not in"})
		if m.chance(25) {
			return form(expr, "§ "+op+" §", m.operand('s'), m.operand('s'))
		}
		return form(expr, "§ "+op+" §", m.operand('x'), m.operand(m.pick("lNS")))
	case 5:
		op := oneOf(m, []string{"like", "not like", "ilike", "not ilike"})
		return form(expr, "§ "+op+" §", m.operand(m.pick("sssx")), m.argument("p"))
	case 6:
		op := oneOf(m, []string{"=~", "!~", "=~*", "!~*", "~"})
		return form(expr, "§ "+op+" §", m.operand('s'), m.argument("r"))
	case 7:
		return form(expr, oneOf(m, []string{"§ is null", "§ is not null", "§ IS NULL"}), m.operand('x'))
	default:
		t := m.pick("nns")
		return form(expr, oneOf(m, []string{"§ between § and §", "§ not between § and §"}), m.operand(t), m.operand(t), m.operand(t))
	}
}

// template is a text with expressions in it, templates among them.
func (m *maker) template() *node {
	texts := []string{"", "a", " - ", "é", `\n`, "''", `\{`, "}", "$&", "🎉"}
	var parts []*node
	for range m.r.IntN(3) {
		parts = append(parts, &node{text: []string{oneOf(m, texts) + "{", "}" + oneOf(m, texts)}, kids: []*node{m.expr(m.pick("snxs"))}})
	}
	if len(parts) == 0 {
		return word("f'" + oneOf(m, texts) + "'")
	}
	return &node{sort: expr, text: []string{"f'", "'"}, kids: []*node{listing("", "", "", 1, parts)}}
}

// lambda is a function of the arguments whose result has the type.
func (m *maker) lambda(args []variable, result byte) *node {
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = a.name
	}
	head := "(" + strings.Join(names, ", ") + ")"
	if len(args) == 1 && m.chance(50) {
		head = names[0]
	}
	var made *node
	m.inFunction(args, func() {
		if m.chance(75) || m.budget < 0 {
			made = form(expr, head+" -> §", m.operand(result))
			return
		}
		made = form(expr, fmt.Sprintf("%s -> { §return § }", head), m.block(2), m.expr(result))
	})
	return made
}
