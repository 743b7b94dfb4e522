package lint

import (
	"github.com/prickle-dev/prickle/hog/ast"
)

var catchRules = []Rule{
	{
		Name: "unreachable-catch", Doc: "A catch section behind one that catches everything, or the same type. `catch (e: Error)` catches everything.",
		Bad:   "try { throw Error('no') } catch { print('any') } catch (e: Late) { print('late', e) }",
		Good:  "try { throw Error('no') } catch (e: Late) { print('late', e) } catch { print('any') }",
		check: unreachableCatch,
	},
	{
		Name: "catch-names", Doc: "In every catch section `e` is the error and `type` its type, whatever the variable is called.",
		Bad:   "let e := event\ntry { throw Error('no') } catch (err) { e.properties.error := err.message }\nreturn e",
		Good:  "let copy := event\ntry { throw Error('no') } catch (err) { copy.properties.error := err.message }\nreturn copy",
		check: catchNames,
	},
}

func unreachableCatch(p *pass) {
	p.inspect(func(n ast.Node) {
		s, ok := n.(*ast.Try)
		if !ok {
			return
		}
		seen := map[string]bool{}
		for i := range s.Catches {
			typ := catchType(&s.Catches[i])
			switch {
			case seen["Error"]:
				p.report(&s.Catches[i], "put it first", "this is never reached: a section before it catches everything")
			case seen[typ]:
				p.report(&s.Catches[i], "leave it out", "this is never reached: a section before it catches `%s`", typ)
			}
			seen[typ] = true
		}
	})
}

// catchType is the type that a section catches; Error is every type.
func catchType(c *ast.Catch) string {
	if c.Type == nil {
		return "Error"
	}
	return c.Type.Text
}

func catchNames(p *pass) {
	for _, v := range p.vars {
		if v.kind != kindImplicit {
			continue
		}
		outer := v.scope.parent.find(v.name.Text)
		if outer == nil || outer.kind == kindImplicit || outer.name.Span.Start > v.decl.Range().Start {
			continue
		}
		what := "the error"
		if v.name.Text == "type" {
			what = "the type of the error"
		}
		for _, u := range v.uses {
			line, _ := p.text.Position(outer.name.Span.Pos())
			p.report(u.node, "give the outer variable another name", "`%s` is %s here, and not the variable of line %d", v.name.Text, what, line)
		}
	}
}
