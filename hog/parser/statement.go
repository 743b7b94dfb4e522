package parser

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// statements parses declarations up to, and not including, the end token.
func (p *parser) statements(end token.Kind) []ast.Stmt {
	var list []ast.Stmt
	for !p.is(end) && !p.is(token.EOF) {
		if p.accept(";") {
			continue
		}
		if p.is("}") {
			p.report(p.tok().Span, "`}` without a `{` before it", "")
			p.next()
			continue
		}
		before := p.at
		p.guarded(func() { list = append(list, p.declaration()) })
		if p.at == before {
			p.next()
		}
	}
	return list
}

func (p *parser) declaration() ast.Stmt {
	if p.is(token.Let) {
		s := p.let()
		p.accept(";")
		return s
	}
	return p.statement()
}

// statement parses one statement with its optional ";".
func (p *parser) statement() ast.Stmt {
	p.enter()
	s := p.anyStatement()
	p.depth--
	return s
}

func (p *parser) anyStatement() ast.Stmt {
	first := p.at
	tok := p.tok()
	switch tok.Kind {
	case ";":
		p.next()
		return &ast.ExprStmt{Place: p.place(first)}
	case token.Let:
		p.fail(tok.Span, "`let` can not be the whole body of a statement", "put it into a block: { let ... }")
	case token.Fn:
		return p.function()
	case token.While:
		return p.while()
	case token.Try:
		return p.try()
	case token.Throw:
		p.next()
		value := p.expr(lowest)
		p.accept(";")
		return &ast.Throw{Place: p.place(first), Value: value}
	case "{":
		if !p.dictionaryAhead() {
			return p.block("")
		}
	case token.Ident:
		if s := p.wordStatement(tok); s != nil {
			return s
		}
	}
	s := p.simple()
	p.accept(";")
	return s
}

// wordStatement parses the statements whose first word may also be a name; it
// returns nil when the word is a name here.
func (p *parser) wordStatement(tok token.Token) ast.Stmt {
	switch {
	case tok.Is("if") && p.peek(1).Kind == "(" && p.ifAhead():
		return p.ifElse()
	case tok.Is("for") && p.peek(1).Kind == "(" && p.forAhead():
		return p.loop()
	case tok.Is("return") && !p.continues(p.peek(1)):
		return p.returns()
	case tok.Is("else") && !p.continues(p.peek(1)):
		p.fail(tok.Span, "`else` without an `if` before it", "a `;` after the block of an `if` ends the statement; delete it")
	}
	return nil
}

// continues reports whether the token makes a name of the word before it.
func (p *parser) continues(tok token.Token) bool {
	return tok.Kind == ":=" || tok.Kind == "." || tok.Kind == "?."
}

// simple parses an expression or assignment without its ";".
func (p *parser) simple() ast.Stmt {
	first := p.at
	target := p.expr(lowest)
	p.refuseBareQuery(target)
	if !p.is(":=") {
		return &ast.ExprStmt{Place: p.place(first), Expr: target}
	}
	p.next()
	value := p.expr(lowest)
	if p.is(":=") {
		p.fail(p.tok().Span, "assignments can not be chained", "write one statement for each")
	}
	return &ast.Assign{Place: p.place(first), Target: target, Value: value}
}

// refuseBareQuery fails for a query without parentheses, whose first word has
// been read as a variable.
func (p *parser) refuseBareQuery(e ast.Expr) {
	if product, ok := e.(*ast.Arithmetic); ok && product.Op == ast.Mul {
		e = product.Left
	}
	field, ok := e.(*ast.Field)
	if !ok || !strings.EqualFold(p.text.Body[field.Span.Start:field.Span.End], "select") || p.newLine(p.at) || !p.is(token.Ident) {
		return
	}
	p.fail(field.Span, "a query stands in parentheses", "write (select ...)")
}

func (p *parser) let() *ast.Let {
	first := p.at
	p.next()
	s := &ast.Let{Name: p.name("after `let`")}
	if p.is("=") {
		p.report(p.tok().Span, "`=` compares and does not assign", "write `:=`")
		p.next()
		s.Value = p.expr(lowest)
	} else if p.accept(":=") {
		s.Value = p.expr(lowest)
	}
	p.refuseBareQuery(s.Value)
	if p.is(",") {
		p.fail(p.tok().Span, "`let` declares one variable", "write one `let` for each")
	}
	if p.is(":=") {
		p.fail(p.tok().Span, "assignments can not be chained", "write one statement for each")
	}
	s.Place = p.place(first)
	return s
}

func (p *parser) returns() ast.Stmt {
	first := p.at
	p.next()
	s := &ast.Return{}
	if p.startsExpr(p.tok(), p.peek(1)) && !p.tok().Is("else") {
		s.Value = p.expr(lowest)
		p.refuseBareQuery(s.Value)
	} else if p.operatorAt(0) {
		p.fail(p.tok().Span, "expected a value after `return`, found "+p.tok().String(), "")
	}
	p.accept(";")
	s.Place = p.place(first)
	return s
}

// name parses an identifier.
func (p *parser) name(where string) ast.Name {
	tok := p.tok()
	if tok.Kind != token.Ident {
		if token.Lookup(tok.Text) == tok.Kind && tok.Kind != token.EOF && tok.Text != "" {
			p.fail(tok.Span, tok.String()+" is a reserved word and can not be a name", "quote it: \""+tok.Text+"\"")
		}
		p.unexpected("a name " + where)
	}
	p.next()
	return ast.Name{Place: ast.Place{Span: tok.Span}, Text: tok.Text}
}

// names parses a list of names up to the closing parenthesis.
func (p *parser) names() []ast.Name {
	var list []ast.Name
	p.expect("(", "before the parameters")
	for !p.is(")") {
		list = append(list, p.name("for the parameter"))
		if p.is("=") || p.is(":=") {
			p.fail(p.tok().Span, "parameters have no default values", "missing arguments are null; use ??")
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "after the parameters")
	return list
}

func (p *parser) function() ast.Stmt {
	first := p.at
	p.next()
	s := &ast.Func{Name: p.name("for the function")}
	s.Params = p.names()
	s.Body = p.block("before the function's body")
	s.Place = p.place(first)
	return s
}

// block parses { statements }.
func (p *parser) block(where string) *ast.Block {
	p.enter()
	first := p.at
	open := p.expect("{", where)
	list := p.statements("}")
	if p.is(token.EOF) {
		p.unclosed(open)
	}
	p.next()
	p.depth--
	return &ast.Block{Place: p.place(first), Body: list}
}
