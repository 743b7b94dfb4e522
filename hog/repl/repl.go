// Package repl evaluates Hog one input after another, for people at a terminal and for text that is piped in.
//
// A Shell knows the language: it evaluates, completes, and carries out the commands that begin with a colon. It reads
// its lines from a Reader: NewPlain for a file or pipe, NewTerminal for a terminal with editing, history and completion.
package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
)

// Config is what a shell is made of.
type Config struct {
	// Env is what inputs can reach. Its Print and Global are the shell's own.
	Env hog.Env
	// Async are functions that may take their time, which does not count towards the limits of Env.
	Async map[string]hog.Func
	// Globals are the globals by name.
	Globals map[string]hog.Value
	// Out takes what is printed and the values of inputs, Err takes errors.
	Out, Err io.Writer
	// Interrupt cancels the input that runs. May be nil.
	Interrupt <-chan os.Signal
}

// Shell is a session with what surrounds it. It is not safe for concurrent use.
type Shell struct {
	config  Config
	session *hog.Session
	count   int
}

// New returns a shell without variables.
func New(c Config) *Shell {
	var globals, functions []string
	for name := range c.Globals {
		globals = append(globals, name)
	}
	for name := range c.Env.Functions {
		functions = append(functions, name)
	}
	for name := range c.Async {
		functions = append(functions, name)
	}
	s := &Shell{config: c, session: hog.NewSession(hog.WithGlobals(globals...), hog.WithFunctions(functions...))}
	s.config.Env.Global = hog.GlobalsOf(c.Globals)
	s.config.Env.Print = func(line string) { fmt.Fprintln(c.Out, line) }
	return s
}

// Reader gives a shell its lines.
type Reader interface {
	// Line returns the next line, without its end. It blocks until there is one. The error is io.EOF at the end,
	// ErrInterrupted when the user gave the line up, or what went wrong.
	Line(prompt string) (string, error)
	// Keep remembers a whole input for a reader that can bring it back.
	Keep(input string)
}

// ErrInterrupted is a line that the user gave up.
var ErrInterrupted = errors.New("interrupted")

const (
	prompt     = "hog> "
	promptMore = "...> "
)

// errQuit ends Run at the user's wish.
var errQuit = errors.New("quit")

// Run reads and evaluates inputs to the end of r, and reports whether all of them succeeded. Lines are put together
// until they are a whole input. The error is one of reading, or that of ctx.
func (s *Shell) Run(ctx context.Context, r Reader) (ok bool, err error) {
	ok, input := true, ""
	for ctx.Err() == nil {
		p := prompt
		if input != "" {
			p = promptMore
		}
		line, err := read(ctx, r, p)
		if err == nil && mayEnd(input) && !isElse(line) {
			ok, input = s.whole(ctx, r, input) == nil && ok, ""
			if strings.TrimSpace(line) == "" {
				continue
			}
		}
		switch {
		case errors.Is(err, ErrInterrupted):
			input = ""
			continue
		case errors.Is(err, io.EOF):
			if strings.TrimSpace(input) != "" {
				ok = s.whole(ctx, r, input) == nil && ok
			}
			return ok, ctx.Err()
		case err != nil:
			return ok, err
		}
		if input += line + "\n"; goesOn(input) {
			continue
		}
		err = s.whole(ctx, r, input)
		if errors.Is(err, errQuit) {
			return ok, nil
		}
		ok, input = ok && err == nil, ""
	}
	return ok, ctx.Err()
}

// whole carries out an input that is whole.
func (s *Shell) whole(ctx context.Context, r Reader, input string) error {
	r.Keep(input)
	return s.Input(ctx, input)
}

// read reads a line, or gives up when ctx ends: nothing else ends the wait for a terminal, so the goroutine that waits is
// then left to the end of the process.
func read(ctx context.Context, r Reader, prompt string) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := r.Line(prompt)
		done <- result{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got := <-done:
		return got.line, got.err
	}
}

// goesOn reports whether an input has to be continued: a string, bracket or block is open, an operand is missing, a `try` has
// no `catch` yet, or an `if` may still get its `else`. An empty line ends the last two.
func goesOn(input string) bool {
	if isCommand(input) {
		return false
	}
	tree, err := parser.Program(source.New("", input))
	var list source.ErrorList
	if !errors.As(err, &list) {
		n := len(tree.Body)
		if n == 0 || strings.HasSuffix(input, "\n\n") {
			return false
		}
		try, ok := tree.Body[n-1].(*ast.Try)
		return ok && len(try.Catches) == 0 && try.Finally == nil || takesElse(tree.Body[n-1])
	}
	for _, e := range list {
		if !e.Incomplete {
			return false
		}
	}
	return true
}

// takesElse reports whether an `else` behind a statement would belong to it.
func takesElse(s ast.Stmt) bool {
	for {
		branch, ok := s.(*ast.If)
		if !ok || branch.Else == nil {
			return ok
		}
		s = branch.Else
	}
}

// mayEnd reports whether an input that goes on is whole if its next line is no `else`.
func mayEnd(input string) bool {
	if input == "" || isCommand(input) {
		return false
	}
	tree, err := parser.Program(source.New("", input))
	return err == nil && len(tree.Body) > 0 && takesElse(tree.Body[len(tree.Body)-1])
}

// isElse reports whether a line begins with `else`.
func isElse(line string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "else")
	return ok && (rest == "" || strings.ContainsAny(rest[:1], " \t{(;/"))
}

// Input carries out a command or evaluates an input, prints what comes of it, and returns the error that it printed.
func (s *Shell) Input(ctx context.Context, input string) error {
	if strings.TrimSpace(input) == "" {
		return nil
	}
	if isCommand(input) {
		return s.report(s.command(ctx, strings.TrimSpace(input)))
	}
	v, err := s.eval(ctx, input)
	if err == nil && shows(input, v) {
		fmt.Fprintln(s.config.Out, v.Display())
	}
	return s.report(err)
}

// eval runs an input until its end or an interrupt. Each has a name, so that errors tell which input they stand in.
func (s *Shell) eval(ctx context.Context, input string) (hog.Value, error) {
	s.count++
	select {
	case <-s.config.Interrupt: // one that came too late for the input before
	default:
	}
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-s.config.Interrupt:
			cancel()
		case <-ctx.Done():
		}
	}()
	v, err := s.session.EvalAsync(ctx, fmt.Sprintf("in%d", s.count), input, s.config.Env, s.config.Async)
	cancel()
	<-watched
	return v, err
}

// shows reports whether the value of an input is worth a line: the null of a statement, of print and of sleep is not.
func shows(input string, v hog.Value) bool {
	if !v.IsNull() {
		return true
	}
	tree, err := parser.Program(source.New("", input))
	if err != nil || len(tree.Body) == 0 {
		return false
	}
	last, ok := tree.Body[len(tree.Body)-1].(*ast.ExprStmt)
	if !ok || last.Expr == nil {
		return false
	}
	call, ok := last.Expr.(*ast.Call)
	return !ok || call.Name.Text != "print" && call.Name.Text != "sleep"
}

// report prints an error: that of a run with the calls that led to it, the outermost first.
func (s *Shell) report(err error) error {
	var failed *hog.Error
	switch {
	case err == nil, errors.Is(err, errQuit):
	case errors.As(err, &failed) && errors.Is(err, context.Canceled):
		fmt.Fprintln(s.config.Err, "interrupted")
	case errors.As(err, &failed):
		fmt.Fprintf(s.config.Err, "%s%v\n", failed.Backtrace(), failed)
		if failed.Snippet != "" {
			fmt.Fprintln(s.config.Err, failed.Snippet)
		}
	default:
		fmt.Fprintln(s.config.Err, err)
	}
	return err
}
