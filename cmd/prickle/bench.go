package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/bench"
	"github.com/spf13/cobra"
)

func newBench(p *projectFlag) *cobra.Command {
	var o bench.Options
	var name string
	var asJSON bool
	var cases strings.Builder
	for _, c := range bench.Cases() {
		fmt.Fprintf(&cases, "\n  %-11s %s", c.Name, c.Summary)
	}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine, from capture to the destinations",
		Long: `Starts a private instance in a temporary folder, sends it events over HTTP, and counts what comes out: rows of the warehouse, requests of
webhooks. At the end every acknowledged event is looked up. Prints rates, latencies and the peak memory, load generator included. The cases:
` + cases.String() + `
  all         one after the other`,
		Example: `  prickle bench
  prickle bench --events 1000000 --json
  prickle bench --case down --for 2m --rounds 3`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cases, err := bench.Find(name)
			if err = errors.Join(err, checkRate(o.Rate, "events")); err != nil {
				return err
			}
			o.Log = quietLog(p.std.err)
			o.Holder = holder
			if !asJSON {
				o.Progress = func(what string) { fmt.Fprintln(p.std.err, what) }
			}
			for _, c := range cases {
				if err := runCase(cmd, c, o, p.std.out, asJSON); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "case", "path", "what to measure: the `name` of a case, or all")
	cmd.Flags().IntVar(&o.Events, "events", 0, "how many events to send at full speed; default: the case's own")
	cmd.Flags().DurationVar(&o.For, "for", 0, "how long to send; default: the case's own")
	cmd.Flags().IntVar(&o.Rounds, "rounds", 1, "how often to measure, each time with a new instance; the median is printed, with its spread")
	cmd.Flags().IntVar(&o.Batch, "batch", 0, "events in a request; default: the case's own")
	cmd.Flags().IntVar(&o.Connections, "connections", 0, "requests at the same time; default: the case's own")
	cmd.Flags().BoolVar(&o.Gzip, "gzip", false, "compress the requests")
	cmd.Flags().Float64Var(&o.Rate, "rate", 0, "for capture and single: send at most so many `events` a second; 0 for as fast as they are taken")
	cmd.Flags().StringVar(&o.Dir, "dir", "", "the `folder` for the temporary instance; default: the system's")
	cmd.Flags().StringVar(&o.Warehouse, "warehouse", "", "the `warehouse` in place of a DuckDB file in the instance's folder, as in prickle.yaml: '{postgres: {url: …, schema: bench}}'")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each case")
	cmd.AddCommand(newBenchHold(p))
	return cmd
}

// newBenchHold makes the command of the other process of the case connections.
func newBenchHold(p *projectFlag) *cobra.Command {
	return &cobra.Command{
		Use: "hold ADDRESS RUN EVENT CONNECTIONS", Hidden: true, Args: cobra.ExactArgs(4), Short: "Hold connections for the case connections",
		RunE: func(_ *cobra.Command, args []string) error { return bench.Hold(args, os.Stdin, p.std.out) },
	}
}

// holder runs newBenchHold's command with this binary.
func holder(ctx context.Context, args []string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return exec.CommandContext(ctx, self, append([]string{"bench", "hold"}, args...)...)
}

func runCase(cmd *cobra.Command, c bench.Case, o bench.Options, out io.Writer, asJSON bool) error {
	r, err := c.Run(cmd.Context(), components(), o)
	if err != nil {
		return err
	}
	if asJSON {
		err = json.NewEncoder(out).Encode(r)
	} else {
		printResult(out, r)
	}
	if err == nil && (r.Lost > 0 || r.Duplicated > 0) {
		err = fmt.Errorf("bench: %s: %d events lost, %d duplicated", r.Case, r.Lost, r.Duplicated)
	}
	return err
}

func printResult(w io.Writer, r bench.Result) {
	fmt.Fprintf(w, "%s: batches of %d, %d bytes an event, connections: %d\n", r.Case, r.Batch, r.EventBytes, r.Connections)
	for _, f := range r.Figures {
		fmt.Fprintf(w, "  %-28s %10s %s%s\n", f.Name, digits(f.Value), f.Unit, spread(f))
	}
	fmt.Fprintf(w, "  %d events acknowledged, %d lost, %d duplicated in the warehouse, %d repeated at webhooks\n", r.Events, r.Lost, r.Duplicated, r.Repeated)
}

// digits writes a number with as many decimals as mean something.
func digits(x float64) string {
	switch {
	case math.Abs(x) < 10:
		return fmt.Sprintf("%.2f", x)
	case math.Abs(x) < 100:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// spread is the least and the most of several rounds.
func spread(f bench.Figure) string {
	if len(f.Rounds) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s to %s in %d rounds)", digits(slices.Min(f.Rounds)), digits(slices.Max(f.Rounds)), len(f.Rounds))
}
