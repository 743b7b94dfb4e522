package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/spf13/cobra"
)

func newHog(p *projectFlag) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "hog",
		Short:   "Work with Hog, the language of functions",
		Example: `  prickle hog run functions/enrich.hog`,
	}
	cmd.AddCommand(newHogRun(p))
	return cmd
}

func newHogRun(p *projectFlag) *cobra.Command {
	var globals string
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a Hog program",
		Long: `Compiles and runs a Hog program. print() writes to standard output, and so does the value that the program returns, as JSON. --globals
gives a JSON object whose keys become globals, for example {"event": {...}}.`,
		Example: `  prickle hog run hello.hog
  prickle hog run functions/enrich.hog --globals event.json`,
		Args: exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			env, names, err := hogEnv(p, globals)
			if err != nil {
				return err
			}
			program, err := hog.Compile(args[0], string(text), hog.WithFunctions(), hog.WithGlobals(names...))
			if err != nil {
				return err
			}
			result, err := program.Run(cmd.Context(), env)
			if err != nil {
				return err
			}
			if result.IsNull() {
				return nil
			}
			out, err := result.AppendJSON(nil)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.std.out, "%s\n", out)
			return err
		},
	}
	cmd.Flags().StringVar(&globals, "globals", "", "a `file` with a JSON object")
	return cmd
}

// hogEnv is what a program sees, and the names of its globals.
func hogEnv(p *projectFlag, globals string) (env hog.Env, names []string, err error) {
	env = hog.Env{Now: time.Now, Rand: rand.Reader, Print: func(line string) { fmt.Fprintln(p.std.out, line) }}
	if globals == "" {
		return env, nil, nil
	}
	text, err := os.ReadFile(globals)
	if err != nil {
		return env, nil, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return env, nil, fmt.Errorf("%s: want a JSON object: %w", globals, err)
	}
	values := map[string]hog.Value{}
	for name, text := range raw {
		if values[name], err = hog.FromJSON(text); err != nil {
			return env, nil, fmt.Errorf("%s: %s: %w", globals, name, err)
		}
		names = append(names, name)
	}
	env.Global = hog.GlobalsOf(values)
	return env, names, nil
}
