package gen

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// maxLevel is how deep expressions and statements go.
const maxLevel = 5

// variable is a name that the program can use.
type variable struct {
	name string
	// typ is the letter of its type, as in signatures; 'F' is a function.
	typ byte
	// arity is how many arguments a function takes.
	arity int
	// fixed variables are never assigned to: loop counters, whose loops would not end, and functions, which would call
	// themselves.
	fixed bool
}

// maker makes one program.
type maker struct {
	r *rand.Rand
	// scopes are the variables of the blocks around, innermost last.
	scopes [][]variable
	// budget is how many more nodes are wanted; below zero only simple ones are made.
	budget int
	level  int
	// functions is how many functions are around, loops how many loops.
	functions, loops int
	counters         int
}

// New makes the program of a seed.
func New(seed uint64) *Program {
	m := &maker{r: rand.New(rand.NewPCG(seed, 0x9E3779B97F4A7C15)), scopes: [][]variable{nil}}
	m.budget = 8 + m.r.IntN(24)
	if m.chance(7) {
		m.budget += 150
	}
	var body []*node
	for n := 1 + m.r.IntN(4); n > 0 || m.budget > 15; n-- {
		body = append(body, m.statement())
	}
	if m.chance(70) {
		body = append(body, form(stmt, "return §;\n", m.expr(m.pick("nsbldxxx"))))
	}
	return &Program{root: listing("", "", "", 0, body), spaces: m.spacing()}
}

// spacing is what stands for the spaces of the program, one after the other.
func (m *maker) spacing() []string {
	if m.chance(70) {
		return []string{" "}
	}
	odd := []string{"\n", "\t", "  ", " /* c */ ", " -- c\n", " // 'c\n", "\r\n", " /**/", "\v\f "}
	spaces := slices.Repeat([]string{" "}, 7+m.r.IntN(9))
	for range 1 + m.r.IntN(6) {
		spaces[m.r.IntN(len(spaces))] = odd[m.r.IntN(len(odd))]
	}
	return spaces
}

// chance is true in so many of 100 cases.
func (m *maker) chance(percent int) bool { return m.r.IntN(100) < percent }

// pick is one of the letters.
func (m *maker) pick(letters string) byte { return letters[m.r.IntN(len(letters))] }

func oneOf[T any](m *maker, from []T) T { return from[m.r.IntN(len(from))] }

// within makes something in a scope of its own, in which the given variables are known.
func (m *maker) within(known []variable, do func()) {
	m.scopes = append(m.scopes, known)
	m.level++
	do()
	m.level--
	m.scopes = m.scopes[:len(m.scopes)-1]
}

// inFunction is within, with what is around kept from being taken for the function's own.
func (m *maker) inFunction(known []variable, do func()) {
	loops := m.loops
	m.functions++
	m.within(known, do)
	m.functions--
	m.loops = loops
}

// declare makes a variable known in the innermost scope.
func (m *maker) declare(v variable) {
	last := len(m.scopes) - 1
	m.scopes[last] = append(m.scopes[last], v)
}

// plainNames and oddNames are what variables are called.
var (
	plainNames = []string{"a", "b", "c", "k", "v", "x", "y", "acc", "item", "total", "$tmp", "_n", "camelCase", "x1"}
	oddNames   = []string{"day", "end", "from", "`b q`", `"d q"`, "upper", "event", "select", "e", "type", "length", "`a``b`", "Order", "as_", "interval", "date"}
)

// fresh is a name that the innermost scope does not have.
func (m *maker) fresh() string {
	names := plainNames
	if m.chance(6) {
		names = oddNames
	}
	scope := m.scopes[len(m.scopes)-1]
	for range 4 {
		name := oneOf(m, names)
		if !slices.ContainsFunc(scope, func(v variable) bool { return v.name == name }) {
			return name
		}
	}
	m.counters++
	return fmt.Sprintf("v%d", m.counters)
}

// counter is a name that nothing else has.
func (m *maker) counter() string {
	m.counters++
	return fmt.Sprintf("i%d", m.counters)
}

// variables are the visible ones that fit.
func (m *maker) variables(fits func(variable) bool) []variable {
	var found []variable
	seen := map[string]bool{}
	for _, scope := range slices.Backward(m.scopes) {
		for _, v := range slices.Backward(scope) {
			if !seen[v.name] && fits(v) {
				found = append(found, v)
			}
			seen[v.name] = true
		}
	}
	return found
}

// use is the variable as an expression; now and then its name is quoted.
func (m *maker) use(v variable) *node {
	if m.chance(2) && !strings.ContainsAny(v.name, "`\"") {
		return word("`" + v.name + "`")
	}
	return word(v.name)
}
