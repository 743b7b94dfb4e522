package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/prickle-dev/prickle/pipeline/bench"
	"github.com/spf13/cobra"
)

func newBench(p *projectFlag) *cobra.Command {
	var o bench.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the whole path on this machine",
		Long: `Starts a private instance in a temporary folder, sends it events in SDK-sized batches over HTTP, through a Hog transformation into DuckDB,
and looks every acknowledged event up in the warehouse. Prints events/s of capture and of the whole path, the time from a request until its
events can be queried (under a steady quarter of that load), and the peak memory, load generator included.`,
		Example: `  prickle bench
  prickle bench --events 1000000 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Log = quietLog(p.std.err)
			if !asJSON {
				o.Progress = func(what string) { fmt.Fprintln(p.std.err, what) }
			}
			r, err := bench.Run(cmd.Context(), components(), o)
			if err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(p.std.out).Encode(r)
			} else {
				printReport(p.std.out, r)
			}
			if err == nil && (r.Lost > 0 || r.Duplicated > 0) {
				err = fmt.Errorf("bench: %d events lost, %d duplicated", r.Lost, r.Duplicated)
			}
			return err
		},
	}
	cmd.Flags().IntVar(&o.Events, "events", 300_000, "how many events to send at full speed")
	cmd.Flags().IntVar(&o.Batch, "batch", 100, "events in a request")
	cmd.Flags().IntVar(&o.Connections, "connections", 16, "requests at the same time")
	cmd.Flags().BoolVar(&o.Gzip, "gzip", false, "compress the requests")
	cmd.Flags().StringVar(&o.Dir, "dir", "", "the `folder` for the temporary instance; default: the system's")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func printReport(w io.Writer, r bench.Report) {
	fmt.Fprintf(w, "capture       %10.0f events/s (batches of %d, %d bytes an event, %d connections)\n", r.CapturePerS, r.Batch, r.EventBytes, r.Connections)
	fmt.Fprintf(w, "whole path    %10.0f events/s\n", r.EndToEndPerS)
	fmt.Fprintf(w, "to warehouse  %10.1f ms p50, %.1f ms p99 (at a steady %.0f events/s)\n", r.LatencyP50, r.LatencyP99, r.LatencyLoadPerS)
	fmt.Fprintf(w, "peak memory   %10.0f MB\n", r.RSSPeakMB)
	fmt.Fprintf(w, "%d events acknowledged, %d lost, %d duplicated\n", r.Events, r.Lost, r.Duplicated)
}
