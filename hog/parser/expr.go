package parser

import (
	"fmt"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// Levels of binding, loosest first.
const (
	lowest = iota
	levelAlias
	levelTernary
	levelOr
	levelAnd
	levelNot
	levelBetween
	levelCoalesce
	levelNullSafe
	levelDistinct
	levelIsNull
	levelIgnoreNulls
	levelCompare
	levelAdd
	levelMultiply
	levelNegate
	levelPostfix
)

// expr parses an expression whose operators bind at least as tightly as level.
// Prefix operators may stand at any operand and then take what their own level allows.
func (p *parser) expr(level int) ast.Expr {
	p.enter()
	left := p.prefix()
	for chain := 0; ; {
		next := p.infix(left, level)
		if next == nil {
			p.depth--
			return left
		}
		if next != left {
			chain++
		}
		if chain > maxChain {
			p.giveUp(fmt.Sprintf("expression chains more than %d operators", maxChain))
		}
		if _, named := next.(*ast.Alias); named && next != left && !p.looseOperator() {
			p.depth--
			return next
		}
		left = next
	}
}

// looseOperator reports whether an operator follows that may stand behind `as` and a name.
func (p *parser) looseOperator() bool {
	tok := p.tok()
	return tok.Kind == "?" || tok.Is("and") || tok.Is("or") || tok.Is("as")
}

func (p *parser) prefix() ast.Expr {
	first, tok := p.at, p.tok()
	switch {
	case tok.Kind == "-" || tok.Kind == "+":
		if isNumber(p.peek(1)) {
			p.next()
			return p.number(first, tok.Kind == "-")
		}
		if tok.Kind == "+" {
			p.unexpected("an expression")
		}
		p.next()
		zero := &ast.Constant{Place: ast.Place{Span: tok.Span}, Value: int64(0)}
		operand := p.expr(levelNegate)
		return &ast.Arithmetic{Place: p.place(first), Op: ast.Sub, Left: zero, Right: operand}
	case tok.Is("not") && p.negates():
		p.next()
		operand := p.expr(levelNot)
		return &ast.Not{Place: p.place(first), Operand: operand}
	}
	return p.primary()
}

// negates tells the operator `not` from a name: not(e) is a call, and reads the same.
func (p *parser) negates() bool {
	if p.peek(1).Kind == "(" {
		p.at++
		isLambda := p.arrowAfterParameters()
		p.at--
		return isLambda
	}
	return p.startsExpr(p.peek(1), p.peek(2))
}

func isNumber(tok token.Token) bool {
	switch tok.Kind {
	case token.Int, token.Float, token.Inf, token.NaN:
		return true
	}
	return false
}

// startsExpr reports whether an expression can start with the token.
func (p *parser) startsExpr(tok, following token.Token) bool {
	switch tok.Kind {
	case token.Ident, token.String, token.TemplateStart, token.TagOpen, token.Null, token.Column, "(", "[", "{", "-":
		return true
	case "+":
		return isNumber(following)
	}
	return isNumber(tok)
}

var binary = map[token.Kind]struct {
	level int
	op    ast.Op
}{
	"*": {levelMultiply, ast.Mul}, "/": {levelMultiply, ast.Div}, "%": {levelMultiply, ast.Mod},
	"+": {levelAdd, ast.Add}, "-": {levelAdd, ast.Sub},
	"=": {levelCompare, ast.Eq}, "==": {levelCompare, ast.Eq}, "!=": {levelCompare, ast.NotEq}, "<>": {levelCompare, ast.NotEq},
	"<": {levelCompare, ast.Lt}, "<=": {levelCompare, ast.LtEq}, ">": {levelCompare, ast.Gt}, ">=": {levelCompare, ast.GtEq},
	"~": {levelCompare, ast.Regex}, "=~": {levelCompare, ast.Regex}, "!~": {levelCompare, ast.NotRegex},
	"~*": {levelCompare, ast.IRegex}, "=~*": {levelCompare, ast.IRegex}, "!~*": {levelCompare, ast.NotIRegex},
}

// infix parses what follows the left operand and binds at least at level; it
// returns nil when nothing does.
func (p *parser) infix(left ast.Expr, level int) ast.Expr {
	tok := p.tok()
	if op, ok := binary[tok.Kind]; ok {
		if op.level < level || tok.Kind == "%" && p.percentAhead() {
			return nil
		}
		p.next()
		right := p.expr(op.level + 1)
		if op.level == levelCompare {
			return &ast.Compare{Place: p.from(left), Op: op.op, Left: left, Right: right}
		}
		return &ast.Arithmetic{Place: p.from(left), Op: op.op, Left: left, Right: right}
	}
	switch tok.Kind {
	case "(", "[", ".", "?.", "::", token.Float:
		return p.postfix(left)
	case "||":
		if level <= levelAdd {
			p.next()
			return p.concat(left, tok, p.expr(levelAdd+1))
		}
	case "<=>":
		if level <= levelNullSafe {
			p.next()
			right := p.expr(levelNullSafe + 1)
			return &ast.DistinctFrom{Place: p.from(left), Left: left, Right: right, Negated: true}
		}
	case "??":
		if level <= levelCoalesce {
			p.next()
			right := p.expr(levelCoalesce + 1)
			return p.builtin(left, tok, "ifNull", left, right)
		}
	case "?":
		if level <= levelTernary {
			return p.ternary(left)
		}
	case token.Ident:
		if !tok.Quoted {
			return p.wordInfix(left, level)
		}
	}
	return nil
}

// operatorAt reports whether the token n places ahead can only stand between operands.
func (p *parser) operatorAt(n int) bool {
	kind := p.peek(n).Kind
	_, isBinary := binary[kind]
	return isBinary || kind == "||" || kind == "??" || kind == "?"
}

func (p *parser) ternary(cond ast.Expr) ast.Expr {
	tok := p.next()
	yes := p.expr(lowest)
	p.expect(":", "between the two values of `? :`")
	no := p.expr(levelTernary)
	return p.builtin(cond, tok, "if", cond, yes, no)
}

// builtin makes the call that an operator stands for.
func (p *parser) builtin(left ast.Node, op token.Token, name string, args ...ast.Expr) *ast.Call {
	return &ast.Call{
		Place: p.from(left),
		Name:  ast.Name{Place: ast.Place{Span: op.Span}, Text: name},
		Args:  args,
	}
}

// concat joins strings; operands that are themselves joins are merged.
func (p *parser) concat(left ast.Expr, op token.Token, right ast.Expr) ast.Expr {
	call, ok := left.(*ast.Call)
	if !ok || !isConcat(call) {
		call = p.builtin(left, op, "concat", left)
	}
	if r, ok := right.(*ast.Call); ok && isConcat(r) {
		call.Args = append(call.Args, r.Args...)
	} else {
		call.Args = append(call.Args, right)
	}
	call.Place = p.from(call)
	return call
}

func isConcat(call *ast.Call) bool { return call.Name.Text == "concat" && !call.Parametric }
