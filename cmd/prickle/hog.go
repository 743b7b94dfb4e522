package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/prickle-dev/prickle/hog/source"
	"github.com/spf13/cobra"
)

func newHog(p *projectFlag) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hog",
		Short: "Work with Hog, the language of functions",
		Long:  "Runs, tests and compiles programs in Hog, the language of functions. docs/hog has the language and all of these commands.",
		Example: `  prickle hog run functions/enrich.hog
  prickle hog test functions`,
	}
	cmd.AddCommand(newHogRun(p), newHogTest(p), newHogCompile(p), newHogExec(p), newHogDisasm(p), newHogFmt(p), newHogLint(p), newHogRepl(p))
	return group(cmd)
}

// group makes a command that only has others below it refuse a word that is none of them; cobra would print the help and succeed.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.SuggestionsMinimumDistance = 2
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return fmt.Errorf("unknown command %q for %q; did you mean %q?", args[0], cmd.CommandPath(), near[0])
		}
		return fmt.Errorf("unknown command %q for %q; see %s --help", args[0], cmd.CommandPath(), cmd.CommandPath())
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// stdin is the name that stands for standard input.
const stdin = "-"

// mostHogBytes bounds the files that the hog commands read: programs, bytecode and globals.
const mostHogBytes = 16 << 20

// read returns the content of a file, or of standard input for "-", and the name that errors call it by.
func (s streams) read(path string) (text []byte, name string, err error) {
	in, name := s.in, "standard input"
	if path != stdin {
		file, err := os.Open(path)
		if err != nil {
			return nil, "", err
		}
		defer file.Close()
		in, name = file, path
	}
	text, err = io.ReadAll(io.LimitReader(in, mostHogBytes+1))
	if err != nil {
		return nil, "", err
	}
	if len(text) > mostHogBytes {
		return nil, "", fmt.Errorf("%s: larger than %d MB", name, mostHogBytes>>20)
	}
	return text, name, nil
}

// errTwiceStdin says that two files cannot both be standard input.
var errTwiceStdin = errors.New("only one file can be standard input")

// atOffset is an error at a byte of a text, with its place and the line.
func atOffset(name string, text []byte, offset int64, format string, args ...any) error {
	at := int32(min(max(offset, 0), int64(len(text))))
	return source.ErrorList{source.New(name, string(text)).Errorf(source.Span{Start: at, End: at + 1}, format, args...)}
}
