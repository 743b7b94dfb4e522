package format

import "github.com/prickle-dev/prickle/hog/token"

// listing says how a list in brackets is laid out.
type listing struct {
	// comma says that a comma may follow the last element, and keepComma that one after a lone element means something.
	comma, keepComma bool
	// single marks brackets that are no list when a lone element without a comma is in them.
	single bool
	// keepBroken says that the list stays broken when it is written so.
	keepBroken bool
	// spaced says that spaces are inside of the brackets when they are not broken.
	spaced bool
	// open says that the list looks well broken in place.
	open opening
	// hug says that a fitting element may be broken in place of the list; hugCall that a lone call may, too.
	hug, hugCall bool
}

// list is a list that is being laid out.
type list struct {
	listing
	left, right doc
	items       []element
	// first and last are comments behind the opening bracket and before the closing one.
	first, last doc
	// broken says that the list is broken whatever fits.
	broken bool
}

// element is one of a list.
type element struct {
	doc
	// blank says that a blank line comes before it in a broken list.
	blank bool
	// comma says that one follows it, and behind are the comments behind that.
	comma  bool
	behind doc
	// pair says that it is a key with a value.
	pair bool
}

// brackets lays out a list from its opening to its closing bracket.
func (f *builder) brackets(how listing) doc {
	lead := f.lead()
	inCase, loose := f.inCase, f.loose
	f.inCase, f.loose = false, false
	l := list{listing: how, left: f.next()}
	l.broken = how.keepBroken && f.breaksBefore()
	l.first = f.flush()
	for !f.atEnd() {
		l.items = append(l.items, f.element())
	}
	l.comma = l.comma && !f.loose
	f.inCase, f.loose = inCase, loose
	l.last = f.lead()
	l.right = f.next()
	return join(lead, l.layout())
}

// atEnd reports whether the current token ends a list.
func (f *builder) atEnd() bool {
	switch f.tok().Kind {
	case ")", "]", "}", token.EOF:
		return true
	}
	return false
}

// element lays out one element with the comma after it.
func (f *builder) element() element {
	var e element
	var lead []doc
	f.ownComments(func(blank bool, d doc) {
		if len(lead) == 0 {
			e.blank = blank
		}
		lead = append(lead, line{hard: true, blank: blank}, d)
	})
	if len(lead) == 0 {
		e.blank = f.blankBefore()
	} else {
		lead = append(lead[1:], line{hard: true, blank: f.blankBefore()})
	}
	e.doc = join(append(lead, f.expr(lowest))...)
	switch {
	case f.is(":"):
		e.pair = true
		e.doc = join(e.doc, f.ahead(":"))
		if !f.atEnd() {
			e.doc = join(e.doc, f.value())
		}
	case f.is(":="):
		e.doc = join(e.doc, space{}, f.next(), f.value())
	}
	e.comma = f.is(",")
	switch {
	case endLine(f.trail), e.comma && endLine(f.before[f.at]):
		e.doc = join(e.doc, f.flushInline())
	case e.comma:
		e.doc = join(e.doc, f.lead())
	default:
		e.doc = join(e.doc, f.flush())
	}
	if e.comma {
		f.postpone()
		f.skip()
	}
	e.behind = f.flush()
	return e
}

func (l *list) layout() doc {
	if len(l.items) == 0 {
		return grouped(l.left, nest{join(l.first, l.last)}, line{soft: true}, l.right)
	}
	if e := &l.items[0]; l.lone() && !e.comma {
		e.doc = bare(e.doc)
	}
	body := []doc{l.first, line{soft: !l.spaced}}
	for i, e := range l.items {
		if i > 0 {
			body = append(body, line{blank: e.blank})
		}
		body = append(body, e.doc, l.commaAfter(i), e.behind)
	}
	g := grouped(l.left, nest{join(append(body, l.last)...)}, line{soft: !l.spaced}, l.right)
	g.breaks, g.open = g.breaks || l.broken, l.open
	if hug := l.hugging(); hug != nil {
		return either{g, hug}
	}
	return g
}

// lone reports whether the brackets hold one element that a comma would turn into something else.
func (l *list) lone() bool { return l.single && len(l.items) == 1 && !l.items[0].pair }

// commaAfter returns the comma after element i, if there is one.
func (l *list) commaAfter(i int) doc {
	e, lone := l.items[i], l.lone()
	switch {
	case i < len(l.items)-1 && e.comma:
		return text(",")
	case i < len(l.items)-1:
		return nil
	case e.comma && (lone || !l.comma || l.keepComma && len(l.items) == 1):
		return text(",")
	case l.comma && !lone:
		return ifBroken(",")
	}
	return nil
}

// hugging returns the list on the lines of one element that is broken, or nil when there is no such layout.
func (l *list) hugging() doc {
	at := l.chosen()
	if at < 0 || l.broken || l.first != nil || l.last != nil {
		return nil
	}
	parts := []doc{l.left}
	for i, e := range l.items {
		d := e.doc
		if i == at {
			d = hugged(e.doc)
		}
		if i != at && d.broken() || i == at && !endsBroken(e.doc) || e.behind != nil && e.behind.broken() {
			return nil
		}
		parts = append(parts, d)
		if i < len(l.items)-1 {
			parts = append(parts, l.commaAfter(i), e.behind, space{})
		} else if c, ok := l.commaAfter(i).(text); ok {
			parts = append(parts, c, e.behind)
		}
	}
	return join(append(parts, l.right)...)
}

// chosen returns the element that is broken in place of the list, or -1.
func (l *list) chosen() int {
	if !l.hug {
		return -1
	}
	last := len(l.items) - 1
	block := -1
	for i, e := range l.items {
		if ending(e.doc) == openBlock && (block < 0 || e.broken()) {
			block = i
		}
	}
	switch kind := ending(l.items[last].doc); {
	case block >= 0 && l.items[block].broken():
		return block
	case kind == openList, kind == openCall && last == 0 && l.hugCall:
		return last
	}
	return block
}
