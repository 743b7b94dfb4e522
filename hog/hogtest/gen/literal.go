package gen

import "strings"

// numbers and texts are literals, odd ones among them.
var (
	numbers = []string{
		"0", "1", "2", "3", "7", "10", "-1", "-3", "2.5", "0.1", "100", "1.5", "-2.5", ".5", "1.0", "0x1F", "2e3", "017", "1e21", "1e-7", "-0",
		"9007199254740993", "9223372036854775808", "1.5e300", "5e-324", "0xFFFFFFFFFFFFFFFF", "123456789.125", "1E2",
	}
	texts = []string{
		"''", "'a'", "'abc'", "'B'", "'a,b,c'", "'12'", "' 1.5x '", "'true'", "'Hello World'", "'héß🎉'", `'it\'s'`, `'l1\nl2'`, `'tab\t\\'`, "'a''b'",
		"'aXbXc'", "'0x10'", "'$&'", "'2024-05-01'", "'null'", "'10'", "'İi'", "'%'", "'ab ab'", `'"q"'`,
	}
	keys = []string{"'a'", "'b'", "'key'", "'a b'", "1", "'1'", "null", "true", "2.5", "''"}
)

// literal is a value written down.
func (m *maker) literal(t byte) *node {
	switch t {
	case 'n':
		return m.number()
	case 's':
		return word(oneOf(m, texts))
	case 'b':
		return word(oneOf(m, []string{"true", "false", "true", "false", "TRUE", "False"}))
	case 't':
		return m.call(signature{"toDateTime", []string{"o"}})
	case 'D':
		return m.call(signature{"toDate", []string{"o"}})
	case 'e':
		return m.call(oneOf(m, byResult['e']))
	case 'v':
		return m.interval()
	case 'l', 'N', 'S':
		return m.items(t)
	case 'd':
		return m.dict()
	case 'F':
		return m.lambda([]variable{{name: "p", typ: 'x'}}, 'x')
	}
	return word("null")
}

func (m *maker) number() *node {
	switch roll := m.r.IntN(200); {
	case roll < 2:
		return word(oneOf(m, []string{"inf", "nan", "-inf", "Infinity"}))
	case roll < 4:
		return word(oneOf(m, []string{"1.", "0x1p3"}))
	case roll < 100:
		return word(numbers[m.r.IntN(8)])
	}
	return word(oneOf(m, numbers))
}

func (m *maker) interval() *node {
	if m.chance(50) {
		return word(oneOf(m, []string{"interval 3 day", "INTERVAL '2 hour'", "interval 5 minute", "interval 1 month"}))
	}
	return m.call(oneOf(m, byResult['v']))
}

// items is an array, or sometimes a tuple.
func (m *maker) items(t byte) *node {
	of := map[byte]string{'l': "nsxxld", 'N': "n", 'S': "s"}[t]
	kids := make([]*node, m.r.IntN(4))
	for i := range kids {
		kids[i] = m.small(m.pick(of))
	}
	if len(kids) > 0 && m.chance(15) {
		return &node{sort: expr, text: []string{"", ""}, kids: []*node{listing("(", ", ", ",)", 1, kids)}}
	}
	end := "]"
	if len(kids) > 0 && m.chance(10) {
		end = ",]"
	}
	n := listing("[", ", ", end, strings.Count(end, ","), kids)
	return &node{sort: expr, text: []string{"", ""}, kids: []*node{n}}
}

func (m *maker) dict() *node {
	kids := make([]*node, m.r.IntN(4))
	for i := range kids {
		key := word(oneOf(m, keys[:3]))
		if m.chance(12) {
			key = word(oneOf(m, keys))
		}
		if m.chance(3) {
			key = form(expr, "(§)", m.small('s'))
		}
		kids[i] = form(fixed, "§: §", key, m.small(m.pick("nsxld")))
	}
	return &node{sort: expr, text: []string{"", ""}, kids: []*node{listing("{", ", ", "}", 0, kids)}}
}

// small is an expression that is part of a literal; mostly it is no literal with parts of its own.
func (m *maker) small(t byte) *node {
	switch {
	case m.chance(20):
		return m.expr(t)
	case strings.IndexByte("xld", t) >= 0 && (m.chance(75) || m.level > maxLevel):
		t = m.pick("nsnsb")
	}
	m.budget--
	m.level += 2
	defer func() { m.level -= 2 }()
	return m.leaf(t)
}
