package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newDeadList(p *projectFlag) *cobra.Command {
	var f deadFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List dead letters, the oldest first",
		Example: `  prickle dead list --pipeline web --destination slack
  prickle dead list --class mask.limit --since 24h --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.parse(nil); err != nil {
				return err
			}
			if asJSON {
				_, err := p.writeLetters(cmd, f.filter, terminalSafe(p.std.out), wholeLetter)
				return err
			}
			return p.listLetters(cmd, f.filter)
		},
	}
	f.register(cmd)
	f.registerLimit(cmd, 100)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each letter as a JSON object on a line")
	return cmd
}

func (p *projectFlag) listLetters(cmd *cobra.Command, f control.DeadFilter) error {
	t := newTable("id", "last attempt", "pipeline", "destination", "failed in", "class", "attempts", "event", "reason")
	n := 0
	err := p.eachLetter(cmd, f, func(l control.DeadLetter) error {
		n++
		t.AppendRow(table.Row{
			l.ID, l.LastAt.Format(time.DateTime), l.Pipeline, l.Destination, l.Component, l.Class, l.Attempts, eventName(l.Event), firstLine(l.Reason, 80),
		})
		return nil
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.std.out, "%s\n%s\n", t.Render(), count(n, "dead letter"))
	return err
}

func newTable(columns ...any) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row(columns))
	return t
}

func newDeadCount(p *projectFlag) *cobra.Command {
	var f deadFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "count",
		Short: "Count dead letters by pipeline, destination and class",
		Example: `  prickle dead count
  prickle dead count --since 24h --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.parse(nil); err != nil {
				return err
			}
			return p.with(cmd.Context(), needBus, func(b control.Backend) error {
				counts, err := b.CountDead(cmd.Context(), f.filter)
				if err != nil {
					return err
				}
				return printDeadCounts(p.std.out, counts, asJSON)
			})
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each count as a JSON object on a line")
	return cmd
}

func printDeadCounts(w io.Writer, counts []control.DeadCount, asJSON bool) error {
	if asJSON {
		return printJSON(w, counts)
	}
	t := newTable("pipeline", "destination", "class", "letters")
	all := 0
	for _, c := range counts {
		t.AppendRow(table.Row{c.Pipeline, c.Destination, c.Class, c.Letters})
		all += c.Letters
	}
	_, err := fmt.Fprintf(w, "%s\n%s\n", t.Render(), count(all, "dead letter"))
	return err
}

func eventName(raw json.RawMessage) string {
	var e struct {
		Event string `json:"event"`
	}
	if json.Unmarshal(raw, &e) != nil {
		return ""
	}
	return strings.Map(printable, e.Event)
}

func firstLine(s string, limit int) string {
	s, _, _ = strings.Cut(s, "\n")
	s = strings.Map(printable, s)
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

func newDeadShow(p *projectFlag) *cobra.Command {
	var f deadFlags
	return &cobra.Command{
		Use:     "show ID...",
		Short:   "Print dead letters whole, as JSON",
		Example: `  prickle dead show 17`,
		Args:    atLeastOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.parse(args); err != nil {
				return err
			}
			n := 0
			enc := json.NewEncoder(terminalSafe(p.std.out))
			enc.SetIndent("", "  ")
			enc.SetEscapeHTML(false)
			err := p.eachLetter(cmd, f.filter, func(l control.DeadLetter) error {
				n++
				return enc.Encode(l)
			})
			if err != nil {
				return err
			}
			if missing := len(f.filter.IDs) - n; missing > 0 {
				fmt.Fprintf(p.std.err, "%d of %d are not there (any more)\n", missing, len(f.filter.IDs))
			}
			if n == 0 {
				return errSilent
			}
			return nil
		},
	}
}

func newDeadExport(p *projectFlag) *cobra.Command {
	var f deadFlags
	var path string
	var events bool
	cmd := &cobra.Command{
		Use:   "export [ID...]",
		Short: "Write dead letters, or their events, as JSON lines",
		Long: `Writes each dead letter as a JSON object on a line, and removes none. With --events it writes only the events, as prickle pipe and
prickle send --file read them.`,
		Example: `  prickle dead export -o letters.ndjson
  prickle dead export --class mask.limit --events | prickle pipe configs/examples/mask`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.parse(args); err != nil {
				return err
			}
			line := wholeLetter
			if events {
				line = onlyEvent
			}
			if path == "" {
				_, err := p.writeLetters(cmd, f.filter, terminalSafe(p.std.out), line)
				return err
			}
			return p.exportTo(cmd, f.filter, path, line)
		},
	}
	f.register(cmd)
	f.registerLimit(cmd, 0)
	cmd.Flags().StringVarP(&path, "output", "o", "", "write to a `file`, which only you may read")
	cmd.Flags().BoolVar(&events, "events", false, "only the events")
	return cmd
}

// exportTo leaves either a whole file or none.
func (p *projectFlag) exportTo(cmd *cobra.Command, f control.DeadFilter, path string, line letterLine) error {
	part := path + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := p.writeLetters(cmd, f, file, line)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	_, err = fmt.Fprintf(p.std.out, "%s written to %s\n", count(n, "line"), path)
	return err
}

// letterLine is a letter as a line of an export, or nil when it has none.
type letterLine func(l control.DeadLetter) (any, error)

func wholeLetter(l control.DeadLetter) (any, error) { return l, nil }

// onlyEvent leaves out what is no event.
func onlyEvent(l control.DeadLetter) (any, error) {
	if _, err := pipeline.ParseEvent(l.Event); err != nil {
		return nil, err
	}
	return l.Event, nil
}

// writeLetters writes a line for each letter that f selects, and returns how many it has written. What has no line is reported.
func (p *projectFlag) writeLetters(cmd *cobra.Command, f control.DeadFilter, w io.Writer, line letterLine) (int, error) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	n := 0
	return n, p.eachLetter(cmd, f, func(l control.DeadLetter) error {
		v, err := line(l)
		if err != nil {
			_, err = fmt.Fprintf(p.std.err, "dead letter %d is left out: %v\n", l.ID, err)
			return err
		}
		n++
		return enc.Encode(v)
	})
}

// eachLetter calls do for the letters that f selects, of the running process or of the store.
func (p *projectFlag) eachLetter(cmd *cobra.Command, f control.DeadFilter, do func(control.DeadLetter) error) error {
	return p.with(cmd.Context(), needBus, func(b control.Backend) error { return b.DeadLetters(cmd.Context(), f, do) })
}
