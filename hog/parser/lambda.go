package parser

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// lambdaBody is what a lambda body was parsed as, and the token after it.
// Unreported bodies have faults that an attempt kept to itself.
type lambdaBody struct {
	node       ast.Node
	end        int
	unreported bool
}

// arrowAfterNames counts the names of a lambda without parentheses that starts
// at the current token, or returns 0.
func (p *parser) arrowAfterNames() int {
	if p.at >= p.noArrow[0] && p.at < p.noArrow[1] {
		return 0
	}
	i, n := p.at, 0
	for p.tokens[i].Kind == token.Ident {
		n++
		switch p.tokens[i+1].Kind {
		case "->":
			return n
		case ",":
			i += 2
			if p.tokens[i].Kind == "->" {
				return n
			}
			continue
		}
		break
	}
	p.noArrow = [2]int{p.at, i + 1}
	return 0
}

func (p *parser) bareNames(n int) []ast.Name {
	list := make([]ast.Name, 0, n)
	for range n {
		list = append(list, p.name("for the parameter"))
		p.accept(",")
	}
	return list
}

// arrowAfterParameters reports whether (names) -> starts at the current token.
func (p *parser) arrowAfterParameters() bool {
	i := p.at + 1
	for p.tokens[i].Kind == token.Ident {
		i++
		if p.tokens[i].Kind != "," {
			break
		}
		i++
	}
	return p.tokens[i].Kind == ")" && p.tokens[i+1].Kind == "->"
}

func (p *parser) lambda(parameters func() []ast.Name) ast.Expr {
	first := p.at
	params := parameters()
	p.expect("->", "after the parameters")
	body := p.body()
	return &ast.Lambda{Place: p.place(first), Params: params, Body: body}
}

// body parses a lambda's body. Results are kept by place, because an attempt
// at the code around it may parse it again.
func (p *parser) body() ast.Node {
	first := p.at
	if known, ok := p.bodies[first]; ok && (p.trying > 0 || !known.unreported) {
		p.at = known.end
		return known.node
	}
	before := p.unreported
	var node ast.Node
	if p.is("{") && p.blockAhead() {
		node = p.block("")
	} else {
		node = p.expr(lowest)
	}
	p.bodies[first] = lambdaBody{node, p.at, p.trying > 0 && p.unreported > before}
	return node
}

// blockAhead decides what braces after an arrow are: {} and {k: v} are
// dictionaries, {e} is a placeholder, all else is a block. A lone return is
// read as the statement, though the reference reads it as a name, because the
// name can mean nothing there.
func (p *parser) blockAhead() bool {
	if p.peek(1).Is("return") && p.peek(2).Kind != ":" && !p.continues(p.peek(2)) {
		return true
	}
	isValue := p.lookahead(func() bool {
		p.next()
		if p.is("}") {
			return true
		}
		p.expr(lowest)
		return p.is(":") || p.is("}")
	})
	return !isValue
}

// dictionaryAhead tells at the start of a statement whether braces are a
// value: {k: v}, or anything in braces with a property taken of it.
func (p *parser) dictionaryAhead() bool {
	return p.lookahead(func() bool {
		p.next()
		if !p.is("}") {
			p.expr(lowest)
		}
		if p.is(":") {
			return true
		}
		return p.accept("}") && (p.is(".") || p.is("?."))
	})
}

// brace parses {} and {k: v} as dictionaries and {e} as a placeholder.
func (p *parser) brace() ast.Expr {
	first := p.at
	open := p.next()
	if p.accept("}") {
		return &ast.Dict{Place: p.place(first)}
	}
	key := p.expr(lowest)
	if p.accept("}") {
		return &ast.Placeholder{Place: p.place(first), Operand: key}
	}
	node := &ast.Dict{}
	for {
		if !p.is(":") {
			p.dictHint(key)
		}
		p.next()
		node.Items = append(node.Items, ast.DictItem{Key: key, Value: p.expr(lowest)})
		if !p.accept(",") || p.is("}") {
			break
		}
		key = p.expr(lowest)
	}
	if p.is(token.EOF) {
		p.unclosed(open)
	}
	p.expect("}", "or `,` in the dictionary")
	node.Place = p.place(first)
	return node
}

// dictHint fails where a dictionary's colon is missing.
func (p *parser) dictHint(key ast.Expr) {
	hint := "write {'key': value}"
	if f, ok := key.(*ast.Field); ok && len(f.Chain) == 1 {
		hint = "write {'" + f.Chain[0].Text + "': " + f.Chain[0].Text + "}"
	}
	p.fail(p.tok().Span, "expected `:` after the key of a dictionary, found "+p.tok().String(), hint)
}
