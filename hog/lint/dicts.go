package lint

import (
	"fmt"

	"github.com/prickle-dev/prickle/hog/ast"
)

var dictRules = []Rule{
	{
		Name: "bare-key", Doc: "Keys of dictionaries are values: `{key: 1}` reads a variable `key`, and there is none.",
		Bad: "return {event: 'purchase'}", Good: "return {'event': 'purchase'}",
		check: bareKey,
	},
	{
		Name: "duplicate-key", Doc: "A key stands twice in a dictionary; the last value wins.",
		Bad: "return {'a': 1, 'a': 2}", Good: "return {'a': 1, 'b': 2}",
		check: duplicateKey,
	},
}

func (f *file) dicts(visit func(*ast.Dict)) {
	f.inspect(func(n ast.Node) {
		if d, ok := n.(*ast.Dict); ok {
			visit(d)
		}
	})
}

func bareKey(p *pass) {
	p.dicts(func(d *ast.Dict) {
		for _, item := range d.Items {
			key, ok := item.Key.(*ast.Field)
			if ok && len(key.Chain) == 1 && p.of[key] == nil && !p.quoted(key.Chain[0]) {
				name := key.Chain[0].Text
				p.report(key, "write "+ast.QuoteString(name), "this key is the value of `%s`, which is no variable", name)
			}
		}
	})
}

func duplicateKey(p *pass) {
	p.dicts(func(d *ast.Dict) {
		seen := map[string]bool{}
		for _, item := range d.Items {
			c, ok := item.Key.(*ast.Constant)
			if !ok {
				continue
			}
			value := c.Value
			if n, isInt := value.(int64); isInt {
				value = float64(n) // 1 and 1.0 are the same key
			}
			id := fmt.Sprintf("%T %v", value, value)
			if seen[id] {
				p.report(c, "leave one of them out", "this key stands here twice")
			}
			seen[id] = true
		}
	})
}
