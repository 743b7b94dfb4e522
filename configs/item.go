package configs

import (
	"fmt"
	"slices"
)

// componentKind is how a kind of component is written.
type componentKind struct {
	word   string   // "destination"
	known  []string // types; none means that any is taken
	beside []string // keys that stand beside the component's
	inside []string // keys that stand among the component's own
}

func (k componentKind) knows(typ string) bool {
	return len(k.known) == 0 || slices.Contains(k.known, typ)
}

// item finds the component that an item names: a bare word, or a mapping with one key for the component and perhaps some beside it.
// The entry's value is nil for a bare word. Mistakes have been reported when ok is false.
func (l *loader) item(n *node, k componentKind) (e entry, beside *node, ok bool) {
	switch {
	case n.broken:
		return entry{}, nil, false
	case n.kind == scalar && !n.empty():
		e = entry{name: n.text, pos: n.textPos}
		return e, &node{kind: mapping}, l.known(k, e.name, n.written, e)
	case n.kind != mapping || len(n.entries) == 0:
		l.add(n.pos, "want a %s, got %s", k.word, n.what()).Hint = suggest("", k.known, k.word+"s")
		return entry{}, nil, false
	}
	beside, candidates := n.split(k.beside...)
	e, ok = l.pick(candidates.entries, k)
	if !ok {
		l.add(n.pos, "the item names no %s, only %s", k.word, quote(n.entries[0].name)).Hint = suggest("", k.known, k.word+"s")
		return entry{}, nil, false
	}
	for _, other := range candidates.entries {
		if other.name != e.name {
			l.stray(other, e, k)
		}
	}
	// What the component lacks stands beside it, and has been reported there.
	outside := len(candidates.entries) > 1 && e.value.empty()
	return e, beside, l.known(k, e.name, e.name, e) && !outside
}

// pick chooses the component's key: the first known one, else the first that is not meant for the inside.
func (l *loader) pick(candidates []entry, k componentKind) (entry, bool) {
	for _, known := range []func(entry) bool{
		func(e entry) bool { return slices.Contains(k.known, e.name) },
		func(e entry) bool { return !slices.Contains(k.inside, e.name) },
	} {
		if i := slices.IndexFunc(candidates, known); i >= 0 {
			return candidates[i], true
		}
	}
	return entry{}, false
}

func (l *loader) known(k componentKind, typ, written string, e entry) bool {
	if k.knows(typ) {
		return true
	}
	l.add(e.pos, "unknown %s %s", k.word, quote(written)).Hint = suggest(typ, k.known, k.word+"s")
	return false
}

// stray reports a key beside a component's key e, and where it belongs.
func (l *loader) stray(other, e entry, k componentKind) {
	inside := slices.Contains(k.inside, other.name)
	switch {
	case slices.Contains(k.known, other.name) && !inside:
		l.add(other.pos, "one item names one %s, but here are %q and %q", k.word, e.name, other.name).
			Hint = `begin an item of its own with "- "`
	case inside || e.value.empty():
		l.add(other.pos, "%s stands beside %q instead of inside it", quote(other.name), e.name).
			Hint = fmt.Sprintf("indent it more than %s:", e.name)
	default:
		l.add(other.pos, "unknown key %s beside %q", quote(other.name), e.name).Hint = hintBeside(other.name, e.name, k)
	}
}

func hintBeside(name, component string, k componentKind) string {
	if near := nearest(name, k.beside); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("settings of %s stand inside it, indented more than %s:", component, component)
}
