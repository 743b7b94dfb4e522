package format

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// operand lays out what stands where an expression begins, up to the first operator behind it. It takes at least one token.
func (f *builder) operand() doc {
	tok := f.tok()
	if node, ok := f.lambdas[tok.Pos()]; ok {
		return f.lambda(node)
	}
	if end, ok := f.asWritten[tok.Pos()]; ok {
		f.loose = f.loose || f.queries[tok.Pos()]
		return f.until(end)
	}
	switch tok.Kind {
	case token.TemplateStart:
		return f.until(f.closing(token.TemplateStart, token.TemplateEnd))
	case "(":
		if f.opensQuery() {
			return f.query()
		}
		return f.brackets(listing{comma: true, single: true, hug: true})
	case "[":
		return f.brackets(listing{comma: true, keepBroken: true, open: openList})
	case "{":
		return f.brackets(listing{comma: true, single: true, keepBroken: true, open: openList})
	case "-", "+":
		return f.sign()
	case token.Ident:
		return f.word(tok)
	case token.Null, token.Inf, token.NaN:
		return f.keyword()
	}
	return f.next()
}

func (f *builder) word(tok token.Token) doc {
	form, called := f.forms[tok.Pos()], f.peek(1).Kind == "(" && !f.stops[f.peek(1).Pos()]
	switch {
	case f.nots[tok.Pos()] && tok.Is("not"):
		return join(f.keyword(), space{}, f.expr(levelNot))
	case called && !tok.Quoted && tok.Text == "not":
		// It is a call, but reads as the operator, which it equals.
		return join(f.next(), space{}, f.brackets(listing{comma: true, single: true, hug: true, hugCall: true}))
	case f.booleans[tok.Pos()]:
		return f.keyword()
	case called && tok.Is("sql"):
		return f.until(f.closing("(", ")"))
	case form != nil && tok.Is("case"):
		return f.caseForm()
	case form != nil && tok.Is("interval"):
		return f.interval(form)
	}
	return f.next()
}

// sign lays out a sign before an operand. Two minus signs need a space, because -- begins a comment.
func (f *builder) sign() doc {
	d := f.next()
	if f.is("-") || f.is("+") {
		d = join(d, space{})
	}
	return join(d, f.expr(levelNegate))
}

// opensQuery reports whether the brackets that begin here hold a query.
func (f *builder) opensQuery() bool {
	n := 0
	for f.peek(n).Kind == "(" {
		n++
	}
	return f.queries[f.peek(n).Pos()] || f.queries[f.peek(n-1).Pos()] || f.queries[f.tok().Pos()]
}

// query lays out (select ...), which is left as it is but for the white space at its ends.
func (f *builder) query() doc {
	end := f.closing("(", ")")
	open := f.next()
	return join(open, f.until(end-1), f.next())
}

// caseForm lays out case when a then b else c end.
func (f *builder) caseForm() doc {
	inCase := f.inCase
	f.inCase = true
	first := f.keyword()
	if !f.tok().Is("when") {
		first = join(first, space{}, f.expr(lowest))
	}
	var rest []doc
	for f.tok().Is("when") {
		rest = append(rest, f.line(), f.keyword(), space{}, f.expr(lowest))
		if f.tok().Is("then") {
			rest = append(rest, space{}, f.keyword(), space{}, f.expr(lowest))
		}
	}
	if f.tok().Is("else") {
		rest = append(rest, f.line(), f.keyword(), space{}, f.expr(lowest))
	}
	end := f.line()
	f.inCase = inCase
	return grouped(first, nest{join(rest...)}, end, f.keyword())
}

// interval lays out interval 3 day, or interval '3 days'.
func (f *builder) interval(form *ast.Call) doc {
	d := join(f.keyword(), space{}, f.expr(lowest))
	if f.tok().Stop() == form.Range().Stop() {
		d = join(d, space{}, f.keyword())
	}
	return d
}
