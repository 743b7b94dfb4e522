package parser

import (
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// postfix parses a call or access on a value.
func (p *parser) postfix(left ast.Expr) ast.Expr {
	switch tok := p.tok(); tok.Kind {
	case "(":
		if p.arrowAfterParameters() {
			return nil
		}
		args := p.args()
		if field, ok := left.(*ast.Field); ok && len(field.Chain) == 1 && len(args) == 1 {
			if isQuery(args[0]) {
				return &ast.Call{Place: p.from(left), Name: field.Chain[0], Args: args}
			}
		}
		return &ast.ExprCall{Place: p.from(left), Callee: left, Args: args}
	case "::":
		return p.cast(left)
	case "[":
		open := p.at
		p.next()
		if node := p.index(left, false); node != nil {
			return node
		}
		p.at, p.listAt = open, open
		return nil
	case ".":
		p.next()
		return p.member(left, false)
	case "?.":
		p.next()
		if p.accept("[") {
			return p.index(left, true)
		}
		return p.member(left, true)
	default:
		// a.1.2 was cut into a, .1 and .2
		if !strings.HasPrefix(tok.Text, ".") {
			return nil
		}
		return p.indexes(left, tok.Text[1:], false)
	}
}

// index parses what follows "[". It returns nil when that is a list, which
// starts a statement of its own.
func (p *parser) index(left ast.Expr, nullish bool) ast.Expr {
	if p.is("]") {
		p.fail(p.tok().Span, "`[]` after a value needs an index", "an array of its own starts a statement: put `;` before it")
	}
	var key ast.Expr
	if !p.is(":") {
		key = p.expr(lowest)
	}
	if p.is(":") && !nullish {
		return p.slice(left, key)
	}
	if p.is(",") && p.peek(1).Kind != "]" && !nullish {
		return nil
	}
	p.expect("]", "after the index")
	return &ast.Index{Place: p.from(left), Object: left, Key: key, Nullish: nullish}
}

// slice parses what follows the lower bound of a slice, which may be missing.
func (p *parser) slice(left, low ast.Expr) ast.Expr {
	p.next()
	node := &ast.Slice{Object: left, Low: low}
	if !p.is("]") {
		node.High = p.expr(lowest)
	}
	p.expect("]", "after the slice")
	node.Place = p.from(left)
	return node
}

// member parses what follows a dot.
func (p *parser) member(left ast.Expr, nullish bool) ast.Expr {
	tok := p.tok()
	switch tok.Kind {
	case token.Ident:
		p.next()
		key := &ast.Constant{Place: ast.Place{Span: tok.Span}, Value: tok.Text}
		return &ast.Index{Place: p.from(left), Object: left, Key: key, Nullish: nullish}
	case token.Int, token.Float:
		return p.indexes(left, tok.Text, nullish)
	}
	if kind := token.Lookup(tok.Text); kind == tok.Kind && tok.Text != "" {
		p.fail(tok.Span, tok.String()+" is a reserved word and can not follow a dot", "write ['"+tok.Text+"']")
	}
	p.unexpected("a property name after the dot")
	return nil
}

// indexes applies the positions in the text of a number token: 1, or 1.2 for two.
func (p *parser) indexes(left ast.Expr, text string, nullish bool) ast.Expr {
	tok := p.next()
	for i, part := range strings.Split(text, ".") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != part {
			p.fail(tok.Span, "expected a plain number after the dot, found "+tok.String(), "")
		}
		left = &ast.TupleIndex{Place: p.from(left), Tuple: left, N: n, Nullish: nullish && i == 0}
	}
	return left
}
