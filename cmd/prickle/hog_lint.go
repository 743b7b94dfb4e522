package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/lint"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/pipeline/hogcase"
	"github.com/prickle-dev/prickle/pipeline/hogs"
	"github.com/spf13/cobra"
)

func newHogLint(p *projectFlag) *cobra.Command {
	var o hogLintOptions
	cmd := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Find what is hardly meant in Hog programs",
		Long: `Looks for mistakes that the compiler lets pass, and for those that it does not: in the named .hog files, in those in the named folders
and below, in standard input for -, and without a name in this folder. The exit code is 1 when something is found. What is meant all the
same is marked in a comment on its line or the line above: // lint:ignore rule reason. docs/hog/lint.md has the rules.

The programs may use event, project, source and cleanNullValues, which transforms have, request and postHogCapture, which webhooks have, and
sleep and fetch, which prickle hog run has; more with --globals and --functions. With --transform they may use what transforms have, and have to return what becomes of the event.`,
		Example: `  prickle hog lint
  prickle hog lint --transform functions
  prickle hog lint --disable unused-parameter --json functions/enrich.hog`,
		RunE: func(cmd *cobra.Command, args []string) error {
			settings, err := o.settings(p.std, args)
			if err != nil {
				return err
			}
			texts, err := programs(p.std, args)
			if err != nil {
				return err
			}
			found := []lint.Finding{}
			for _, text := range texts {
				found = append(found, lint.Check(text, settings)...)
			}
			return o.write(p.std.out, found, len(texts))
		},
	}
	cmd.Flags().BoolVar(&o.transform, "transform", false, "the programs are functions of transforms")
	cmd.Flags().StringVar(&o.globals, "globals", "", "a `file` with a JSON object whose keys are globals too")
	cmd.Flags().StringSliceVar(&o.functions, "functions", nil, "the `names` of functions that the programs can call too")
	cmd.Flags().StringSliceVar(&o.disabled, "disable", nil, "the `rules` that are not applied")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print a JSON array")
	return cmd
}

type hogLintOptions struct {
	transform, asJSON   bool
	globals             string
	functions, disabled []string
}

func (o *hogLintOptions) settings(std streams, args []string) (lint.Options, error) {
	s := lint.Options{Transform: o.transform, Disabled: o.disabled}
	var names []string
	for _, r := range lint.Rules() {
		names = append(names, r.Name)
	}
	for _, name := range o.disabled {
		if !slices.Contains(names, name) {
			return s, fmt.Errorf("--disable: there is no rule %q; the rules are %s", name, strings.Join(names, ", "))
		}
	}
	s.Globals, s.Functions = hogs.Names()
	if !o.transform {
		globals, functions := hogs.HandlerNames()
		s.Globals, s.Functions = append(s.Globals, globals...), slices.Concat(s.Functions, functions, []string{"sleep", "fetch"})
	}
	s.Functions = append(s.Functions, o.functions...)
	if o.globals == "" {
		return s, nil
	}
	if o.globals == stdin && slices.Contains(args, stdin) {
		return s, errTwiceStdin
	}
	values, err := readGlobals(std, o.globals)
	for name := range values {
		s.Globals = append(s.Globals, name)
	}
	return s, err
}

// programs reads the programs that are named, and those in folders.
func programs(std streams, args []string) (texts []*source.Text, err error) {
	paths := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == stdin })
	if len(args) == 0 {
		paths = []string{"."}
	}
	found, err := hogcase.Find(paths)
	if err != nil {
		return nil, err
	}
	if len(paths) < len(args) {
		found.Programs = append(found.Programs, stdin)
	}
	for _, path := range found.Programs {
		text, name, err := std.read(path)
		if err != nil {
			return nil, err
		}
		texts = append(texts, source.New(name, string(text)))
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("no .hog files in %s", strings.Join(paths, ", "))
	}
	return texts, nil
}

// hogFinding is a finding in JSON.
type hogFinding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Col     int    `json:"col"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// write prints the findings; the error is errSilent when there are any.
func (o *hogLintOptions) write(w io.Writer, found []lint.Finding, files int) error {
	var b bytes.Buffer
	if o.asJSON {
		list := make([]hogFinding, len(found))
		for i, f := range found {
			list[i] = hogFinding{f.File, f.Line, f.Col, f.Rule, f.Message, f.Hint}
		}
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(list); err != nil {
			return err
		}
	} else {
		for _, f := range found {
			fmt.Fprintln(&b, f)
		}
		fmt.Fprintf(&b, "%s, %s\n", count(files, "file"), count(len(found), "finding"))
	}
	if _, err := terminalSafe(w).Write(b.Bytes()); err != nil {
		return err
	}
	if len(found) > 0 {
		return errSilent
	}
	return nil
}
