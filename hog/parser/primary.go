package parser

import (
	"errors"
	"math"
	"math/big"
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
	case "*":
		return p.star(first, nil)
	case token.Column:
		return p.position()
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

// maxDigits is how many digits are read exactly; with more, a number is infinite in any base.
const maxDigits = 1100

// integer converts decimal, hexadecimal and binary text; what does not fit in
// 64 bits becomes a float64, and is also given exactly.
func integer(text string) (any, *big.Int) {
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
		return n, nil
	}
	digits = strings.TrimLeft(digits, "0")
	if len(digits) > maxDigits {
		if sign != "" {
			return math.Inf(-1), nil
		}
		return math.Inf(1), nil
	}
	n, ok := new(big.Int).SetString(sign+digits, base)
	if !ok {
		return 0.0, nil // the lexer has reported it
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return f, n
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
	for p.is(".") && (p.peek(1).Kind == token.Ident || p.peek(1).Kind == "*") {
		p.next()
		if p.is("*") {
			return p.star(first, chain)
		}
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
	node := &ast.Call{Name: name}
	p.callArgs(node)
	if plain(node) && p.is("(") && !p.arrowAfterParameters() && !p.bareQueryAhead() && !p.bareQuery(node.Args) {
		inner := *node
		inner.Place = p.place(first)
		p.callArgs(node)
		if p.bareQuery(node.Args) {
			return &ast.ExprCall{Place: p.place(first), Callee: &inner, Args: node.Args}
		}
		node.Params, node.Parametric = inner.Args, true
	}
	node.Place = p.place(first)
	return p.aggregate(first, node)
}

// args parses the arguments of a call on a value.
func (p *parser) args() []ast.Expr {
	p.next()
	if p.queryArgument() {
		return []ast.Expr{p.subquery()}
	}
	first := p.at
	list := p.items(")")
	if query := p.setArgument(first, list); query != nil {
		return []ast.Expr{query}
	}
	p.expect(")", "or `,` in the arguments")
	return list
}

// setArgument parses the rest of a set of queries whose first, in parentheses,
// is the only argument so far; it returns nil when there is no more.
func (p *parser) setArgument(first int, args []ast.Expr) ast.Expr {
	if len(args) != 1 || !p.setAhead(args[0]) {
		return nil
	}
	query := p.finishSet(first, args[0])
	p.closeQuery()
	return query
}

// bareQueryAhead reports whether the parentheses ahead hold a query without
// parentheses of its own, which makes them a call on a value.
func (p *parser) bareQueryAhead() bool {
	p.at++
	is := p.queryArgument()
	p.at--
	return is
}

// bareQuery reports whether the arguments that end before the last token are a
// query without parentheses of its own.
func (p *parser) bareQuery(args []ast.Expr) bool {
	return len(args) == 1 && isQuery(args[0]) && p.tokens[p.at-1].Kind == ")" && p.tokens[p.at-2].End == args[0].Range().End
}

// isQuery reports whether a node is a query.
func isQuery(e ast.Expr) bool {
	switch e.(type) {
	case *ast.Select, *ast.SetQuery:
		return true
	}
	return false
}

// list parses expressions separated by commas up to the closing token, which
// it passes. A comma may follow the last.
func (p *parser) list(end token.Kind, of string) []ast.Expr {
	items := p.items(end)
	p.expect(end, "or `,` in "+of)
	return items
}

// someItems is list up to a parenthesis, for lists that can not be empty.
func (p *parser) someItems(of string) []ast.Expr {
	if p.is(")") {
		p.unexpected("an expression")
	}
	return p.list(")", of)
}

func (p *parser) items(end token.Kind) []ast.Expr {
	items := []ast.Expr{}
	for !p.is(end) {
		items = append(items, p.listItem())
		if !p.accept(",") {
			break
		}
	}
	return items
}

func (p *parser) listItem() ast.Expr {
	item := p.argument()
	if p.is(":=") {
		p.fail(p.tok().Span, "an assignment is a statement, not an expression", "write `==` to compare")
	}
	return item
}

// parenthesis parses a group, a tuple or a lambda with its parameters in parentheses.
func (p *parser) parenthesis() ast.Expr {
	first := p.at
	if p.arrowAfterParameters() {
		return p.lambda(p.names)
	}
	p.next()
	if p.queryAhead() {
		return p.subquery()
	}
	if p.is(")") {
		p.fail(p.place(first).Span.To(p.tok().Span), "`()` has no value", "write null, or tuple()")
	}
	inner := p.expr(lowest)
	if star, ok := inner.(*ast.Star); ok && star.Qualifier == nil {
		p.replaced(star)
		if len(star.Replace) > 0 {
			p.expect(")", "after the star")
			return star
		}
	}
	if p.setAhead(inner) {
		set := p.finishSet(first+1, inner)
		p.closeQuery()
		return set
	}
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

// setAhead reports whether a query in parentheses is the first of a set, or
// has an order or a limit around it.
func (p *parser) setAhead(e ast.Expr) bool {
	if _, ok := e.(*ast.Placeholder); !ok && !isQuery(e) {
		return false
	}
	switch tok := p.tok(); tok.Kind {
	case token.Except, token.Intersect:
		return true
	default:
		return tok.Is("union") || tok.Is("limit") || tok.Is("offset") || p.words("order", "by")
	}
}
