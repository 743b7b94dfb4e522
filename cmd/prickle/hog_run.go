package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/vm"
	"github.com/spf13/cobra"
)

func newHogRun(p *projectFlag) *cobra.Command {
	var o hogRunOptions
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a Hog program",
		Long: `Compiles and runs a Hog program; - is standard input. print() writes to standard output, and so does the value that the program
returns, as JSON. An error goes to standard error with the calls that led to it, the outermost first, and makes the exit code 1.

--globals gives a JSON object whose keys become globals, for example {"event": {...}}. sleep() waits; fetch() asks the network only with
--allow-fetch, and is refused without.`,
		Example: `  prickle hog run hello.hog
  prickle hog run functions/enrich.hog --globals event.json
  echo "print(upper('a'))" | prickle hog run -`,
		Args: exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			env, names, err := o.env(p.std, args[0])
			if err != nil {
				return err
			}
			text, name, err := p.std.read(args[0])
			if err != nil {
				return err
			}
			program, err := hog.Compile(name, string(text), hog.WithFunctions("fetch", "sleep"), hog.WithGlobals(names...))
			if err != nil {
				return err
			}
			return o.run(cmd.Context(), p.std, program, env)
		},
	}
	o.flags(cmd)
	return cmd
}

func newHogExec(p *projectFlag) *cobra.Command {
	var o hogRunOptions
	cmd := &cobra.Command{
		Use:   "exec FILE",
		Short: "Run compiled Hog",
		Long: `Runs portable bytecode, as prickle hog compile and PostHog's compilers write it: a JSON array that begins with "_H", 1 or "_h"; - is
standard input. Everything else is as in prickle hog run.`,
		Example: `  prickle hog exec hello.hoge
  prickle hog compile hello.hog | prickle hog exec -`,
		Args: exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			env, _, err := o.env(p.std, args[0])
			if err != nil {
				return err
			}
			text, name, err := p.std.read(args[0])
			if err != nil {
				return err
			}
			if _, err := decodeBytecode(name, text); err != nil {
				return err
			}
			program, err := hog.Load(text)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return o.run(cmd.Context(), p.std, program, env)
		},
	}
	o.flags(cmd)
	return cmd
}

// hogRunOptions are what run and exec have in common.
type hogRunOptions struct {
	globals    string
	allowFetch bool
	time       time.Duration
}

func (o *hogRunOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.globals, "globals", "", "a `file` with a JSON object, - for standard input")
	cmd.Flags().BoolVar(&o.allowFetch, "allow-fetch", false, "let fetch() ask the network")
	cmd.Flags().DurationVar(&o.time, "time", vm.DefaultLimits().Time, "how long the program may compute")
}

// env is what a program sees, and the names of its globals.
func (o *hogRunOptions) env(std streams, program string) (env hog.Env, names []string, err error) {
	if o.time <= 0 {
		return env, nil, fmt.Errorf("--time: want a duration above zero, got %s", o.time)
	}
	env = hog.Env{Now: time.Now, Rand: rand.Reader, Limits: hog.Limits{Time: o.time}}
	if o.globals == "" {
		return env, nil, nil
	}
	if o.globals == stdin && program == stdin {
		return env, nil, errTwiceStdin
	}
	values, err := readGlobals(std, o.globals)
	if err != nil {
		return env, nil, err
	}
	for name := range values {
		names = append(names, name)
	}
	env.Global = hog.GlobalsOf(values)
	return env, names, nil
}

// run runs a program and writes what it prints and the value it returns.
func (o *hogRunOptions) run(ctx context.Context, std streams, program *hog.Program, env hog.Env) error {
	out := bufio.NewWriter(std.out)
	env.Print = func(line string) {
		_, _ = out.WriteString(line) // Flush reports what a write could not do
		_ = out.WriteByte('\n')
	}
	result, err := program.RunAsync(ctx, env, o.async(out))
	if err == nil && !result.IsNull() {
		var text []byte
		if text, err = result.AppendJSON(nil); err == nil {
			_, err = fmt.Fprintf(out, "%s\n", text)
		}
	}
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	return err
}

// async is the functions that take their time. What was printed is shown before the program waits.
func (o *hogRunOptions) async(out *bufio.Writer) map[string]hog.Func {
	ask := refuseFetch
	if o.allowFetch {
		ask = doFetch
	}
	shown := func(f hog.Func) hog.Func {
		return func(ctx context.Context, args []hog.Value) (hog.Value, error) {
			if err := out.Flush(); err != nil {
				return hog.Value{}, err
			}
			return f(ctx, args)
		}
	}
	return map[string]hog.Func{"sleep": shown(sleep), "fetch": shown(ask)}
}
