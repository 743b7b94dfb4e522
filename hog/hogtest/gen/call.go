package gen

import "strings"

// libraryCall is a call of a function of the library that gives the type.
func (m *maker) libraryCall(t byte) *node {
	if m.chance(8) {
		t = 'x'
	}
	list := byResult[t]
	if len(list) == 0 {
		return m.literal(t)
	}
	return m.call(oneOf(m, list))
}

// call is a call with plausible arguments; a few have odd ones, and very few too many or too few.
func (m *maker) call(s signature) *node {
	var args []*node
	for _, t := range s.args {
		switch {
		case strings.HasSuffix(t, "*"):
			for range m.r.IntN(3) {
				args = append(args, m.argument(t[:1]))
			}
			continue
		case strings.HasSuffix(t, "?") && m.chance(55):
			continue
		}
		if m.r.IntN(300) == 0 {
			t = "x"
		}
		args = append(args, m.argument(t[:1]))
	}
	switch roll := m.r.IntN(1000); {
	case roll < 1 && len(args) > 0:
		args = args[1:]
	case roll < 2:
		args = append(args, m.expr('x'))
	}
	open, end := "(", ")"
	if len(args) > 0 && m.chance(3) {
		end = ",)"
	}
	list := listing(open, ", ", end, strings.Count(end, ","), args)
	if m.chance(2) && !nameIsCallback(s.name) {
		// The function as a value: reached through a variable of the library's name.
		return form(expr, "("+s.name+")§", list)
	}
	return form(expr, s.name+"§", list)
}

// nameIsCallback reports whether the function cannot be called as a value.
func nameIsCallback(name string) bool {
	return strings.HasPrefix(name, "array") || strings.HasSuffix(name, "Cohort") || name == "sortableSemver" || name == "not" || name == "and" || name == "or" || name == "in" || name == "like" ||
		name == "ilike" || name == "if"
}

// argument is what fits a letter of signatures.
func (m *maker) argument(letter string) *node {
	t := letter[0]
	if list, ok := samples[t]; ok {
		if m.chance(1) {
			return m.expr('s')
		}
		return word(oneOf(m, list))
	}
	switch t {
	case 'i':
		if m.chance(10) {
			return m.expr('n')
		}
		return word(oneOf(m, []string{"0", "1", "2", "3", "-1", "5", "2"}))
	case 'H':
		return form(expr, "[§, §]", m.expr('s'), m.expr('s'))
	case 'T':
		return m.expr(m.pick("tD"))
	case 'F', 'P', 'R':
		return m.function(t)
	}
	return m.expr(t)
}

// function is a function to pass on.
func (m *maker) function(kind byte) *node {
	if fits := m.variables(func(v variable) bool { return v.typ == 'F' && v.arity == 1 }); len(fits) > 0 && m.chance(20) && m.loops == 0 {
		return m.use(oneOf(m, fits))
	}
	switch kind {
	case 'P':
		return m.lambda([]variable{{name: "x", typ: m.pick("xns")}}, m.pick("bbbn"))
	case 'R':
		return m.lambda([]variable{{name: "acc", typ: m.pick("xn")}, {name: "x", typ: m.pick("xn")}}, m.pick("nnsl"))
	}
	if m.chance(15) {
		return word(oneOf(m, []string{"toString", "typeof", "isNull", "toInt", "jsonStringify", "concat", "tuple", "empty"}))
	}
	return m.lambda([]variable{{name: oneOf(m, []string{"x", "item", "k"}), typ: m.pick("xns")}}, 'x')
}
