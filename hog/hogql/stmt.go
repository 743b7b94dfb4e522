package hogql

import "github.com/prickle-dev/prickle/hog/ast"

// statement describes a statement, which stands in the body of a function
// inside of a query.
func statement(s ast.Stmt) Node {
	switch s := s.(type) {
	case *ast.Let:
		return node("VariableDeclaration", "name", s.Name.Text, "expr", optional(s.Value))
	case *ast.Assign:
		return node("VariableAssignment", "left", s.Target, "right", s.Value)
	case *ast.ExprStmt:
		return node("ExprStatement", "expr", optional(s.Expr))
	case *ast.Block:
		return node("Block", "declarations", list(s.Body))
	case *ast.If:
		return node("IfStatement", "expr", s.Cond, "then", s.Then, "else_", optional(s.Else))
	case *ast.While:
		return node("WhileStatement", "expr", s.Cond, "body", s.Body)
	case *ast.For:
		return node("ForStatement", "initializer", bare(s.Init), "condition", optional(s.Cond), "increment", bare(s.Step), "body", s.Body)
	case *ast.ForIn:
		return node("ForInStatement", "keyVar", optionalText(s.Key), "valueVar", s.Value.Text, "expr", s.Container, "body", s.Body)
	case *ast.Func:
		return node("Function", "name", s.Name.Text, "params", texts(s.Params), "body", s.Body)
	case *ast.Return:
		return node("ReturnStatement", "expr", optional(s.Value))
	case *ast.Throw:
		return node("ThrowStatement", "expr", s.Value)
	case *ast.Try:
		return try(s)
	}
	return Node{}
}

// bare is a part of the head of a for; an expression is no statement there.
func bare(s ast.Stmt) any {
	if e, ok := s.(*ast.ExprStmt); ok {
		return optional(e.Expr)
	}
	return optional(s)
}

func try(s *ast.Try) Node {
	catches := List{}
	for _, c := range s.Catches {
		catches = append(catches, List{optionalText(c.Var), optionalText(c.Type), c.Body})
	}
	return node("TryCatchStatement", "try_stmt", s.Body, "catches", catches, "finally_stmt", optional(s.Finally))
}
