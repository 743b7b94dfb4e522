package format

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
)

// statements hands out each statement, and each comment that has lines of its own, with whether a blank line comes before.
// The end is written behind each statement.
func (f *builder) statements(list []ast.Stmt, end text, emit func(blank bool, d doc)) {
	for _, s := range list {
		f.ownComments(emit)
		blank := f.blankBefore()
		emit(blank, join(f.lead(), f.stmt(s), end, f.flush()))
	}
	f.ownComments(emit)
}

// ownComments hands out the comments before the current token that have lines of their own.
func (f *builder) ownComments(emit func(blank bool, d doc)) {
	for list := f.before[f.at]; len(list) > 0 && list[0].start; list = f.before[f.at] {
		n := 1
		for !list[n-1].end {
			n++
		}
		f.before[f.at] = list[n:]
		emit(list[0].blank, notes(list[:n]))
	}
}

// blankBefore reports whether a blank line comes before the current token and the comments on its line.
func (f *builder) blankBefore() bool {
	if inline := f.before[f.at]; len(inline) > 0 {
		return inline[0].blank
	}
	return f.blank[f.at]
}

// stmt lays out a statement with the semicolon that is needed after it.
func (f *builder) stmt(s ast.Stmt) doc {
	d := f.anyStmt(s)
	if f.is(";") && !f.empty[f.tok().Pos()] {
		d = join(d, f.ahead(";"))
	}
	return d
}

func (f *builder) anyStmt(s ast.Stmt) doc {
	switch s := s.(type) {
	case *ast.Block:
		return grouped(f.block(s, f.oneLine(s)))
	case *ast.If:
		return grouped(f.ifElse(s, f.ifOneLine(s)))
	case *ast.While:
		return grouped(f.keyword(), space{}, f.brackets(listing{single: true}), f.body(s.Body, f.bodyOneLine(s.Body)))
	case *ast.For:
		return grouped(f.keyword(), space{}, f.forHead(s), f.body(s.Body, f.bodyOneLine(s.Body)))
	case *ast.ForIn:
		return grouped(f.keyword(), space{}, f.forInHead(s), f.body(s.Body, f.bodyOneLine(s.Body)))
	case *ast.Func:
		return grouped(f.keyword(), space{}, f.next(), f.brackets(listing{comma: true}), space{}, f.block(s.Body, f.oneLine(s.Body)))
	case *ast.Try:
		return grouped(f.try(s))
	}
	return f.simple(s)
}

// simple lays out a statement that holds no other, without its semicolon.
func (f *builder) simple(s ast.Stmt) doc {
	switch s := s.(type) {
	case *ast.Let:
		d := join(f.keyword(), space{}, f.next())
		if s.Value == nil {
			return d
		}
		return join(d, space{}, f.next(), f.value())
	case *ast.Assign:
		return join(f.expr(lowest), space{}, f.next(), f.value())
	case *ast.Return:
		if s.Value == nil {
			return f.keyword()
		}
		return join(f.keyword(), f.value())
	case *ast.Throw:
		return join(f.keyword(), f.value())
	}
	return f.expr(lowest)
}

// block lays out { statements } without a group, so that the blocks of one statement are broken together.
func (f *builder) block(b *ast.Block, oneLine bool) doc {
	end := text("")
	if f.sealed[b.Range().Pos()] {
		end = ";"
	}
	open := f.ahead("{")
	first := f.flush()
	var inner []doc
	f.statements(b.Body, end, func(blank bool, d doc) {
		inner = append(inner, line{hard: !oneLine, blank: blank && len(inner) > 0}, d)
	})
	if len(b.Body) == 0 {
		return f.emptyBlock(open, join(first, join(inner...)), end)
	}
	return join(open, nest{join(first, join(inner...), f.lead())}, line{hard: !oneLine}, f.next())
}

// emptyBlock lays out a block in which nothing but comments can be, and the semicolon that makes it one.
func (f *builder) emptyBlock(open, content doc, end text) doc {
	switch {
	case content.broken() && end != "":
		return join(open, nest{join(content, f.lead(), line{hard: true}, end)}, line{hard: true}, f.next())
	case content.broken():
		return join(open, nest{join(content, f.lead())}, line{hard: true}, f.next())
	case len(f.before[f.at]) > 0:
		return join(open, end, content, space{}, f.lead(), space{}, f.next())
	}
	return join(open, end, content, f.next())
}

// oneLine reports whether a block stays on one line when it fits: it is empty, or is written so and holds one simple
// statement.
func (f *builder) oneLine(b *ast.Block) bool {
	if len(b.Body) != 1 {
		return len(b.Body) == 0
	}
	switch b.Body[0].(type) {
	case *ast.Let, *ast.Assign, *ast.ExprStmt, *ast.Return, *ast.Throw:
	default:
		return false
	}
	end := f.index(b.Range().Stop() - 1)
	last := end - 1
	for f.scanned[last].Kind == ";" {
		last--
	}
	start := f.text.Body[b.Range().Pos():b.Body[0].Range().Pos()]
	stop := f.text.Body[f.scanned[last].Stop():f.scanned[end].Pos()]
	return !strings.ContainsAny(start+stop, "\n\r")
}
