package format

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// Levels of binding, loosest first, as in the parser. Here they only choose where lines are broken: tokens are never moved.
const (
	lowest = iota
	levelAlias
	levelTernary
	levelOr
	levelAnd
	levelNot
	levelBetween
	levelCoalesce
	levelIsNull
	levelCompare
	levelAdd
	levelMultiply
	levelNegate
	levelPostfix
)

// none is the level of a token that is no operator.
const none = -1

var operators = map[token.Kind]int{
	"?": levelTernary, "??": levelCoalesce, "+": levelAdd, "-": levelAdd, "||": levelAdd, "*": levelMultiply, "/": levelMultiply,
	"%": levelMultiply, "=": levelCompare, "==": levelCompare, "!=": levelCompare, "<>": levelCompare, "<": levelCompare,
	"<=": levelCompare, ">": levelCompare, ">=": levelCompare, "~": levelCompare, "=~": levelCompare, "!~": levelCompare,
	"~*": levelCompare, "=~*": levelCompare, "!~*": levelCompare, "(": levelPostfix, "[": levelPostfix, ".": levelPostfix,
	"?.": levelPostfix, "::": levelPostfix,
}

var wordOperators = map[string]int{
	"or": levelOr, "and": levelAnd, "between": levelBetween, "is": levelIsNull, "in": levelCompare, "like": levelCompare,
	"ilike": levelCompare, "as": levelAlias,
}

// infix returns the level of the current token as an operator after an operand.
func (f *builder) infix() int {
	tok := f.tok()
	switch {
	case tok.Kind == token.Float && strings.HasPrefix(tok.Text, "."):
		return levelPostfix
	case tok.Kind == token.Ident && tok.Quoted:
		return none
	case tok.Is("not") && f.peek(1).Is("between"):
		return levelBetween
	case tok.Is("not"):
		return levelCompare
	case tok.Kind == token.Ident:
		if level, ok := wordOperators[strings.ToLower(tok.Text)]; ok {
			return level
		}
		return none
	}
	if level, ok := operators[tok.Kind]; ok {
		return level
	}
	return none
}

// stopped reports whether the current token is no part of the expression before it.
func (f *builder) stopped() bool {
	tok := f.tok()
	switch tok.Kind {
	case ")", "]", "}", ",", ";", ":", ":=", token.EOF:
		return true
	}
	if f.inCase && (tok.Is("when") || tok.Is("then") || tok.Is("else") || tok.Is("end")) {
		return true
	}
	return f.stops[tok.Pos()]
}

// expr lays out an expression whose operators bind at least as tightly as level.
func (f *builder) expr(level int) doc {
	lead := f.lead()
	d := f.operand()
	for !f.stopped() {
		switch found := f.infix(); {
		case found == none:
			// Words and values that follow each other without an operator, as in `interval 3 day`.
			f.loose = true
			d = join(d, space{}, f.operand())
		case found < level:
			return join(lead, d)
		case found == levelPostfix:
			d = join(d, f.nested(f.postfix))
		case found == levelTernary:
			d = f.ternary(d)
		default:
			d = f.chain(d, found)
		}
	}
	return join(lead, d)
}

// chain lays out operators of one level and the operands between them.
func (f *builder) chain(first doc, level int) doc {
	var rest []doc
	for !f.stopped() && f.infix() == level {
		f.pullComments()
		rest = append(rest, f.line(), f.operator(level))
	}
	return indented(first, rest)
}

// pullComments puts comments at a line's end behind the operator before it: the line will end there.
func (f *builder) pullComments() {
	if len(f.before[f.at]) == 0 && endLine(f.after[f.at]) {
		f.trail = append(f.trail, f.after[f.at]...)
		f.after[f.at] = nil
	}
}

// indented returns a group of which all but the first part is indented, unless it stands alone in brackets.
func indented(first doc, rest []doc) doc {
	g := grouped(first, nest{join(rest...)})
	g.bare = join(append([]doc{first}, rest...)...)
	return g
}

// operator lays out one operator with its right operand.
func (f *builder) operator(level int) doc {
	first := f.tok()
	d := f.keyword()
	switch level {
	case levelIsNull:
		if f.tok().Is("not") {
			d = join(d, space{}, f.keyword())
		}
		if f.is(token.Null) {
			return join(d, space{}, f.keyword())
		}
	case levelBetween:
		if first.Is("not") {
			d = join(d, space{}, f.keyword())
		}
		d = join(d, space{}, f.expr(level+1))
		if f.tok().Is("and") {
			d = join(d, space{}, f.keyword())
		}
	case levelCompare:
		if first.Is("not") {
			d = join(d, space{}, f.keyword())
		}
		if f.cohorts[f.tok().Pos()] {
			d = join(d, space{}, f.keyword())
		}
	}
	return join(d, space{}, f.nested(func() doc { return f.expr(level + 1) }))
}

// ternary lays out c ? a : b, and those that follow in place of b.
func (f *builder) ternary(first doc) doc {
	var rest []doc
	for !f.stopped() && f.is("?") {
		rest = append(rest, f.line(), f.next(), space{}, f.expr(lowest))
		if f.is(":") {
			rest = append(rest, f.line(), f.next(), space{}, f.expr(levelTernary+1))
		}
	}
	return indented(first, rest)
}

// postfix lays out a call or access on the value before.
func (f *builder) postfix() doc {
	tok, before := f.tok(), f.tokens[f.at-1]
	var d doc
	switch tok.Kind {
	case "(":
		how := arguments
		// if(a) begins a statement, and f(distinct) a query's aggregate.
		how.keepComma = before.Is("if") || f.peek(1).Is("distinct")
		return f.brackets(how)
	case "[":
		return f.brackets(listing{single: true})
	case "?.":
		if d = f.next(); f.is("[") {
			return join(d, f.brackets(listing{single: true}))
		}
	default:
		if isNumber(before) && before.Stop() < tok.Pos() {
			d = space{} // 1 .e is no 1.e
		}
		if d = join(d, f.next()); tok.Kind == token.Float {
			return d
		}
		switch next := f.tok(); {
		case isNumber(next) && isWord(before), // in.1 is the operator before .1
			isNumber(before) && next.Kind == token.Ident && tok.Stop() < next.Pos(): // 0x1. p3 is no 0x1.p3
			d = join(d, space{})
		}
	}
	return join(d, f.next())
}

// isWord reports whether the token may be a word of the grammar, and not a name.
func isWord(tok token.Token) bool {
	word := strings.ToLower(tok.Text)
	return tok.Kind == token.Ident && !tok.Quoted && (infixWords[word] || prefixWords[word])
}

var arguments = listing{comma: true, hug: true, hugCall: true}

func isNumber(tok token.Token) bool { return tok.Kind == token.Int || tok.Kind == token.Float }

// lambda lays out a function without a name.
func (f *builder) lambda(node *ast.Lambda) doc {
	var d doc
	switch {
	case f.is("("):
		d = f.brackets(listing{comma: true})
	case f.tok().Is("lambda") && f.peek(1).Kind == token.Ident:
		d = join(f.keyword(), space{}, f.next())
	default:
		d = f.next()
	}
	for f.is(",") {
		if d = join(d, f.next()); f.is(token.Ident) {
			d = join(d, space{}, f.next())
		}
	}
	if f.is("->") {
		d = join(d, space{})
	}
	d = join(d, f.nested(f.next), space{})
	switch b := node.Body.(type) {
	case *ast.Block:
		g := grouped(f.block(b, f.oneLine(b)))
		g.open = openBlock
		return join(d, g)
	case *ast.Placeholder:
		// { e } is a value by the grammar, but what is meant is a block, and so it is compiled.
		return join(d, f.brackets(listing{single: true, spaced: true, keepBroken: true, open: openBlock}))
	}
	return join(d, f.nested(func() doc { return f.expr(lowest) }))
}
