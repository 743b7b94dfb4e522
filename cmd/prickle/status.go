package main

import (
	"fmt"
	"io"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newStatus(p *projectFlag) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Show what runs and how much has passed",
		Example: `  prickle status -p configs/examples/quickstart`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), needRunning, func(b control.Backend) error {
				st, err := b.Status(cmd.Context())
				if err != nil {
					return err
				}
				printStatus(p.std.out, st)
				return nil
			})
		},
	}
}

func printStatus(w io.Writer, st control.Status) {
	fmt.Fprintf(w, "%s, process %d, up %s, %s\n", st.Project, st.PID, time.Since(st.Started).Round(time.Second), capturing(st))
	if st.Config > 0 {
		fmt.Fprintf(w, "configuration %d\n", st.Config)
	}
	fmt.Fprintf(w, "captured %d events, refused %d requests; frames: %d pending, %d to be retried; %d dead letters\n",
		st.Captured, st.Rejected, st.Pending, st.Retrying, st.Dead)
	if st.Admin != "" {
		fmt.Fprintf(w, "metrics and health on %s\n", st.Admin)
	}
	if st.Query != "" {
		fmt.Fprintf(w, "queries on %s\n", st.Query)
	}
	if st.Share != nil {
		fmt.Fprintf(w, "%d of %d lanes are this process's, number %d of %d\n", st.Share.Lanes, st.Share.Of, st.Share.Process+1, st.Share.Processes)
	}
	for _, k := range st.Keys {
		printKey(w, k)
	}
	for _, pl := range st.Pipelines {
		fmt.Fprintf(w, "pipeline %s: %d in = %d passed + %d dropped + %d dead\n", pl.Name, pl.In, pl.Passed, pl.Dropped, pl.Dead)
		if c := pl.Contract; c != nil {
			fmt.Fprintf(w, "  violations of contracts: %d warned of, %d quarantined, %d rejected\n", c.Warned, c.Quarantined, c.Rejected)
		}
		if r := pl.Replayed; r != nil {
			fmt.Fprintf(w, "  sent again: %d in = %d passed + %d dropped + %d dead\n", r.In, r.Passed, r.Dropped, r.Dead)
		}
		for _, d := range pl.Destinations {
			printDestination(w, d)
		}
	}
	if st.Books != nil {
		printBooks(w, st.Books)
	}
	for _, warning := range st.Warnings {
		fmt.Fprintln(w, warning)
	}
	for _, s := range st.Sources {
		fmt.Fprintf(w, "source %s: %d records", s.Name, s.Records)
		switch {
		case s.Running:
			fmt.Fprint(w, ", reading now")
		case s.Elsewhere:
			fmt.Fprint(w, "; another process reads it")
		case s.LastError != "":
			fmt.Fprintf(w, "; last error: %s", firstLine(s.LastError, 120))
		case !s.LastEnd.IsZero():
			fmt.Fprintf(w, ", up to date since %s", s.LastEnd.Format(time.DateTime))
		}
		fmt.Fprintln(w)
	}
}

func printDestination(w io.Writer, d control.DestinationStatus) {
	fmt.Fprintf(w, "  %s: %d delivered, %d retried, %d dead", d.Name, d.Delivered, d.Retried, d.Dead)
	if d.Replayed+d.ReplayedDead > 0 {
		fmt.Fprintf(w, "; sent again: %d delivered, %d dead", d.Replayed, d.ReplayedDead)
	}
	lastError := d.LastError
	switch b := d.Breaker; b.State {
	case "open":
		fmt.Fprintf(w, "; down since %s, next try at %s", b.Since.Local().Format(time.DateTime), b.NextProbe.Local().Format(time.TimeOnly))
		lastError = b.LastError
	case "half-open":
		fmt.Fprintf(w, "; down since %s, being tried", b.Since.Local().Format(time.DateTime))
		lastError = b.LastError
	}
	if !d.PausedUntil.IsZero() {
		fmt.Fprintf(w, "; nothing is sent until %s", d.PausedUntil.Local().Format(time.DateTime))
	}
	if lastError != "" {
		fmt.Fprintf(w, "; last error: %s", firstLine(lastError, 120))
	}
	fmt.Fprintln(w)
}

// printKey says how much of a capture key's or webhook's rate and quota is used.
func printKey(w io.Writer, k control.KeyStatus) {
	what := "key"
	if k.Webhook {
		what = "webhook"
	}
	fmt.Fprintf(w, "%s %s:", what, k.Name)
	if k.Quota != "" {
		fmt.Fprintf(w, " %d of %d events in %s, %d refused over the quota", k.Used, k.Events, k.Period, k.OverQuota)
	}
	if k.Quota != "" && k.Rate > 0 {
		fmt.Fprint(w, ";")
	}
	if k.Rate > 0 {
		fmt.Fprintf(w, " %d events/s, %d refused over the rate", k.Rate, k.OverRate)
	}
	fmt.Fprintln(w)
}
