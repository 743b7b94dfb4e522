package gen

import "strings"

// loop is a loop that ends: its counter is the program's, and what else ends it early is made up.
func (m *maker) loop() *node {
	if m.loops > 2 {
		return m.print()
	}
	m.loops++
	defer func() { m.loops-- }()
	limit := oneOf(m, []string{"1", "2", "3", "4"})
	switch m.r.IntN(4) {
	case 0:
		return m.while(limit)
	case 1:
		return m.counting(limit)
	}
	return m.forIn()
}

func (m *maker) while(limit string) *node {
	name := m.counter()
	condition := form(fixed, "")
	if m.chance(30) {
		condition = form(fixed, " and §", m.operand('b'))
	}
	var body *node
	m.within([]variable{{name: name, typ: 'n', fixed: true}}, func() { body = m.block(3) })
	text := "let NAME := 0;\nwhile (NAME < " + limit + "§) { NAME := NAME + 1; § }\n"
	return form(stmt, replaceName(text, name), condition, body)
}

func (m *maker) counting(limit string) *node {
	name := m.counter()
	var body, step *node
	m.within([]variable{{name: name, typ: 'n', fixed: true}}, func() {
		body = m.block(3)
		step = m.expr('n')
	})
	switch m.r.IntN(12) {
	case 0:
		text := "let NAME := 0;\nfor (; NAME < " + limit + "; §) { NAME := NAME + 1; § }\n"
		return form(stmt, replaceName(text, name), step, body)
	case 1:
		text := "fn f" + name + "() { let NAME := 0;\nfor (;;) { NAME := NAME + 1; if (NAME > " + limit + ") { return § } } }\nprint(f" + name + "());\n"
		return form(stmt, replaceName(text, name), word(name))
	}
	text := "for (let NAME := 0; NAME < " + limit + "; NAME := NAME + 1) { § }\n"
	return form(stmt, replaceName(text, name), body)
}

func (m *maker) forIn() *node {
	t := m.pick("lNSdlNSdx")
	container := m.expr(t)
	value := variable{name: oneOf(m, []string{"v", "item", "x"}), typ: map[byte]byte{'N': 'n', 'S': 's'}[t]}
	if value.typ == 0 {
		value.typ = 'x'
	}
	known := []variable{value}
	head := value.name
	if m.chance(50) {
		known = append(known, variable{name: "k", typ: map[bool]byte{true: 's', false: 'n'}[t == 'd']})
		head = "k, " + head
	}
	var body *node
	m.within(known, func() { body = m.block(3) })
	return form(stmt, "for (let "+head+" in §) { § }\n", container, body)
}

// closures are functions that capture variables: in loops, after their maker has returned, of each other.
func (m *maker) closures() *node {
	name := m.counter()
	texts := []string{
		"fn NAME(n) { let c := n; return () -> { c := c + §; return c } }\nlet NAMEf := NAME(1);\nlet NAMEg := NAME(10);\nprint(NAMEf(), NAMEg(), NAMEf());\n",
		"let NAME := [];\nfor (let i := 0; i < 3; i := i + 1) { let j := i * 2; NAME := arrayPushBack(NAME, () -> [i, j, §]) }\nprint(arrayMap(f -> f(), NAME));\n",
		"let NAME := [];\nlet NAMEn := 0;\nwhile (NAMEn < 3) { let j := NAMEn; NAME := arrayPushBack(NAME, () -> { j := j + 1; return [j, §] }); NAMEn := NAMEn + 1 }\nprint(arrayMap(f -> f(), NAME), arrayMap(f -> f(), NAME));\n",
		"let NAME := 1;\nlet NAMEs := x -> { NAME := x; return § };\nprint(NAMEs(5), NAME);\nNAME := 7;\nprint((() -> NAME)());\n",
		"fn NAME(a) { fn NAMEi(b) { return (c) -> [a, b, c, §] } return NAMEi }\nprint(NAME(1)(2)(3), NAME(1)(2));\n",
		"for (let k, v in {'a': 1, 'b': 2}) { let NAME := (x) -> f'{k}{v}{x}'; print(NAME(§), arrayMap(NAME, [1])) }\n",
		"let NAME := n -> n > 0 ? NAME(n - 1) + 1 : §;\nprint(NAME(4));\n",
		"let NAME := {'f': (x) -> x, 'g': upper};\nprint(NAME.f(§), NAME['g']('a'), NAME);\n",
		"{ let a := 1; let f := () -> { a := a + 1; return a }; print(f(), f(), a, §) }\n",
	}
	return form(stmt, replaceName(oneOf(m, texts), name), m.operand(m.pick("nsx")))
}

// replaceName puts a name into a text that has NAME for it.
func replaceName(text, name string) string { return strings.ReplaceAll(text, "NAME", name) }
