// Package parser turns Hog text into a syntax tree.
//
// It is a recursive-descent parser with operator precedence for expressions.
// After a fault it goes on at the next statement, so that one pass reports
// several. The grammar is ambiguous around braces and around words that are
// keywords in some places only; there the parser tries one reading and falls
// back, remembering what it tried, so that time stays within a small power of
// the input's size. Depth is bounded, because later passes walk the tree recursively.
package parser

import (
	"fmt"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/lexer"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/token"
)

const (
	// maxDepth bounds how deep expressions and statements nest.
	maxDepth = 400
	// maxChain bounds how many operators of one run make the tree higher. With
	// maxDepth it bounds the height of a tree, and so the stack of any walk.
	maxChain = 1000
	// maxErrors bounds the list for input that is not Hog at all.
	maxErrors = 20
)

type parser struct {
	text   *source.Text
	tokens []token.Token
	at     int
	depth  int
	errs   source.ErrorList

	// trying counts the attempts under way, whose errors are not reported but
	// counted in unreported.
	trying     int
	unreported int
	// bodies holds what lambda bodies were parsed as, by their first token,
	// and notForm the words that turned out not to start a special form.
	// queries tells of words that may start a query whether they do.
	bodies  map[int]lambdaBody
	notForm map[int]bool
	queries map[int]bool
	// limited counts the LIMIT counts being parsed, which a percent sign may end.
	limited int
	// noAlias is the first token of an expression that ends at `as`, or 0.
	noAlias int
	// noArrow is a range of tokens that was searched for a lambda in vain.
	noArrow [2]int
	// listAt is a "[" after a value that starts a list and no index, or 0.
	listAt int
}

// bailout unwinds to the statement or attempt that goes on after a fault.
type bailout struct{}

// abandon unwinds to the entry point: going on is useless.
type abandon struct{}

// Program parses statements. The error is a source.ErrorList.
func Program(text *source.Text) (*ast.Program, error) {
	p := start(text, lexer.Scan)
	program := &ast.Program{Source: text}
	err := p.run(func() { program.Body = p.statements(token.EOF) })
	return program, err
}

// Expression parses one expression. The error is a source.ErrorList.
func Expression(text *source.Text) (*ast.Expression, error) {
	p := start(text, lexer.Scan)
	tree := &ast.Expression{Source: text}
	err := p.run(func() {
		tree.Expr = p.expr(lowest)
		p.endOfExpression()
	})
	return tree, err
}

// Template parses the text of an input field, in which {e} embeds an
// expression. The error is a source.ErrorList.
func Template(text *source.Text) (*ast.Expression, error) {
	p := start(text, lexer.ScanTemplate)
	tree := &ast.Expression{Source: text}
	err := p.run(func() {
		tree.Expr = p.templateParts(token.EOF, source.Span{End: int32(len(text.Body))})
	})
	return tree, err
}

func start(text *source.Text, scan func(*source.Text) ([]token.Token, source.ErrorList)) *parser {
	p := &parser{text: text, bodies: map[int]lambdaBody{}, notForm: map[int]bool{}, queries: map[int]bool{}}
	p.tokens, p.errs = scan(text)
	return p
}

// run calls parse and returns the errors found by it and by the lexer.
func (p *parser) run(parse func()) error {
	func() {
		defer func() {
			switch fault := recover().(type) {
			case nil, bailout, abandon:
			default:
				panic(fault)
			}
		}()
		parse()
	}()
	return p.errs.Sort().Err()
}

func (p *parser) endOfExpression() {
	switch tok := p.tok(); tok.Kind {
	case token.EOF:
	case ":=":
		p.fail(tok.Span, "an assignment is a statement, not an expression", "write `==` to compare")
	default:
		p.unexpected("the end of the expression")
	}
}

func (p *parser) tok() token.Token { return p.tokens[p.at] }

func (p *parser) is(kind token.Kind) bool { return p.tokens[p.at].Kind == kind }

// peek returns the token n places ahead, or the final EOF.
func (p *parser) peek(n int) token.Token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

// next returns the current token and moves past it; EOF stays.
func (p *parser) next() token.Token {
	tok := p.tokens[p.at]
	if p.at < len(p.tokens)-1 {
		p.at++
	}
	return tok
}

func (p *parser) accept(kind token.Kind) bool {
	if p.is(kind) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(kind token.Kind, after string) token.Token {
	if !p.is(kind) {
		p.unexpected(fmt.Sprintf("`%s` %s", kind, after))
	}
	return p.next()
}

// place returns the range from the given token to the last one read.
func (p *parser) place(first int) ast.Place {
	span := p.tokens[first].Span
	if p.at > first {
		span = span.To(p.tokens[p.at-1].Span)
	}
	return ast.Place{Span: span}
}

// from returns the range from the start of a node to the last token read.
func (p *parser) from(left ast.Node) ast.Place {
	return ast.Place{Span: left.Range().To(p.tokens[p.at-1].Span)}
}

// enter counts one level of nesting; the caller takes it back with p.depth--.
func (p *parser) enter() {
	p.depth++
	if p.depth > maxDepth {
		p.giveUp(fmt.Sprintf("code nests deeper than %d levels", maxDepth))
	}
}
