package gen

import "strings"

// statement is one statement, or a few that belong together.
func (m *maker) statement() *node {
	if m.level > maxLevel-1 || m.budget < 0 {
		return m.print()
	}
	switch roll := m.r.IntN(100); {
	case roll < 20:
		return m.let()
	case roll < 42:
		return m.print()
	case roll < 51:
		return m.assign()
	case roll < 57:
		return m.assignWithin()
	case roll < 64:
		return m.ifElse()
	case roll < 74:
		return m.loop()
	case roll < 81:
		return m.declareFunction()
	case roll < 88:
		return m.try()
	case roll < 92:
		return m.closures()
	case roll < 94:
		return form(stmt, "§;\n", m.expr('x'))
	case roll < 96:
		return form(stmt, "{ § }\n", m.block(3))
	case roll < 98:
		return m.syntax()
	}
	return m.leave()
}

// block is statements in a scope of their own, without braces.
func (m *maker) block(most int) *node {
	var body []*node
	m.within(nil, func() {
		for range m.r.IntN(most + 1) {
			body = append(body, m.statement())
		}
	})
	return listing("", "", "", 0, body)
}

func (m *maker) print() *node {
	args := make([]*node, 1+m.r.IntN(3))
	for i := range args {
		args[i] = m.expr(m.pick("xnsbld"))
	}
	return form(stmt, "print§;\n", listing("(", ", ", ")", 0, args))
}

func (m *maker) let() *node {
	name := m.fresh()
	if m.chance(4) {
		m.declare(variable{name: name, typ: 'x'})
		return form(stmt, "let "+name+";\n")
	}
	t := m.pick(anyType + "F")
	v := variable{name: name, typ: t, fixed: t == 'F', arity: 1}
	value := m.expr(t)
	if t == 'F' {
		value = m.function('F')
	}
	m.declare(v)
	return form(stmt, "let "+name+" := §;\n", value)
}

func (m *maker) assign() *node {
	fits := m.variables(func(v variable) bool { return !v.fixed })
	if len(fits) == 0 {
		return m.let()
	}
	v := oneOf(m, fits)
	return form(stmt, v.name+" := §;\n", m.expr(v.typ))
}

// assignWithin assigns to a part of a dictionary or list.
func (m *maker) assignWithin() *node {
	fits := m.variables(func(v variable) bool { return v.typ == 'd' || v.typ == 'l' || v.typ == 'N' })
	if len(fits) == 0 {
		return m.assign()
	}
	v := oneOf(m, fits)
	targets := []string{"[1]", ".1", "[2]", "[3]", "[1 + 1]"}
	if v.typ == 'd' {
		targets = []string{".a", ".b", "['key']", "[1]", "['a b']", ".`q r`", "[null]", "['a' || 'b']"}
	}
	if m.chance(2) {
		targets = []string{"[-1]", "['x']", ".a.b", "[0 + 0]", "[6]"}
	}
	return form(stmt, v.name+oneOf(m, targets)+" := §;\n", m.expr(m.pick("xns")))
}

func (m *maker) ifElse() *node {
	condition := m.expr(m.pick("bbbx"))
	switch m.r.IntN(4) {
	case 0:
		return form(stmt, "if (§) §", condition, m.print())
	case 1:
		return form(stmt, "if (§) { § }\n", condition, m.block(3))
	case 2:
		return form(stmt, "if (§) { § } else { § }\n", condition, m.block(3), m.block(3))
	}
	return form(stmt, "if (§) { § } else if (§) { § } else §", condition, m.block(2), m.expr('b'), m.block(2), m.print())
}

// leave is a return or throw, which is rare where it ends the program.
func (m *maker) leave() *node {
	if m.functions == 0 && m.chance(75) {
		return m.print()
	}
	switch m.r.IntN(4) {
	case 0:
		return form(stmt, "throw §;\n", m.expr('e'))
	case 1:
		return form(stmt, "return;\n")
	}
	return form(stmt, "return §;\n", m.expr('x'))
}

func (m *maker) declareFunction() *node {
	if m.chance(20) {
		return m.recursion()
	}
	name := m.fresh()
	params := []variable{{name: "p", typ: m.pick("xns")}, {name: "q", typ: m.pick("xnl")}, {name: "x", typ: 'x'}}[:m.r.IntN(4)]
	head := oneOf(m, []string{"fn ", "fn ", "fun ", "FN "}) + name + "("
	for i, p := range params {
		if i > 0 {
			head += ", "
		}
		head += p.name
	}
	if len(params) > 0 && m.chance(5) {
		head += ","
	}
	var made *node
	m.inFunction(params, func() {
		body := m.block(3)
		if m.chance(80) {
			made = form(stmt, head+") { §return § }\n", body, m.expr(m.pick("xns")))
		} else {
			made = form(stmt, head+") { § }\n", body)
		}
	})
	m.declare(variable{name: name, typ: 'F', arity: len(params), fixed: true})
	return made
}

// recursion is a function that calls itself a few times.
func (m *maker) recursion() *node {
	name := m.counter()
	var made *node
	m.inFunction([]variable{{name: "n", typ: 'n', fixed: true}}, func() {
		again := oneOf(m, []string{"§ + NAME(n - 1)", "NAME(n - 2) || §", "[§, NAME(n - 1)]", "(§ ?? NAME(n - 1))"})
		text := "fn NAME(n) { if (n <= 0) { return § } return " + again + " }\nprint(NAME(§));\n"
		made = form(stmt, replaceName(text, name), m.expr('x'), m.operand(m.pick("nsx")), word(oneOf(m, []string{"0", "1", "3", "5"})))
	})
	return made
}

func (m *maker) try() *node {
	var body, caught *node
	m.within(nil, func() { body = m.block(3) })
	thrown := form(fixed, "")
	if m.chance(65) {
		thrown = form(stmt, "throw §;\n", m.expr('e'))
	}
	name := oneOf(m, []string{"e", "e", "err", "x"})
	head := oneOf(m, []string{"catch", "catch (NAME)", "catch (NAME)", "catch (NAME: Error)", "catch (NAME: RetryError)", "catch (NAME: Custom)"})
	if strings.Contains(head, ":") && m.chance(80) {
		name = "e" // the reference loses count of its stack with another name; see docs/hog/compatibility.md
	}
	known := []variable{{name: "e", typ: 'e', fixed: true}, {name: "type", typ: 's', fixed: true}}
	if head != "catch" && name != "e" {
		known = append(known, variable{name: name, typ: 'e', fixed: true})
	}
	m.within(known, func() {
		caught = m.block(2)
		if m.chance(60) {
			show := oneOf(m, []string{"print(e);\n", "print(e.type, e.message, e.payload);\n", "print(type);\n"})
			caught.kids = append(caught.kids, form(stmt, show))
		}
	})
	text := "try { §§ } " + replaceName(head, name) + " { § }\n"
	if m.chance(25) {
		var last *node
		m.within(known[:2], func() { last = m.block(1) })
		return form(stmt, text[:len(text)-1]+" catch (e) { print('last', e); § }\n", body, thrown, caught, last)
	}
	return form(stmt, text, body, thrown, caught)
}
