package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newDead(p *projectFlag) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "List, show, replay and drop dead letters",
		Long: `A dead letter is an event that a transform failed on, or that a destination refused for good or for too long. It is kept with the
reason until it is replayed or dropped, for 30 days.`,
		Example: `  prickle dead list --destination slack
  prickle dead show 17
  prickle dead replay --pipeline web
  prickle dead drop 17 18`,
	}
	cmd.AddCommand(newDeadList(p), newDeadShow(p), newDeadReplay(p), newDeadDrop(p))
	return group(cmd)
}

// deadFlags select dead letters: by id, by pipeline and destination, or all of them when the user says so.
type deadFlags struct {
	filter control.DeadFilter
	all    bool
}

func (f *deadFlags) register(cmd *cobra.Command, changes bool) {
	cmd.Flags().StringVar(&f.filter.Pipeline, "pipeline", "", "only those of this `pipeline`")
	cmd.Flags().StringVar(&f.filter.Destination, "destination", "", "only those of this `destination`")
	if changes {
		cmd.Flags().BoolVar(&f.all, "all", false, "every dead letter there is")
	} else {
		cmd.Flags().IntVar(&f.filter.Limit, "limit", 100, "at most so many, the oldest first; 0 for all")
	}
}

func (f *deadFlags) parse(ids []string) error {
	for _, text := range ids {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("dead letter %q: want a number from the list", text)
		}
		f.filter.IDs = append(f.filter.IDs, id)
	}
	return nil
}

// chosen refuses a change that names nothing: it would mean everything.
func (f *deadFlags) chosen() error {
	if len(f.filter.IDs) == 0 && f.filter.Pipeline == "" && f.filter.Destination == "" && !f.all {
		return errors.New("which dead letters? name their ids, --pipeline, --destination, or --all")
	}
	return nil
}

func newDeadList(p *projectFlag) *cobra.Command {
	var f deadFlags
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List dead letters, the oldest first",
		Example: `  prickle dead list --pipeline web --destination slack`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			letters, err := p.deadLetters(cmd, f.filter)
			if err != nil {
				return err
			}
			t := table.NewWriter()
			t.SetStyle(table.StyleLight)
			t.Style().Format.Header = text.FormatDefault
			t.AppendHeader(table.Row{"id", "last attempt", "pipeline", "destination", "failed in", "attempts", "event", "reason"})
			for _, l := range letters {
				t.AppendRow(table.Row{
					l.ID, l.LastAt.Format(time.DateTime), l.Pipeline, l.Destination, l.Component, l.Attempts, eventName(l.Event), firstLine(l.Reason, 80),
				})
			}
			_, err = fmt.Fprintf(p.std.out, "%s\n%s\n", t.Render(), count(len(letters), "dead letter"))
			return err
		},
	}
	f.register(cmd, false)
	return cmd
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
			letters, err := p.deadLetters(cmd, f.filter)
			if err != nil {
				return err
			}
			if len(letters) < len(f.filter.IDs) {
				defer fmt.Fprintf(p.std.err, "%d of %d are not there (any more)\n", len(f.filter.IDs)-len(letters), len(f.filter.IDs))
			}
			enc := json.NewEncoder(terminalSafe(p.std.out))
			enc.SetIndent("", "  ")
			enc.SetEscapeHTML(false)
			for _, l := range letters {
				if err := enc.Encode(l); err != nil {
					return err
				}
			}
			if len(letters) == 0 {
				return errSilent
			}
			return nil
		},
	}
}

func newDeadReplay(p *projectFlag) *cobra.Command {
	return newDeadChange(p, "replay", "Send dead letters through again and remove them from the list", "replayed", control.Backend.ReplayDead)
}

func newDeadDrop(p *projectFlag) *cobra.Command {
	return newDeadChange(p, "drop", "Remove dead letters for good", "dropped", control.Backend.DropDead)
}

func (p *projectFlag) deadLetters(cmd *cobra.Command, f control.DeadFilter) ([]control.DeadLetter, error) {
	backend, release, err := p.backend(cmd.Context(), needBus)
	if err != nil {
		return nil, err
	}
	defer release()
	return backend.DeadLetters(cmd.Context(), f)
}

type deadChange func(b control.Backend, ctx context.Context, f control.DeadFilter) (int, error)

func newDeadChange(p *projectFlag, verb, short, done string, change deadChange) *cobra.Command {
	var f deadFlags
	cmd := &cobra.Command{
		Use:     verb + " [ID...]",
		Short:   short,
		Example: fmt.Sprintf("  prickle dead %[1]s 17 18\n  prickle dead %[1]s --pipeline web --destination slack\n  prickle dead %[1]s --all", verb),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.parse(args); err != nil {
				return err
			}
			if err := f.chosen(); err != nil {
				return err
			}
			backend, release, err := p.backend(cmd.Context(), needBus)
			if err != nil {
				return err
			}
			defer release()
			n, err := change(backend, cmd.Context(), f.filter)
			if err != nil && n == 0 {
				return err
			}
			_, printed := fmt.Fprintf(p.std.out, "%s %s\n", count(n, "dead letter"), done)
			return errors.Join(err, printed)
		},
	}
	f.register(cmd, true)
	return cmd
}
