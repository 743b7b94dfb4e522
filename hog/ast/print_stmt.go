package ast

import "strings"

func (w *printer) stmts(list []Stmt) {
	for _, s := range list {
		w.put(strings.Repeat("  ", w.indent))
		w.stmt(s)
		w.put("\n")
	}
}

// block prints { statements }. An empty block holds a ";", because {} is a
// dictionary after an arrow.
func (w *printer) block(b *Block) {
	if len(b.Body) == 0 {
		w.put("{;}")
		return
	}
	w.put("{\n")
	w.indent++
	w.stmts(b.Body)
	w.indent--
	w.put(strings.Repeat("  ", w.indent), "}")
}

func (w *printer) stmt(s Stmt) {
	switch s := s.(type) {
	case *Let, *Assign, *ExprStmt:
		w.simple(s)
		w.put(";")
	case *Block:
		w.block(s)
	case *If:
		w.ifElse(s)
	case *While:
		w.put("while (")
		w.expr(s.Cond)
		w.put(") ")
		w.stmt(s.Body)
	case *For, *ForIn:
		w.loop(s)
	case *Func:
		w.put("fn ", Quote(s.Name.Text))
		w.names(s.Params)
		w.put(" ")
		w.block(s.Body)
	case *Return:
		w.put("return")
		if s.Value != nil {
			w.put(" (")
			w.expr(s.Value)
			w.put(")")
		}
		w.put(";")
	case *Throw:
		w.put("throw ")
		w.operand(s.Value)
		w.put(";")
	case *Try:
		w.try(s)
	}
}

func (w *printer) ifElse(s *If) {
	w.put("if (")
	w.expr(s.Cond)
	w.put(") ")
	w.stmt(s.Then)
	if s.Else != nil {
		w.put(" else ")
		w.stmt(s.Else)
	}
}

// simple prints a statement without its semicolon.
func (w *printer) simple(s Stmt) {
	switch s := s.(type) {
	case *Let:
		w.put("let ", Quote(s.Name.Text))
		if s.Value != nil {
			w.put(" := ")
			w.expr(s.Value)
		}
	case *Assign:
		w.target(s.Target)
		w.put(" := ")
		w.expr(s.Value)
	case *ExprStmt:
		if s.Expr != nil {
			w.put("(")
			w.expr(s.Expr)
			w.put(")")
		}
	}
}

// target prints the left side of an assignment; it needs no parentheses when
// it is a field or an access.
func (w *printer) target(e Expr) {
	switch e := e.(type) {
	case *Field:
		w.expr(e)
	default:
		w.put("(")
		w.expr(e)
		w.put(")")
	}
}

func (w *printer) loop(s Stmt) {
	switch s := s.(type) {
	case *For:
		w.put("for (")
		w.simple(s.Init)
		w.put("; ")
		if s.Cond != nil {
			w.expr(s.Cond)
		}
		w.put("; ")
		w.simple(s.Step)
		w.put(") ")
		w.stmt(s.Body)
	case *ForIn:
		w.put("for (let ")
		if s.Key != nil {
			w.put(Quote(s.Key.Text), ", ")
		}
		w.put(Quote(s.Value.Text), " in ")
		w.expr(s.Container)
		w.put(") ")
		w.stmt(s.Body)
	}
}

func (w *printer) try(s *Try) {
	w.put("try ")
	w.block(s.Body)
	for _, c := range s.Catches {
		w.put(" catch ")
		if c.Var != nil {
			w.put("(", Quote(c.Var.Text))
			if c.Type != nil {
				w.put(": ", Quote(c.Type.Text))
			}
			w.put(") ")
		}
		w.block(c.Body)
	}
	if s.Finally != nil {
		w.put(" finally ")
		w.block(s.Finally)
	}
}
