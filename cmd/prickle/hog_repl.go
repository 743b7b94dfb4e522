package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/repl"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func newHogRepl(p *projectFlag) *cobra.Command {
	var o hogRunOptions
	var noHistory bool
	cmd := &cobra.Command{
		Use:   "repl",
		Short: "Try Hog line by line",
		Long: `Evaluates Hog as it is typed, and shows the value of each input. Variables and functions stay; an input goes on in the next line while a
bracket or a string is open, and after an if, which may get an else; an empty line ends it. Tab completes names, :help lists the commands,
ctrl-C stops an input, ctrl-D ends. What was typed is kept in hog_history in the folder for a user's state, for the arrow keys;
--no-history keeps nothing.

Without a terminal it reads inputs from standard input and prints no prompts; the exit code is 1 when one of them failed.`,
		Example: `  prickle hog repl --globals event.json
  echo "upper('a')" | prickle hog repl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := replConfig(p.std, o)
			if err != nil {
				return err
			}
			if in, ok := terminalOf(p.std.in); ok {
				return replTerminal(cmd.Context(), p.std, in, c, noHistory)
			}
			ok, err := repl.New(c).Run(cmd.Context(), repl.NewPlain(p.std.in))
			if err == nil && !ok {
				err = errSilent
			}
			return err
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&noHistory, "no-history", false, "do not keep what is typed")
	return cmd
}

func replConfig(std streams, o hogRunOptions) (c repl.Config, err error) {
	switch o.globals {
	case "":
	case stdin:
		return c, errTwiceStdin
	default:
		if c.Globals, err = readGlobals(std, o.globals); err != nil {
			return c, err
		}
	}
	o.globals = "" // the shell serves them itself
	c.Env, _, err = o.env(std, stdin)
	c.Async = map[string]hog.Func{"sleep": sleep, "fetch": refuseFetch}
	if o.allowFetch {
		c.Async["fetch"] = doFetch
	}
	c.Out, c.Err = terminalSafe(std.out), terminalSafe(std.err)
	return c, err
}

func terminalOf(in io.Reader) (*os.File, bool) {
	f, ok := in.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// bracketedPasteOff tells a terminal that pasted text is to come without marks.
const bracketedPasteOff = "\x1b[?2004l"

// replTerminal talks to a person. An input that fails is no failure of the command.
func replTerminal(ctx context.Context, std streams, in *os.File, c repl.Config, noHistory bool) error {
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return err
	}
	defer term.Restore(fd, before) //nolint:errcheck // nothing is left to do about it
	// An interrupt ends the input that runs and not the command, so that the context of the command, which it ends, is of no use here.
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), syscall.SIGTERM)
	defer stop()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	c.Interrupt = interrupts

	path := ""
	if !noHistory {
		path, err = historyPath()
	}
	history, fileErr := &repl.History{}, err
	if err == nil {
		history, fileErr = repl.NewHistory(path)
	}
	if fileErr != nil {
		fmt.Fprintln(std.err, "history is not kept:", fileErr)
	}
	shell := repl.New(c)
	screen := repl.Screen{
		Stream: struct {
			io.Reader
			io.Writer
		}{in, std.out},
		Raw: func() (func(), error) {
			_, err := term.MakeRaw(fd)
			return func() { _ = term.Restore(fd, before) }, err
		},
		Size: func() (int, int) {
			if w, h, err := term.GetSize(fd); err == nil && w > 0 {
				return w, h
			}
			return 80, 24
		},
	}
	fmt.Fprintln(std.out, "Hog. :help lists the commands, ctrl-D ends.")
	_, err = shell.Run(ctx, repl.NewTerminal(screen, history, shell.Complete))
	if ctx.Err() != nil { // the reader was left in the middle of a line
		fmt.Fprint(std.out, bracketedPasteOff+"\r\n")
	}
	return err
}

// historyPath is the file in the folder for a user's state, as each system has it.
func historyPath() (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	switch {
	case filepath.IsAbs(dir):
	case runtime.GOOS == "windows" || runtime.GOOS == "darwin":
		config, err := os.UserConfigDir()
		if err != nil {
			return "", err
		}
		dir = config
	default:
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "prickle", "hog_history"), nil
}
