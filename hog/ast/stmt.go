package ast

// Statement nodes.
type (
	// Let declares a variable; Value may be nil.
	Let struct {
		Place
		Name  Name
		Value Expr
	}
	// Assign is Target := Value.
	Assign struct {
		Place
		Target, Value Expr
	}
	// ExprStmt is an expression whose value is dropped. Expr is nil for a lone
	// ";" that is the body of another statement.
	ExprStmt struct {
		Place
		Expr Expr
	}
	// Block is { statements }.
	Block struct {
		Place
		Body []Stmt
	}
	// If is if (Cond) Then else Else; Else may be nil.
	If struct {
		Place
		Cond       Expr
		Then, Else Stmt
	}
	// While is while (Cond) Body.
	While struct {
		Place
		Cond Expr
		Body Stmt
	}
	// For is for (Init; Cond; Step) Body; each part of the head may be nil.
	For struct {
		Place
		Init Stmt
		Cond Expr
		Step Stmt
		Body Stmt
	}
	// ForIn is for (let Key, Value in Container) Body; Key may be nil.
	ForIn struct {
		Place
		Key       *Name
		Value     Name
		Container Expr
		Body      Stmt
	}
	// Func is fn Name(Params) Body.
	Func struct {
		Place
		Name   Name
		Params []Name
		Body   *Block
	}
	// Return leaves a function; Value may be nil.
	Return struct {
		Place
		Value Expr
	}
	// Throw raises an error value.
	Throw struct {
		Place
		Value Expr
	}
	// Try runs Body and, when it throws, the first fitting catch.
	Try struct {
		Place
		Body    *Block
		Catches []Catch
		Finally *Block
	}
	// Catch is one catch section; Var and Type may be nil.
	Catch struct {
		Place
		Var, Type *Name
		Body      *Block
	}
)

func (*Let) stmt()      {}
func (*Assign) stmt()   {}
func (*ExprStmt) stmt() {}
func (*Block) stmt()    {}
func (*If) stmt()       {}
func (*While) stmt()    {}
func (*For) stmt()      {}
func (*ForIn) stmt()    {}
func (*Func) stmt()     {}
func (*Return) stmt()   {}
func (*Throw) stmt()    {}
func (*Try) stmt()      {}
