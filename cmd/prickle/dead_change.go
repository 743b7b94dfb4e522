package main

import (
	"errors"
	"fmt"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newDeadReplay(p *projectFlag) *cobra.Command {
	var f deadFlags
	var to string
	var rate float64
	cmd := &cobra.Command{
		Use:   "replay [ID...]",
		Short: "Send dead letters through again and remove them from the list",
		Long: `Sends dead letters on to where they were on their way to, or with --to to another destination of the same pipeline. A letter is removed
when its event is stored again, so a replay that was interrupted goes on when it is started again. What is captured meanwhile goes first.`,
		Example: `  prickle dead replay 17 18
  prickle dead replay --pipeline web --destination slack --class gave_up --rate 10
  prickle dead replay --destination crm --to webhook
  prickle dead replay --all`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkRate(rate, "letters"); err != nil {
				return err
			}
			return p.changeLetters(cmd, &f, args, "replayed", func(b control.Backend, progress func(control.DeadProgress)) (int, error) {
				return b.ReplayDead(cmd.Context(), control.DeadReplay{DeadFilter: f.filter, To: to, Rate: rate}, progress)
			})
		},
	}
	f.register(cmd)
	f.registerLimit(cmd, 0)
	f.registerAll(cmd)
	cmd.Flags().StringVar(&to, "to", "", "another `destination` of the letters' pipeline: its name, or pipeline/destination")
	cmd.Flags().Float64Var(&rate, "rate", 0, "at most so many `letters` a second; 0 for no limit")
	return cmd
}

func newDeadDrop(p *projectFlag) *cobra.Command {
	var f deadFlags
	cmd := &cobra.Command{
		Use:   "drop [ID...]",
		Short: "Remove dead letters for good",
		Example: `  prickle dead drop 17 18
  prickle dead drop --pipeline web --class mask.thrown --until 2026-08-20
  prickle dead drop --all`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.changeLetters(cmd, &f, args, "dropped", func(b control.Backend, progress func(control.DeadProgress)) (int, error) {
				return b.DropDead(cmd.Context(), f.filter, progress)
			})
		},
	}
	f.register(cmd)
	f.registerLimit(cmd, 0)
	f.registerAll(cmd)
	return cmd
}

type letterChange func(b control.Backend, progress func(control.DeadProgress)) (int, error)

func (p *projectFlag) changeLetters(cmd *cobra.Command, f *deadFlags, ids []string, done string, change letterChange) error {
	if err := f.parse(ids); err != nil {
		return err
	}
	if err := f.chosen(); err != nil {
		return err
	}
	return p.with(cmd.Context(), needBus, func(b control.Backend) error {
		bar := newCountBar(p.std.err, done, "letters")
		total := int64(len(f.filter.IDs))
		n, err := change(b, func(progress control.DeadProgress) { bar.update(done, int64(progress.Done), total) })
		bar.finish()
		if err != nil && n == 0 {
			return err
		}
		_, printed := fmt.Fprintf(p.std.out, "%s %s\n", count(n, "dead letter"), done)
		return errors.Join(err, printed)
	})
}
