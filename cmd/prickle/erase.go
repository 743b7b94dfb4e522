package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

type eraseFlags struct {
	person, distinctID      string
	dryRun, yes, list, json bool
}

func newErase(p *projectFlag) *cobra.Command {
	var f eraseFlags
	cmd := &cobra.Command{
		Use:   "erase",
		Short: "Delete a person everywhere, and check that nothing is left",
		Long: `Deletes all that there is of a person: the events of all distinct ids in the warehouse and in destinations that are warehouses, the
profile with its rows, and the dead letters. What is in the event log is not given to anybody any more, and goes with the log's retention. What
comes later of the same ids is new. Running it again finishes what was broken off. It says what it cannot erase.`,
		Example: `  prickle erase --person ann@example.com --dry-run
  prickle erase --person ann@example.com
  prickle erase --list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.list {
				return p.with(cmd.Context(), needBus, func(b control.Backend) error { return p.listErasures(cmd.Context(), b, f.json) })
			}
			if (f.person == "") == (f.distinctID == "") {
				return errors.New("whom? give --person with a distinct id or the id of a person, or --distinct-id")
			}
			return p.with(cmd.Context(), needStores, func(b control.Backend) error { return p.erase(cmd.Context(), b, &f) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.person, "person", "", "the `id` of a person (persons.id), or one of its distinct ids")
	flags.StringVar(&f.distinctID, "distinct-id", "", "a distinct `id`, even if it looks like the id of a person; all others of that person go too")
	flags.BoolVar(&f.dryRun, "dry-run", false, "erase nothing, show what would be")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&f.list, "list", false, "show what was erased, the oldest first, without any id")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func (p *projectFlag) erase(ctx context.Context, b control.Backend, f *eraseFlags) error {
	r := control.EraseRequest{ID: f.person + f.distinctID, Distinct: f.distinctID != "", DryRun: true}
	quiet := func(string) {}
	if !f.yes || f.dryRun {
		would, err := b.Erase(ctx, r, quiet)
		if err != nil {
			return err
		}
		if f.dryRun {
			return p.printErasure(would, f, "would be erased")
		}
		if err := p.confirm(would, r.ID); err != nil {
			return err
		}
	}
	r.DryRun = false
	done, err := b.Erase(ctx, r, func(step string) { fmt.Fprintln(p.std.err, step) })
	if err != nil && len(done.Places) == 0 {
		return err
	}
	return errors.Join(err, p.printErasure(done, f, "erased"))
}

// confirm shows what will be erased and asks.
func (p *projectFlag) confirm(would control.Erasure, id string) error {
	writeErasure(p.std.err, would, "will be erased")
	fmt.Fprintf(p.std.err, "erase %s for good? Type yes: ", strings.Map(printable, id))
	line, err := bufio.NewReader(p.std.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(line) != "yes" {
		return errors.New("nothing was erased; --yes does not ask")
	}
	return nil
}

func (p *projectFlag) printErasure(e control.Erasure, f *eraseFlags, done string) error {
	if f.json {
		return printJSON(p.std.out, []control.Erasure{e})
	}
	writeErasure(p.std.out, e, done)
	return nil
}

func writeErasure(w io.Writer, e control.Erasure, done string) {
	fmt.Fprintf(w, "%s\n", count(e.IDs, "distinct id"))
	for _, place := range e.Places {
		fmt.Fprintf(w, "%s: %d %s %s", place.Place, place.Count, place.What, done)
		if place.Left > 0 {
			fmt.Fprintf(w, ", %d STILL THERE", place.Left)
		}
		fmt.Fprintln(w)
	}
	if !e.LogUntil.IsZero() {
		fmt.Fprintf(w, "event log: hidden now, gone by %s\n", e.LogUntil.Format(time.DateTime))
	}
	for _, place := range e.NotErased {
		fmt.Fprintf(w, "not erased, see to it yourself: %s\n", place)
	}
	if e.Verified {
		fmt.Fprintln(w, "checked: nothing is left")
	}
}

func (p *projectFlag) listErasures(ctx context.Context, b control.Backend, asJSON bool) error {
	all, err := b.Erasures(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(p.std.out, all)
	}
	t := newTable("at", "hash", "ids", "state", "erased")
	for _, e := range all {
		state := "not finished: run it again"
		if e.Verified {
			state = "done, nothing left"
		}
		var places []string
		for _, place := range e.Places {
			places = append(places, fmt.Sprintf("%s: %d %s", place.Place, place.Count, place.What))
		}
		t.AppendRow(table.Row{e.At.Format(time.DateTime), e.Hash, e.IDs, state, strings.Join(places, "; ")})
	}
	_, err = fmt.Fprintf(p.std.out, "%s\n%s\n", t.Render(), count(len(all), "erasure"))
	return err
}
