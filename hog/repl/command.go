package repl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog"
)

// command is one of the inputs that begin with a colon.
type command struct {
	name, argument, doc string
	run                 func(s *Shell, ctx context.Context, argument string) error
}

// commands is the table of all, in the order in which :help lists them.
func commands() []command {
	return []command{
		{":help", "", "this list", (*Shell).help},
		{":globals", "", "the globals and the variables, with their values", (*Shell).names},
		{":type", "EXPRESSION", "the type of a value", (*Shell).typeOf},
		{":doc", "[FUNCTION]", "what a function of the library does; without a name, the names of all", (*Shell).doc},
		{":quit", "", "the end; so is ctrl-D", func(*Shell, context.Context, string) error { return errQuit }},
	}
}

func isCommand(input string) bool { return strings.HasPrefix(strings.TrimSpace(input), ":") }

func (s *Shell) command(ctx context.Context, input string) error {
	name, argument, _ := strings.Cut(input, " ")
	for _, c := range commands() {
		if c.name == name {
			return c.run(s, ctx, strings.TrimSpace(argument))
		}
	}
	return fmt.Errorf("there is no %s; :help lists the commands", name)
}

func (s *Shell) help(context.Context, string) error {
	for _, c := range commands() {
		fmt.Fprintf(s.config.Out, "%-17s %s\n", strings.TrimSpace(c.name+" "+c.argument), c.doc)
	}
	fmt.Fprintln(s.config.Out, "An input goes on in the next line while a bracket or a string is open. Ctrl-C gives it up, or stops it when it runs.")
	return nil
}

// mostShown bounds a value in the list of globals, in characters.
const mostShown = 60

func (s *Shell) names(context.Context, string) error {
	show := func(name string, v hog.Value) {
		text := []rune(v.Display())
		if len(text) > mostShown {
			text = append(text[:mostShown-1], '…')
		}
		fmt.Fprintf(s.config.Out, "%s = %s\n", name, string(text))
	}
	var names []string
	for name := range s.config.Globals {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		show(name, s.config.Globals[name])
	}
	for _, v := range s.session.Variables() {
		show("let "+v.Name, v.Value)
	}
	return nil
}

// typeOf asks the library, which knows the names of types.
func (s *Shell) typeOf(ctx context.Context, argument string) error {
	if argument == "" {
		return fmt.Errorf("usage: :type EXPRESSION")
	}
	v, err := s.eval(ctx, argument)
	if err != nil {
		return err
	}
	program, err := hog.CompileExpression(":type", "typeof(value)")
	if err != nil {
		return err
	}
	name, err := program.Run(ctx, hog.Env{Global: func([]string) (hog.Value, bool, error) { return v, true, nil }})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.config.Out, name.String())
	return nil
}

func (s *Shell) doc(_ context.Context, name string) error {
	var names []string
	for _, f := range hog.LibraryFunctions() {
		names = append(names, f.Name)
		if f.Name != name {
			continue
		}
		fmt.Fprintf(s.config.Out, "%s, %s\n%s\n", f.Name, arguments(f.Min, f.Max), f.Doc)
		for _, e := range f.Examples {
			fmt.Fprintf(s.config.Out, "  %s\n  = %s\n", e.Code, e.Result)
		}
		return nil
	}
	if name != "" {
		return fmt.Errorf("there is no function %s in the library; :doc lists them", name)
	}
	fmt.Fprintln(s.config.Out, strings.Join(names, " "))
	return nil
}

func arguments(least, most int) string {
	switch {
	case most < 0:
		return fmt.Sprintf("%d or more arguments", least)
	case least != most:
		return fmt.Sprintf("%d to %d arguments", least, most)
	case least == 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", least)
}
