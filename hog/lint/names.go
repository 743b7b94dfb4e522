package lint

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
)

var nameRules = []Rule{
	{
		Name: "unknown-function", Doc: "A function is called that neither the library nor the host has.",
		Bad: "return lowr(event.event)", Good: "return lower(event.event)",
	},
	{
		Name: "unknown-global", Doc: "A name is read that is neither a variable nor something that the host offers.",
		Bad: "return evnt.properties", Good: "return event.properties",
	},
	{
		Name: "use-before-declaration", Doc: "A variable or function is used above its declaration, where it does not exist yet.",
		Bad:   "print(double(2))\nfn double(n) { return n * 2 }",
		Good:  "fn double(n) { return n * 2 }\nprint(double(2))",
		check: useBeforeDeclaration,
	},
	{
		Name: "double-quotes", Doc: "Double quotes are for names; what is in them is no text but a global of that name.",
		Bad: `return event.event == "event"`, Good: "return event.event == 'event'",
		check: doubleQuotes,
	},
	{
		Name: "break-continue", Doc: "There is no `break` and no `continue`; the words are names like any other.",
		Bad:   "for (let n in [1, 2]) {\n    if (n == 2) { break }\n    print(n)\n}",
		Good:  "fn small() {\n    for (let n in [1, 2]) {\n        if (n == 2) { return }\n        print(n)\n    }\n}\nsmall()",
		check: breakContinue,
	},
	{
		Name: "shadows-function", Doc: "A variable has the name of a library function that is called, and so is called in its place.",
		Bad:   "fn length(list) { return list.size }\nprint(length({'size': 1}))",
		Good:  "fn size(list) { return list.size }\nprint(size({'size': 1}))",
		check: shadowsFunction,
	},
}

func useBeforeDeclaration(p *pass) {
	for _, use := range p.free {
		if v := p.later(use); v != nil {
			line, _ := p.text.Position(v.name.Span.Pos())
			p.report(use.name, "move the declaration before this",
				"`%s` is declared further down, in line %d, and does not exist here", use.name.Text, line)
		}
	}
}

func doubleQuotes(p *pass) {
	for _, use := range p.free {
		field, ok := use.node.(*ast.Field)
		if ok && len(field.Chain) == 1 && p.quoted(use.name) {
			p.report(use.name, "strings are written in single quotes: "+ast.QuoteString(use.name.Text),
				"\"%s\" is a name, not a string", use.name.Text)
		}
	}
}

// quoted reports whether a name is written in double quotes.
func (f *file) quoted(name ast.Name) bool {
	return strings.HasPrefix(f.text.Body[name.Span.Pos():], `"`)
}

func isBreak(name string) bool {
	lower := strings.ToLower(name)
	return lower == "break" || lower == "continue"
}

func breakContinue(p *pass) {
	const hint = "return from a function, or use a condition"
	for _, v := range p.vars {
		if isBreak(v.name.Text) {
			p.report(v.name, "choose another name", "`%s` looks like a statement, which Hog does not have", v.name.Text)
		}
	}
	for _, use := range p.free {
		if isBreak(use.name.Text) && !p.known(use.name.Text) {
			p.report(use.name, hint, "there is no `%s` in Hog", use.name.Text)
		}
	}
}

func shadowsFunction(p *pass) {
	for _, v := range p.vars {
		if !p.isFunction(v.name.Text) || v.kind == kindImplicit {
			continue
		}
		deliberate := v.kind == kindFunc || isLambdaLet(v)
		for _, u := range v.uses {
			if deliberate || u.kind == useCall && !ownInitializer(v, u) {
				p.report(v.name, "choose another name", "`%s` hides the library function of that name", v.name.Text)
				break
			}
		}
	}
}

func isLambdaLet(v *variable) bool {
	let, ok := v.decl.(*ast.Let)
	if !ok {
		return false
	}
	_, ok = let.Value.(*ast.Lambda)
	return ok
}
