package parser

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/token"
)

// report notes a fault and goes on, for faults whose meaning is plain.
func (p *parser) report(span source.Span, message, hint string) {
	if p.trying > 0 {
		p.unreported++
		return
	}
	if len(p.errs) >= maxErrors {
		return
	}
	err := p.text.Errorf(span, "%s", message)
	err.Hint = hint
	err.Incomplete = p.is(token.EOF) && span == p.tok().Span
	p.errs = append(p.errs, err)
}

// fail notes a fault and unwinds to where parsing goes on.
func (p *parser) fail(span source.Span, message, hint string) {
	p.report(span, message, hint)
	panic(bailout{})
}

// giveUp notes a fault even when trying, and ends parsing.
func (p *parser) giveUp(message string) {
	p.trying = 0
	p.report(p.tok().Span, message, "")
	panic(abandon{})
}

// unclosed fails for a brace that the input ends in. Parsing ends there, because
// every brace around it would be reported too.
func (p *parser) unclosed(open token.Token) {
	if p.trying == 0 {
		p.report(open.Span, "`{` is not closed", "add `}`")
		if n := len(p.errs); n > 0 {
			p.errs[n-1].Incomplete = true
		}
		panic(abandon{})
	}
	panic(bailout{})
}

// unexpected fails at the current token.
func (p *parser) unexpected(wanted string) {
	tok := p.tok()
	p.fail(tok.Span, "expected "+wanted+", found "+tok.String(), p.hint(tok))
}

// hint guesses what was meant by a token where it does not fit.
func (p *parser) hint(tok token.Token) string {
	switch tok.Kind {
	case ":=":
		return "an assignment is a statement of its own; write `==` to compare"
	case "=":
		return "write `:=` to assign"
	case "[":
		if p.listAt == p.at {
			return "an index is one value, and a list after a value is a statement of its own"
		}
	case token.Let, token.Fn, token.While, token.Try, token.Throw:
		return "a statement can not stand here; is something missing before it?"
	case token.Catch, token.Finally:
		return "it belongs after `try { ... }`"
	}
	if tok.Quoted && tok.Kind == token.Ident {
		return "strings are written in single quotes; double quotes are for names"
	}
	return ""
}

// attempt calls parse without reporting its errors. When it fails the parser
// is put back to where it was.
func (p *parser) attempt(parse func()) (ok bool) {
	at, depth, trying, limited, noAlias := p.at, p.depth, p.trying, p.limited, p.noAlias
	defer func() {
		p.trying = trying
		switch fault := recover().(type) {
		case nil:
		case bailout:
			p.at, p.depth, p.limited, p.noAlias, ok = at, depth, limited, noAlias, false
		default:
			panic(fault)
		}
	}()
	p.trying++
	parse()
	return true
}

// lookahead tells what parse finds out and stays where it is.
func (p *parser) lookahead(parse func() bool) (found bool) {
	at, depth := p.at, p.depth
	p.attempt(func() { found = parse() })
	p.at, p.depth = at, depth
	return found
}

// guarded calls parse and, when that fails, moves on to the next place where a
// statement can start. Within an attempt the failure goes through.
func (p *parser) guarded(parse func()) {
	if p.trying > 0 {
		parse()
		return
	}
	first, depth := p.at, p.depth
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case bailout:
			p.depth, p.limited, p.noAlias = depth, 0, 0
			p.synchronise(first)
		default:
			panic(fault)
		}
	}()
	parse()
}

// synchronise moves behind the statement that starts at token first and failed
// at the current one: past its ";", to a statement word on a new line, or to
// the "}" that ends the block around it.
func (p *parser) synchronise(first int) {
	failed, braces, parens := p.at, 0, 0
	for i := first; i < len(p.tokens); i++ {
		tok := p.tokens[i]
		p.at = i
		if tok.Kind == token.EOF {
			return
		}
		if i >= failed && i > first && braces == 0 && p.startsStatement(i) {
			return
		}
		switch tok.Kind {
		case "{":
			braces++
		case "}":
			if braces == 0 && i >= failed {
				return
			}
			braces = max(braces-1, 0)
		case "(", "[":
			parens++
		case ")", "]":
			parens = max(parens-1, 0)
		case ";":
			if i >= failed && braces == 0 && parens == 0 {
				p.at = i + 1
				return
			}
		}
	}
}

// startsStatement reports whether token i is a statement word that is the
// first on its line.
func (p *parser) startsStatement(i int) bool {
	tok := p.tokens[i]
	switch tok.Kind {
	case token.Let, token.Fn, token.While, token.Try, token.Throw:
	case token.Ident:
		if !tok.Is("if") && !tok.Is("for") && !tok.Is("return") {
			return false
		}
	default:
		return false
	}
	return p.newLine(i)
}

// newLine reports whether a line ends between token i and the one before it.
func (p *parser) newLine(i int) bool {
	return i == 0 || strings.Contains(p.text.Body[p.tokens[i-1].Stop():p.tokens[i].Pos()], "\n")
}
