package gen

// maxTries bounds how often the failing test is run while shrinking.
const maxTries = 3000

// simplest are what expressions are replaced by.
var simplest = []string{"null", "1", "''", "[]"}

// Shrink makes the program as small as it gets while fails holds for its source, and returns it.
func (p *Program) Shrink(fails func(source string) bool) *Program {
	s := &shrinker{program: p, fails: fails, tries: maxTries, source: p.Source()}
	s.plain()
	for s.round() && s.tries > 0 {
		continue
	}
	return p
}

type shrinker struct {
	program *Program
	fails   func(string) bool
	tries   int
	// source is the smallest one so far that fails.
	source string
}

// keep reports whether the program fails as it now is; else the change is undone.
func (s *shrinker) keep(undo func()) bool {
	source := s.program.Source()
	if source == s.source {
		return true // the change was to a part that is no longer in the program
	}
	if s.tries > 0 {
		s.tries--
		if s.fails(source) {
			s.source = source
			return true
		}
	}
	undo()
	return false
}

// plain takes away comments and odd spaces.
func (s *shrinker) plain() {
	old := s.program.spaces
	s.program.spaces = []string{" "}
	s.keep(func() { s.program.spaces = old })
}

// round tries every change once, and reports whether one held.
func (s *shrinker) round() bool {
	before := len(s.program.Source())
	var nodes []*node
	s.program.root.walk(func(n *node) { nodes = append(nodes, n) })
	for _, n := range nodes {
		switch n.sort {
		case list:
			s.shorten(n)
		case expr, stmt:
			s.replace(n)
		case fixed:
		}
	}
	return len(s.program.Source()) < before
}

// shorten drops kids of a list: first many at once, then one by one.
func (s *shrinker) shorten(n *node) {
	for size := len(n.kids); size > 0; size /= 2 {
		for at := len(n.kids) - size; at >= 0; at -= size {
			if len(n.kids)-size < n.least || at+size > len(n.kids) {
				continue
			}
			old := n.kids
			n.kids = append(append([]*node{}, old[:at]...), old[at+size:]...)
			s.keep(func() { n.kids = old })
		}
	}
}

// replace puts in the place of a node something below it, or the simplest there is.
func (s *shrinker) replace(n *node) {
	old := *n
	size := len(text(n))
	try := func(with *node) bool {
		if len(text(with)) >= size {
			return false
		}
		*n = *with
		return s.keep(func() { *n = old })
	}
	if n.sort == expr {
		for _, w := range simplest {
			if try(word(w)) {
				return
			}
		}
	}
	for _, below := range within(&old, n.sort) {
		if try(below) {
			return
		}
	}
}

// within is the nearest nodes of a sort below a node.
func within(n *node, s sort) []*node {
	var found []*node
	for _, kid := range n.kids {
		if kid.sort == s {
			found = append(found, kid)
		} else {
			found = append(found, within(kid, s)...)
		}
	}
	return found
}

func text(n *node) string { return (&Program{root: n, spaces: []string{" "}}).Source() }
