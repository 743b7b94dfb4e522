package lint

import (
	"github.com/prickle-dev/prickle/hog/ast"
)

var queryRules = []Rule{{
	Name: "sql-value", Doc: "A SQL query in a program is its syntax tree, and nothing runs it.",
	Bad: "return (select event from events)", Good: "return event.event",
	check: sqlValue,
}}

func sqlValue(p *pass) {
	p.inspect(func(n ast.Node) {
		if isQuery(n) {
			p.report(n, "ask the warehouse with `prickle query`", "a query is only its syntax tree here: nothing runs it")
		}
	})
}

// isQuery reports whether a node is SQL: the names in it are columns, and only what stands in {} is Hog.
func isQuery(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Select, *ast.SetQuery:
		return true
	case *ast.Call:
		return n.Name.Text == "sql" && isOperator(n)
	}
	return false
}

// codeIn calls visit for each piece of Hog in a query.
func codeIn(query ast.Node, visit func(ast.Node)) {
	ast.Inspect(query, func(n ast.Node) bool {
		hole, ok := n.(*ast.Placeholder)
		if ok {
			visit(hole.Operand)
		}
		return !ok
	})
}
