package parser

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// argument parses an argument, which may have a name: name := e.
func (p *parser) argument() ast.Expr {
	if !p.is(token.Ident) || p.peek(1).Kind != ":=" {
		return p.expr(lowest)
	}
	first := p.at
	name := p.name("")
	p.next()
	value := p.expr(lowest)
	return &ast.NamedArg{Place: p.place(first), Name: name, Value: value}
}

// star parses * behind a qualifier that has been read.
func (p *parser) star(first int, qualifier []ast.Name) ast.Expr {
	p.next()
	if len(qualifier) == 0 && p.tok().Is("columns") && p.peek(1).Kind == "(" {
		if columns, ok := p.columns().(*ast.Columns); ok {
			return &ast.Spread{Place: p.place(first), Operand: columns}
		}
		p.unexpected("a list of columns")
	}
	s := &ast.Star{Qualifier: qualifier}
	if p.tok().Is("exclude") && p.peek(1).Kind == "(" {
		p.at += 2
		for len(s.Exclude) == 0 || !p.is(")") {
			at := p.at
			field := &ast.Field{Chain: p.nestedName()}
			field.Place = p.place(at)
			s.Exclude = append(s.Exclude, field)
			if !p.accept(",") {
				break
			}
		}
		p.expect(")", "after the columns to leave out")
	}
	s.Place = p.place(first)
	return s
}

// replaced parses the REPLACE list behind a star, if there is one.
func (p *parser) replaced(s *ast.Star) {
	if !p.tok().Is("replace") || p.peek(1).Kind != "(" {
		return
	}
	p.at += 2
	for len(s.Replace) == 0 || p.accept(",") {
		e := p.beforeAs()
		p.expectWord("as")
		name := p.name("after `as`")
		s.Replace = append(s.Replace, &ast.Alias{Place: p.from(e), Operand: e, Name: name})
	}
	p.expect(")", "after the replaced columns")
	s.Place = p.from(s)
}

// columns parses COLUMNS(...), or returns nil when it is a call.
func (p *parser) columns() ast.Expr {
	first := p.at
	c := &ast.Columns{}
	ok := p.attempt(func() {
		p.at += 2
		switch {
		case p.is(")"):
			p.unexpected("columns")
		case p.is(token.String) && p.peek(1).Kind == ")":
			at := p.at
			c.Pattern = &ast.Constant{Value: p.next().Text}
			c.Pattern.Place = p.place(at)
			p.next()
		default:
			c.List = p.columnList()
		}
		if p.words("filter") && p.peek(1).Kind == "(" || p.tok().Is("over") && (p.peek(1).Kind == "(" || p.peek(1).Kind == token.Ident) {
			p.unexpected("no more")
		}
	})
	if !ok {
		return nil
	}
	c.Place = p.place(first)
	return c
}

// columnList parses the list of COLUMNS, in which one star may have REPLACE.
func (p *parser) columnList() []ast.Expr {
	e := p.argument()
	if s, ok := e.(*ast.Star); ok {
		p.replaced(s)
	}
	if !p.accept(",") {
		p.expect(")", "after the columns")
		return []ast.Expr{e}
	}
	return append([]ast.Expr{e}, p.list(")", "the columns")...)
}

// position parses #N.
func (p *parser) position() ast.Expr {
	first := p.at
	tok := p.next()
	n, err := strconv.ParseInt(tok.Text[1:], 10, 64)
	if err != nil {
		p.fail(tok.Span, "bad number "+tok.String(), "")
	}
	return &ast.Position{Place: p.place(first), N: n}
}

// castCall parses CAST(e AS type) or TRY_CAST; it returns nil when the
// parentheses hold the arguments of a call.
func (p *parser) castCall() ast.Expr {
	first := p.at
	c := &ast.Cast{Try: p.tok().Is("try_cast")}
	ok := p.attempt(func() {
		p.at += 2
		c.Operand = p.beforeAs()
		p.expectWord("as")
		c.Type = p.typeName()
		p.expect(")", "after the type")
	})
	if !ok {
		return nil
	}
	c.Place = p.place(first)
	return c
}

// typeName parses the type of a cast and writes it as the reference does.
func (p *parser) typeName() ast.Name {
	p.enter()
	first := p.at
	var b strings.Builder
	b.WriteString(p.name("of a type").Text)
	switch {
	case p.is("("):
		p.next()
		b.WriteString("(" + p.typeArguments() + ")")
	default:
		for p.is(token.Ident) {
			b.WriteString(" " + p.next().Text)
		}
	}
	for p.is("[") && (p.peek(1).Kind == "]" || p.peek(1).Kind == token.Int && p.peek(2).Kind == "]") {
		for !p.is("]") {
			b.WriteString(p.next().Text)
		}
		b.WriteString(p.next().Text)
	}
	p.depth--
	return ast.Name{Place: p.place(first), Text: strings.ToLower(b.String())}
}

// typeArguments parses what is in the parentheses of a type: types, with names
// or without, or else expressions.
func (p *parser) typeArguments() string {
	var parts []string
	types := func() {
		parts = nil
		for len(parts) == 0 || !p.is(")") {
			parts = append(parts, p.typeName().Text)
			if !p.accept(",") {
				break
			}
		}
		p.expect(")", "after the type's arguments")
	}
	if p.attempt(types) {
		return strings.Join(parts, ", ")
	}
	parts = nil
	list := p.list(")", "the type's arguments")
	if len(list) > 0 && !slices.ContainsFunc(list, func(e ast.Expr) bool { return !isEnumValue(e) }) {
		p.fail(list[0].Range(), "types with named values are not supported here", "")
	}
	for _, e := range list {
		parts = append(parts, p.compact(e))
	}
	return strings.Join(parts, ", ")
}

// isEnumValue recognises 'name' = 1.
func isEnumValue(e ast.Expr) bool {
	c, ok := e.(*ast.Compare)
	return ok && c.Op == ast.Eq && isText(c.Left) && isInteger(c.Right)
}

func isText(e ast.Expr) bool {
	c, ok := e.(*ast.Constant)
	if ok {
		_, ok = c.Value.(string)
	}
	return ok
}

func isInteger(e ast.Expr) bool {
	c, ok := e.(*ast.Constant)
	if ok {
		_, ok = c.Value.(int64)
	}
	return ok
}

// compact is the source of an expression without white space and comments.
func (p *parser) compact(e ast.Expr) string {
	var b strings.Builder
	span := e.Range()
	for i := p.at; i >= 0; i-- {
		if p.tokens[i].Start < span.Start {
			for _, tok := range p.tokens[i+1 : p.at] {
				if tok.End <= span.End {
					b.WriteString(p.text.Body[tok.Start:tok.End])
				}
			}
			break
		}
	}
	return b.String()
}

// cast parses ::type behind a value.
func (p *parser) cast(left ast.Expr) ast.Expr {
	p.next()
	first, tok := p.at, p.tok()
	if tok.Kind != token.Ident || !tok.Quoted && keywords[strings.ToLower(tok.Text)] && !castWords[strings.ToLower(tok.Text)] {
		p.unexpected("a type after `::`")
	}
	p.next()
	name := tok.Text
	switch {
	case p.acceptWords("with", "local", "time", "zone"):
		name += " with local time zone"
	case p.acceptWords("with", "time", "zone"):
		name += " with time zone"
	}
	typ := ast.Name{Place: p.place(first), Text: strings.ToLower(name)}
	return &ast.Cast{Place: p.from(left), Operand: left, Type: typ}
}

// castWords are the keywords that are types.
var castWords = wordSet("date interval timestamp time second minute hour day week month quarter year yyyy")
