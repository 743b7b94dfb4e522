package format

import (
	"github.com/prickle-dev/prickle/hog/ast"
)

// ifElse lays out an if with all that hangs on its else.
func (f *builder) ifElse(s *ast.If, oneLine bool) doc {
	d := join(f.keyword(), space{}, f.brackets(listing{single: true}), f.body(s.Then, oneLine))
	if s.Else == nil {
		return d
	}
	if _, ok := s.Then.(*ast.Block); ok {
		d = join(d, space{})
	} else {
		d = join(d, f.line())
	}
	d = join(d, f.keyword())
	if chained, ok := s.Else.(*ast.If); ok {
		return join(d, space{}, f.lead(), f.ifElse(chained, oneLine))
	}
	return join(d, f.body(s.Else, oneLine))
}

// body lays out the statement inside of another.
func (f *builder) body(s ast.Stmt, oneLine bool) doc {
	if b, ok := s.(*ast.Block); ok {
		return join(space{}, f.block(b, oneLine))
	}
	if f.empty[f.tok().Pos()] {
		return f.next()
	}
	return grouped(nest{join(f.line(), f.lead(), f.stmt(s))})
}

func (f *builder) ifOneLine(s *ast.If) bool {
	if !f.bodyOneLine(s.Then) {
		return false
	}
	if chained, ok := s.Else.(*ast.If); ok {
		return f.ifOneLine(chained)
	}
	return s.Else == nil || f.bodyOneLine(s.Else)
}

func (f *builder) bodyOneLine(s ast.Stmt) bool {
	b, ok := s.(*ast.Block)
	return !ok || f.oneLine(b)
}

// forHead lays out (start; condition; step), of which each may be missing.
func (f *builder) forHead(s *ast.For) doc {
	lead, open := f.lead(), f.next()
	parts := []doc{f.softLine()}
	if s.Init != nil {
		parts = append(parts, f.lead(), f.simple(s.Init))
	}
	parts = append(parts, f.ahead(";"))
	if s.Cond != nil {
		parts = append(parts, f.line(), f.expr(lowest))
	}
	parts = append(parts, f.ahead(";"))
	if s.Step != nil {
		parts = append(parts, f.line(), f.lead(), f.simple(s.Step))
	}
	inner := nest{join(append(parts, f.lead())...)}
	return join(lead, grouped(open, inner, line{soft: true}, f.next()))
}

func (f *builder) forInHead(s *ast.ForIn) doc {
	d := join(f.next(), f.keyword(), space{}, f.next())
	if s.Key != nil {
		d = join(d, f.next(), space{}, f.next())
	}
	return join(d, space{}, f.keyword(), space{}, f.expr(lowest), f.next())
}

func (f *builder) try(s *ast.Try) doc {
	oneLine := f.oneLine(s.Body) && (s.Finally == nil || f.oneLine(s.Finally))
	for _, c := range s.Catches {
		oneLine = oneLine && f.oneLine(c.Body)
	}
	parts := []doc{f.keyword(), space{}, f.block(s.Body, oneLine)}
	for _, c := range s.Catches {
		parts = append(parts, space{}, f.keyword(), space{})
		if c.Var != nil {
			parts = append(parts, f.next(), f.next())
			if c.Type != nil {
				parts = append(parts, f.next(), space{}, f.next())
			}
			parts = append(parts, f.next(), space{})
		}
		parts = append(parts, f.block(c.Body, oneLine))
	}
	if s.Finally != nil {
		parts = append(parts, space{}, f.keyword(), space{}, f.block(s.Finally, oneLine))
	}
	return join(parts...)
}
