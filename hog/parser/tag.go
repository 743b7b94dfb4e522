package parser

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// tag parses <name attr='x'>children</name>.
func (p *parser) tag() ast.Expr {
	p.enter()
	first := p.at
	p.next()
	node := &ast.Tag{Name: p.name("for the tag")}
	for p.is(token.Ident) {
		node.Attributes = append(node.Attributes, p.attribute())
	}
	if !p.accept(token.TagEmpty) {
		p.expect(">", "at the end of the tag")
		p.children(node)
	}
	p.depth--
	node.Place = p.place(first)
	return node
}

func (p *parser) attribute() ast.Attribute {
	a := ast.Attribute{Name: p.name("for the attribute")}
	if !p.accept("=") {
		a.Value = &ast.Constant{Place: a.Name.Place, Value: true}
		return a
	}
	first, tok := p.at, p.tok()
	switch tok.Kind {
	case token.String:
		p.next()
		a.Value = &ast.Constant{Place: p.place(first), Value: tok.Text}
	case token.TemplateStart:
		p.fail(tok.Span, "an attribute can not be a template string directly", "put it into braces: {f'...'}")
	case "{":
		p.next()
		a.Value = p.expr(lowest)
		p.expect("}", "after the attribute's value")
	default:
		p.unexpected("a string or {expression} for the attribute")
	}
	return a
}

// children parses the content of a tag and its closing tag.
func (p *parser) children(node *ast.Tag) {
	children := ast.Attribute{Name: ast.Name{Place: node.Name.Place, Text: "children"}}
	for !p.is(token.TagClose) {
		first, tok := p.at, p.tok()
		switch tok.Kind {
		case token.TagText:
			p.next()
			children.Children = append(children.Children, &ast.Constant{Place: p.place(first), Value: tok.Text})
		case token.TagOpen:
			children.Children = append(children.Children, p.tag())
		case "{":
			p.next()
			children.Children = append(children.Children, p.expr(lowest))
			p.expect("}", "after the expression in the tag")
		default:
			p.unexpected("`</" + node.Name.Text + ">`")
		}
	}
	p.next()
	closing := p.name("for the closing tag")
	p.expect(">", "at the end of the closing tag")
	if closing.Text != node.Name.Text {
		p.fail(closing.Span, "Opening and closing HogQLX tags must match. Got "+node.Name.Text+" and "+closing.Text, "")
	}
	if len(children.Children) == 0 {
		return
	}
	for _, a := range node.Attributes {
		if a.Name.Text == "children" {
			p.fail(a.Name.Span, "Can't have a HogQLX tag with both children and a 'children' attribute", "")
		}
	}
	node.Attributes = append(node.Attributes, children)
}
