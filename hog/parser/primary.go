package parser

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

func (p *parser) primary() ast.Expr {
	first, tok := p.at, p.tok()
	switch tok.Kind {
	case token.Ident:
		return p.word()
	case token.String:
		p.next()
		return &ast.Constant{Place: p.place(first), Value: tok.Text}
	case token.Null:
		p.next()
		return &ast.Constant{Place: p.place(first)}
	case token.Int, token.Float, token.Inf, token.NaN:
		return p.number(first, false)
	case token.TemplateStart:
		p.next()
		return p.templateParts(token.TemplateEnd, tok.Span)
	case token.TagOpen:
		return p.tag()
	case "(":
		return p.parenthesis()
	case "[":
		p.next()
		items := p.list("]", "the array")
		return &ast.Array{Place: p.place(first), Items: items}
	case "{":
		return p.brace()
	}
	p.unexpected("an expression")
	return nil
}

// number parses a number whose sign, if any, has been read.
func (p *parser) number(first int, negative bool) ast.Expr {
	tok := p.next()
	node := &ast.Constant{}
	text := tok.Text
	if negative {
		text = "-" + text
	}
	switch tok.Kind {
	case token.Int:
		node.Value, node.Integer = integer(text)
	case token.Inf:
		node.Value = math.Inf(1)
		if negative {
			node.Value = math.Inf(-1)
		}
	case token.NaN:
		node.Value = math.NaN()
	default:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			p.fail(tok.Span, "bad number "+tok.String(), "")
		}
		node.Value = f
	}
	node.Place = p.place(first)
	return node
}

// integer converts decimal, hexadecimal and binary text; what does not fit in
// 64 bits becomes a float64, which is reported by the second result.
func integer(text string) (any, bool) {
	sign, digits := "", text
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, digits = "-", rest
	}
	base := 10
	if len(digits) > 2 && digits[0] == '0' {
		switch digits[1] {
		case 'x', 'X':
			base, digits = 16, digits[2:]
		case 'b', 'B':
			base, digits = 2, digits[2:]
		case 'o', 'O':
			base, digits = 8, digits[2:]
		}
	}
	if n, err := strconv.ParseInt(sign+digits, base, 64); err == nil {
		return n, false
	}
	f := 0.0
	if base == 10 {
		f, _ = strconv.ParseFloat(digits, 64)
	} else {
		for _, c := range digits {
			d, _ := strconv.ParseInt(string(c), 16, 64)
			f = f*float64(base) + float64(d)
		}
	}
	if sign != "" {
		f = -f
	}
	return f, true
}

// word parses what starts with an identifier.
func (p *parser) word() ast.Expr {
	if node := p.specialForm(); node != nil {
		return node
	}
	if n := p.arrowAfterNames(); n > 0 {
		return p.lambda(func() []ast.Name { return p.bareNames(n) })
	}
	first := p.at
	tok := p.next()
	name := ast.Name{Place: ast.Place{Span: tok.Span}, Text: tok.Text}
	if p.is("(") && !p.arrowAfterParameters() {
		return p.call(first, name)
	}
	chain := []ast.Name{name}
	for p.is(".") && p.peek(1).Kind == token.Ident {
		p.next()
		part := p.next()
		chain = append(chain, ast.Name{Place: ast.Place{Span: part.Span}, Text: part.Text})
	}
	if len(chain) == 1 && !tok.Quoted && (strings.EqualFold(tok.Text, "true") || strings.EqualFold(tok.Text, "false")) && !p.is(":=") {
		return &ast.Constant{Place: p.place(first), Value: strings.EqualFold(tok.Text, "true")}
	}
	return &ast.Field{Place: p.place(first), Chain: chain}
}

// call parses name(args) and the second argument list that may follow.
func (p *parser) call(first int, name ast.Name) ast.Expr {
	node := &ast.Call{Name: name, Args: p.args()}
	if p.is("(") && !p.arrowAfterParameters() {
		node.Params, node.Parametric = node.Args, true
		node.Args = p.args()
	}
	node.Place = p.place(first)
	return node
}

func (p *parser) args() []ast.Expr {
	p.next()
	if p.tok().Is("distinct") && p.peek(1).Kind == token.Ident {
		p.fail(p.tok().Span, "`distinct` is SQL and is not supported here", "")
	}
	return p.list(")", "the arguments")
}

// list parses expressions separated by commas up to the closing token, which
// it passes. A comma may follow the last.
func (p *parser) list(end token.Kind, of string) []ast.Expr {
	items := []ast.Expr{}
	for !p.is(end) {
		items = append(items, p.expr(lowest))
		if p.is(":=") {
			p.fail(p.tok().Span, "named arguments are not supported here", "pass arguments by position")
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(end, "or `,` in "+of)
	return items
}

// parenthesis parses a group, a tuple or a lambda with its parameters in parentheses.
func (p *parser) parenthesis() ast.Expr {
	first := p.at
	if p.arrowAfterParameters() {
		return p.lambda(p.names)
	}
	p.next()
	if (p.tok().Is("select") || p.tok().Is("with")) && p.startsQuery() {
		p.fail(p.tok().Span, "a SQL query is not supported here", "")
	}
	if p.is(")") {
		p.fail(p.place(first).Span.To(p.tok().Span), "`()` has no value", "write null, or tuple()")
	}
	inner := p.expr(lowest)
	if !p.is(",") {
		if p.is(":=") {
			p.fail(p.tok().Span, "an assignment is a statement, not an expression", "write `==` to compare")
		}
		p.expect(")", "after the expression")
		return inner
	}
	p.next()
	items := append([]ast.Expr{inner}, p.list(")", "the tuple")...)
	return &ast.Tuple{Place: p.place(first), Items: items}
}

// startsQuery reports whether a query follows the word at the current token,
// which may also be a variable.
func (p *parser) startsQuery() bool {
	next := p.peek(1)
	switch {
	case next.Kind == "*":
		return p.peek(2).Is("from") || p.peek(2).Kind == ")"
	case next.Kind == token.Ident:
		return next.Quoted || !infixWords[strings.ToLower(next.Text)]
	}
	return next.Kind == token.String || isNumber(next) || next.Kind == token.Null
}
