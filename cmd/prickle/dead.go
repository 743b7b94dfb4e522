package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newDead(p *projectFlag) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "List, count, show, replay, export and drop dead letters",
		Long: `A dead letter is an event that a transform failed on, or that a destination refused for good or for too long. It is kept with the
reason until it is replayed or dropped, for 30 days unless bus.dead_retain says otherwise.`,
		Example: `  prickle dead count
  prickle dead list --destination slack --class gave_up
  prickle dead show 17
  prickle dead replay --pipeline web --since 24h
  prickle dead drop 17 18`,
	}
	cmd.AddCommand(newDeadList(p), newDeadCount(p), newDeadShow(p), newDeadReplay(p), newDeadDrop(p), newDeadExport(p))
	return group(cmd)
}

// deadFlags select dead letters: by id, by what is in them, or all of them when the user says so.
type deadFlags struct {
	filter       control.DeadFilter
	since, until string
	all          bool
}

func (f *deadFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.filter.Pipeline, "pipeline", "", "only those of this `pipeline`")
	flags.StringVar(&f.filter.Destination, "destination", "", "only those of this `destination`")
	flags.StringVar(&f.filter.Class, "class", "", "only those of this `class`, as prickle dead count names it")
	flags.StringVar(&f.filter.Reason, "reason", "", "only those with this `text` in the reason, in any case")
	flags.StringVar(&f.filter.Event, "event", "", "only events of this `name`")
	flags.StringVar(&f.filter.Person, "person", "", "only events of this `distinct_id`")
	flags.StringVar(&f.since, "since", "", "only those given up at this time or later; "+whenForms)
	flags.StringVar(&f.until, "until", "", "only those given up before this time; a `time`")
}

// registerLimit adds --limit, with 0 for no limit.
func (f *deadFlags) registerLimit(cmd *cobra.Command, limit int) {
	cmd.Flags().IntVar(&f.filter.Limit, "limit", limit, "at most so many, the oldest first; 0 for all")
}

// registerAll adds --all, for commands that change something.
func (f *deadFlags) registerAll(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.all, "all", false, "every dead letter there is")
}

func (f *deadFlags) parse(ids []string) error {
	for _, text := range ids {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("dead letter %q: want a number from the list", text)
		}
		f.filter.IDs = append(f.filter.IDs, id)
	}
	now := time.Now()
	var err, err2 error
	f.filter.Since, err = parseWhen("since", f.since, now)
	f.filter.Until, err2 = parseWhen("until", f.until, now)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if f.filter.Limit < 0 {
		return fmt.Errorf("--limit %d: want a number of letters, or 0 for all", f.filter.Limit)
	}
	if !f.filter.Since.IsZero() && !f.filter.Until.IsZero() && !f.filter.Since.Before(f.filter.Until) {
		return fmt.Errorf("--since %s is not before --until %s", f.since, f.until)
	}
	return nil
}

// chosen refuses a change that names nothing: it would mean everything.
func (f *deadFlags) chosen() error {
	named := f.filter
	named.Limit = 0
	if len(named.IDs) == 0 && !f.all && named.Pipeline+named.Destination+named.Class+named.Reason+named.Event+named.Person == "" &&
		named.Since.IsZero() && named.Until.IsZero() {
		return errors.New("which dead letters? name their ids, select them (--pipeline, --destination, --class and so on), or say --all")
	}
	return nil
}
