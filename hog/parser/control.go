package parser

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// ifAhead tells the statement if (c) ... from the call if(c, a, b): after the
// closing parenthesis of a statement another statement must start.
func (p *parser) ifAhead() bool {
	isCall := p.lookahead(func() bool {
		p.at += 2
		if p.is(")") {
			return true
		}
		p.expr(lowest)
		if p.is(",") {
			return true
		}
		return p.accept(")") && !p.startsBody()
	})
	return !isCall
}

// startsBody reports whether a statement can start at the current token.
func (p *parser) startsBody() bool {
	switch p.tok().Kind {
	case ";", token.Let, token.Fn, token.While, token.Try, token.Throw:
		return true
	}
	return p.startsExpr(p.tok(), p.peek(1))
}

func (p *parser) ifElse() ast.Stmt {
	first := p.at
	p.next()
	s := &ast.If{Cond: p.condition("if")}
	s.Then = p.statement()
	if p.tok().Is("else") && !p.continues(p.peek(1)) {
		p.next()
		s.Else = p.statement()
	}
	s.Place = p.place(first)
	return s
}

// condition parses (e) after the word of a statement.
func (p *parser) condition(word string) ast.Expr {
	p.expect("(", "after `"+word+"`")
	cond := p.expr(lowest)
	if p.is(":=") {
		p.fail(p.tok().Span, "a condition can not assign", "write `==` to compare")
	}
	p.expect(")", "after the condition")
	return cond
}

func (p *parser) while() ast.Stmt {
	first := p.at
	p.next()
	s := &ast.While{Cond: p.condition("while")}
	s.Body = p.statement()
	p.accept(";")
	s.Place = p.place(first)
	return s
}

// forAhead tells a for statement from a call of a function named for.
func (p *parser) forAhead() bool {
	isCall := p.lookahead(func() bool {
		p.at += 2
		if p.is(")") {
			return true
		}
		if p.is(token.Let) || p.is(";") {
			return false
		}
		p.simple()
		return p.is(",") || p.is(")")
	})
	return !isCall || p.forInWithoutLet()
}

// forInWithoutLet recognises for (x in list), which would be a call and then
// fail in a way that is hard to understand.
func (p *parser) forInWithoutLet() bool {
	return p.peek(2).Kind == token.Ident && (p.peek(3).Is("in") || p.peek(3).Kind == "," && p.peek(5).Is("in"))
}

func (p *parser) loop() ast.Stmt {
	first := p.at
	p.next()
	p.expect("(", "after `for`")
	if p.at == first+2 && p.tok().Kind == token.Ident && (p.peek(1).Is("in") || p.peek(1).Kind == "," && p.peek(3).Is("in")) {
		p.fail(p.tok().Span, "the variable of `for` needs `let`", "write for (let "+p.tok().Text+" in ...)")
	}
	if p.is(token.Let) && (p.peek(2).Is("in") || p.peek(2).Kind == ",") {
		return p.forIn(first)
	}
	if p.is(token.Let) && p.peek(2).Is("of") {
		p.fail(p.peek(2).Span, "`of` does not belong here", "write `in`")
	}
	s := &ast.For{}
	s.Init = p.forPart(";")
	p.expect(";", "after the start of `for`")
	if !p.is(";") {
		s.Cond = p.expr(lowest)
	}
	p.expect(";", "after the condition of `for`")
	s.Step = p.forPart(")")
	p.expect(")", "after the step of `for`")
	s.Body = p.statement()
	p.accept(";")
	s.Place = p.place(first)
	return s
}

// forPart parses the start or the step of a for, which may be empty.
func (p *parser) forPart(end token.Kind) ast.Stmt {
	switch {
	case p.is(end):
		return nil
	case p.is(token.Let):
		return p.let()
	}
	return p.simple()
}

func (p *parser) forIn(first int) ast.Stmt {
	p.next()
	s := &ast.ForIn{Value: p.name("after `let`")}
	if p.accept(",") {
		key := s.Value
		s.Key, s.Value = &key, p.name("for the value")
	}
	if !p.tok().Is("in") {
		p.unexpected("`in` after the variable of `for`")
	}
	p.next()
	s.Container = p.expr(lowest)
	p.expect(")", "after the list of `for`")
	s.Body = p.statement()
	p.accept(";")
	s.Place = p.place(first)
	return s
}

func (p *parser) try() ast.Stmt {
	first := p.at
	p.next()
	s := &ast.Try{Body: p.block("after `try`")}
	for p.is(token.Catch) {
		s.Catches = append(s.Catches, p.catch())
	}
	if p.accept(token.Finally) {
		s.Finally = p.block("after `finally`")
	}
	s.Place = p.place(first)
	return s
}

func (p *parser) catch() ast.Catch {
	first := p.at
	p.next()
	c := ast.Catch{}
	if p.accept("(") {
		name := p.name("for the error")
		c.Var = &name
		if p.accept(":") {
			typ := p.name("for the error's type")
			c.Type = &typ
		}
		p.expect(")", "after the error")
	}
	c.Body = p.block("after `catch`")
	c.Place = p.place(first)
	return c
}
