package format

import (
	"slices"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/token"
)

// facts are what the tree says about tokens, each kept under the offset in the text where the token begins.
type facts struct {
	blocks  map[int]*ast.Block
	lambdas map[int]*ast.Lambda
	// asWritten are the ends of tags, and of SQL with words of its own.
	asWritten map[int]int
	// forms are the calls that are not written as calls: case, interval and trim(both x from y).
	forms map[int]*ast.Call
	// nots are the operators `not`, queries the first words of queries, booleans the names that are true or false.
	nots, queries, booleans map[int]bool
	// cohorts are the words of `in cohort`.
	cohorts map[int]bool
	// stops are where an expression before must end: starts of statements, else, and units of intervals.
	stops map[int]bool
	// empty are the semicolons that are the body of a statement.
	empty map[int]bool
	// closers are the ends of blocks that end a statement, so that nothing can belong to them.
	closers map[int]bool
	// sealed has the blocks of lambdas, and says which would be read as values without a semicolon in them.
	sealed map[int]bool
}

func (f *builder) gather(program *ast.Program) {
	m := func() map[int]bool { return map[int]bool{} }
	f.facts = facts{
		blocks: map[int]*ast.Block{}, lambdas: map[int]*ast.Lambda{}, asWritten: map[int]int{}, forms: map[int]*ast.Call{},
		nots: m(), queries: m(), booleans: m(), cohorts: m(), stops: m(), empty: m(), closers: m(), sealed: m(),
	}
	program.InspectAll(func(n ast.Node) bool {
		at := n.Range().Pos()
		if s, ok := n.(ast.Stmt); ok {
			f.stops[at] = true
			f.statementFact(at, s)
			return true
		}
		f.expressionFact(at, n)
		return true
	})
}

func (f *builder) statementFact(at int, s ast.Stmt) {
	switch s := s.(type) {
	case *ast.Block:
		f.blocks[at] = s
		if _, ofLambda := f.sealed[at]; !ofLambda {
			f.closers[s.Range().Stop()-1] = true
		}
	case *ast.ExprStmt:
		f.empty[at] = s.Expr == nil
	case *ast.If:
		if s.Else != nil {
			f.stops[f.scanned[f.index(s.Else.Range().Pos())-1].Pos()] = true
		}
	}
}

func (f *builder) expressionFact(at int, n ast.Node) {
	switch n := n.(type) {
	case *ast.Lambda:
		f.lambdas[at] = n
		if block, ok := n.Body.(*ast.Block); ok {
			f.sealed[block.Range().Pos()] = f.needsSeal(block)
		}
	case *ast.Not:
		f.nots[at] = true
	case *ast.Compare:
		if n.Op == ast.InCohort || n.Op == ast.NotInCohort {
			f.cohorts[f.wordBefore(n.Right)] = true
		}
	case *ast.Constant:
		if _, ok := n.Value.(bool); ok {
			f.booleans[at] = true
		}
	case *ast.Call:
		f.callFact(at, n)
	case *ast.Select, *ast.SetQuery:
		f.queries[at] = true
		if f.scanned[f.index(at)].Kind == token.Ident {
			f.leave(n)
		}
	case *ast.Tag, *ast.Columns, *ast.Over:
		f.leave(n)
	case *ast.Cast:
		if f.scanned[f.index(at)+1].Kind == "(" && n.Operand.Range().Pos() > at {
			f.leave(n)
		}
	}
}

// wordBefore returns the place of the word before an operand and its parentheses.
func (f *builder) wordBefore(operand ast.Node) int {
	i := f.index(operand.Range().Pos()) - 1
	for f.scanned[i].Kind == "(" {
		i--
	}
	return f.scanned[i].Pos()
}

func (f *builder) callFact(at int, call *ast.Call) {
	if call.Distinct || call.OrderBy != nil || call.WithinGroup != nil || call.Filter != nil {
		f.leave(call)
	}
	// An operator is a call too, but its name is where the operator is.
	if call.Name.Range().Pos() != at || !f.isForm(at, call) {
		return
	}
	f.forms[at] = call
	if last := f.scanned[f.index(call.Range().Stop())-1]; f.scanned[f.index(at)].Is("interval") && last.Kind == token.Ident {
		f.stops[last.Pos()] = true
	}
}

// leave keeps a node as it is written.
func (f *builder) leave(n ast.Node) {
	span := n.Range()
	f.asWritten[span.Pos()] = max(f.asWritten[span.Pos()], span.Stop())
}

// isForm reports whether the call at a place is written in another way.
func (f *builder) isForm(at int, call *ast.Call) bool {
	i := f.index(at)
	tok := f.scanned[i]
	switch {
	case tok.Kind != token.Ident || tok.Quoted:
		return false
	case tok.Is("case"), tok.Is("interval"):
		return call.Name.Text != tok.Text
	}
	// The arguments of trim(both x from y) are the other way round.
	return tok.Is("trim") && len(call.Args) == 2 && call.Args[0].Range().Pos() > call.Args[1].Range().Pos()
}

// needsSeal reports whether the block, as the body of a lambda, is a block only because of a semicolon. A lone return is
// one anyway, but not to every parser of Hog, so there the semicolon stays if there is one.
func (f *builder) needsSeal(b *ast.Block) bool {
	if len(b.Body) != 1 {
		return len(b.Body) == 0
	}
	end := f.index(b.Range().Stop() - 1)
	switch s := b.Body[0].(type) {
	case *ast.ExprStmt:
		return true
	case *ast.Return:
		return s.Value == nil && f.scanned[end-1].Kind == ";"
	case *ast.Block:
		// A block in a block may read as a value in a value.
		inside := f.scanned[f.index(b.Range().Pos()):end]
		return slices.ContainsFunc(inside, func(tok token.Token) bool { return tok.Kind == ";" })
	}
	return false
}
