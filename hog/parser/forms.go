package parser

import (
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/token"
)

// specialForm parses the forms that start with a word and are not calls. It
// returns nil when the word is a name here.
func (p *parser) specialForm() ast.Expr {
	tok := p.tok()
	if tok.Quoted || p.notForm[p.at] {
		return nil
	}
	switch strings.ToLower(tok.Text) {
	case "case":
		if p.peek(1).Is("when") && p.startsExpr(p.peek(2), p.peek(3)) {
			return p.caseWhen()
		}
		return p.tryForm(p.caseWhen)
	case "interval":
		p.checkTextInterval()
		return p.tryForm(p.interval)
	case "trim":
		if p.trimAhead() {
			return p.trim()
		}
	case "lambda":
		if n := p.lambdaNames(); n > 0 {
			return p.lambdaWord(n)
		}
	case "cast", "try_cast":
		if p.peek(1).Kind == "(" {
			return p.tryForm(p.castCall)
		}
	case "columns":
		if p.peek(1).Kind == "(" {
			return p.tryForm(p.columns)
		}
	case "array":
		if p.peek(1).Kind == "[" {
			first := p.at
			p.at += 2
			items := p.list("]", "the array")
			return &ast.Array{Place: p.place(first), Items: items}
		}
	case "date", "timestamp":
		if p.peek(1).Kind == token.String && !p.newLine(p.at+1) {
			p.fail(tok.Span, "`"+tok.Text+" '...'` is SQL and is not supported here", "call toDate or toDateTime")
		}
	}
	return nil
}

// tryForm tries a form that starts with the current word, if an expression follows it.
func (p *parser) tryForm(parse func() ast.Expr) (node ast.Expr) {
	first := p.at
	if !p.startsExpr(p.peek(1), p.peek(2)) || !p.attempt(func() { node = parse() }) || node == nil {
		p.notForm[first] = true
		return nil
	}
	return node
}

// form makes the call that a special form starting at token first stands for.
func (p *parser) form(first int, name string, args ...ast.Expr) ast.Expr {
	return &ast.Call{
		Place: p.place(first),
		Name:  ast.Name{Place: ast.Place{Span: p.tokens[first].Span}, Text: name},
		Args:  args,
	}
}

func (p *parser) caseWhen() ast.Expr {
	first := p.at
	p.next()
	var args []ast.Expr
	name := "multiIf"
	if !p.tok().Is("when") {
		name = "_caseWithExpression"
		args = append(args, p.expr(lowest))
	}
	branches := 0
	for ; branches == 0 || p.tok().Is("when"); branches++ {
		p.expectWord("when")
		args = append(args, p.expr(lowest))
		p.expectWord("then")
		args = append(args, p.expr(lowest))
	}
	if p.tok().Is("else") {
		p.next()
		args = append(args, p.expr(lowest))
	} else {
		args = append(args, &ast.Constant{Place: ast.Place{Span: p.tok().Span}})
	}
	p.expectWord("end")
	if name == "multiIf" && branches == 1 {
		name = "if"
	}
	return p.form(first, name, args...)
}

func (p *parser) expectWord(word string) {
	if !p.tok().Is(word) {
		p.unexpected("`" + word + "`")
	}
	p.next()
}

// units are the words of an interval and the function each makes.
var units = map[string]string{
	"second": "toIntervalSecond", "minute": "toIntervalMinute", "hour": "toIntervalHour", "day": "toIntervalDay",
	"week": "toIntervalWeek", "month": "toIntervalMonth", "quarter": "toIntervalQuarter", "year": "toIntervalYear", "yyyy": "toIntervalYear",
}

func (p *parser) interval() ast.Expr {
	first := p.at
	p.next()
	if tok := p.tok(); tok.Kind == token.String {
		if node := p.textInterval(first, tok); node != nil {
			return node
		}
	}
	count := p.expr(lowest)
	tok := p.tok()
	function, ok := units[strings.ToLower(tok.Text)]
	if !ok || tok.Kind != token.Ident || tok.Quoted {
		p.unexpected("a unit of time")
	}
	p.next()
	return p.form(first, function, count)
}

// checkTextInterval refuses text after the word that is no interval.
func (p *parser) checkTextInterval() {
	text, unit := p.peek(1), p.peek(2)
	if text.Kind != token.String || unit.Kind == token.Ident && units[strings.ToLower(unit.Text)] != "" {
		return
	}
	if _, _, ok := splitInterval(text.Text); !ok && !p.operatorAt(2) {
		p.fail(text.Span, "the text of an interval is a number and a unit", "write interval '3 days'")
	}
}

func splitInterval(text string) (count int64, function string, ok bool) {
	number, unit, _ := strings.Cut(text, " ")
	count, err := strconv.ParseInt(number, 10, 64)
	unit = strings.TrimSuffix(unit, "s")
	return count, units[unit], units[unit] != "" && unit != "yyyy" && err == nil
}

// textInterval parses interval '3 days'.
func (p *parser) textInterval(first int, tok token.Token) ast.Expr {
	n, function, ok := splitInterval(tok.Text)
	if !ok {
		return nil
	}
	p.next()
	return p.form(first, function, &ast.Constant{Place: ast.Place{Span: tok.Span}, Value: n})
}

var trims = map[string]string{"both": "trim", "leading": "trimLeft", "trailing": "trimRight"}

// trimAhead recognises trim(both 'x' from s).
func (p *parser) trimAhead() bool {
	word := p.peek(2)
	if p.peek(1).Kind != "(" || word.Kind != token.Ident || word.Quoted || trims[strings.ToLower(word.Text)] == "" {
		return false
	}
	switch p.peek(3).Kind {
	case token.String, token.TemplateStart:
		return true
	case token.Ident:
		return !infixWords[strings.ToLower(p.peek(3).Text)]
	}
	return false
}

func (p *parser) trim() ast.Expr {
	first := p.at
	p.at += 2
	function := trims[strings.ToLower(p.next().Text)]
	what := p.expr(lowest)
	p.expectWord("from")
	text := p.expr(lowest)
	p.expect(")", "after the arguments of trim")
	return p.form(first, function, text, what)
}

// lambdaNames counts the parameters of lambda a, b: e, or returns 0.
func (p *parser) lambdaNames() int {
	i, n := p.at+1, 0
	for p.tokens[i].Kind == token.Ident {
		n++
		switch p.tokens[i+1].Kind {
		case ":":
			return n
		case ",":
			i += 2
			if p.tokens[i].Kind == ":" {
				return n
			}
			continue
		}
		break
	}
	return 0
}

func (p *parser) lambdaWord(n int) ast.Expr {
	first := p.at
	p.next()
	params := p.bareNames(n)
	p.expect(":", "after the parameters")
	body := p.expr(lowest)
	return &ast.Lambda{Place: p.place(first), Params: params, Body: body}
}

// templateParts parses the text and {expressions} of a template up to its end.
// A single part keeps its type, several are joined.
func (p *parser) templateParts(end token.Kind, open source.Span) ast.Expr {
	var parts []ast.Expr
	for !p.is(end) {
		first, tok := p.at, p.tok()
		switch tok.Kind {
		case token.TemplateText:
			p.next()
			parts = append(parts, &ast.Constant{Place: p.place(first), Value: tok.Text})
		case "{":
			p.next()
			parts = append(parts, p.expr(lowest))
			p.expect("}", "after the expression in the template")
		default:
			p.unexpected("the end of the template")
		}
	}
	place := ast.Place{Span: open}
	if end != token.EOF {
		place.Span = open.To(p.next().Span)
	}
	switch len(parts) {
	case 0:
		return &ast.Constant{Place: place, Value: ""}
	case 1:
		return parts[0]
	}
	return &ast.Call{Place: place, Name: ast.Name{Place: ast.Place{Span: open}, Text: "concat"}, Args: parts}
}
