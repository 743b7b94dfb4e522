package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

// replayFlags say what to send again.
type replayFlags struct {
	request      control.ReplayRequest
	since, until string
	dryRun       bool
}

func newReplay(p *projectFlag) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Send captured events through a pipeline again",
		Long: `Reads the event log from one time to another and sends its events through a pipeline again: transforms, conditions, and on to all of its
destinations or to one. It runs in the running process and goes on there when this command is interrupted, and after a restart. What
is captured meanwhile goes first. A warehouse keeps one row for each event.`,
		Example: `  prickle replay --pipeline web --destination crm --since 2026-08-20 --until 2026-08-21
  prickle replay --pipeline web --since 24h --where 'event.name == "purchase"' --rate 500
  prickle replay --pipeline web --since 24h --dry-run
  prickle replay list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.parse(time.Now()); err != nil {
				return err
			}
			return p.with(cmd.Context(), needRunning, func(b control.Backend) error { return p.replay(cmd.Context(), b, &f) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.request.Pipeline, "pipeline", "", "which `pipeline`; not needed when there is one")
	flags.StringVar(&f.request.Destination, "destination", "", "only to this `destination`; default: all of the pipeline's")
	flags.StringVar(&f.since, "since", "", "events received at this time or later; "+whenForms)
	flags.StringVar(&f.until, "until", "", "events received before this time; a `time`; default: now")
	flags.StringVarP(&f.request.Where, "where", "w", "", "only events, as they were captured, for which this `condition` holds")
	flags.Float64Var(&f.request.Rate, "rate", 0, "at most so many `events` a second; 0 for no limit")
	flags.BoolVar(&f.dryRun, "dry-run", false, "send nothing, count what would be sent")
	cmd.AddCommand(newReplayList(p), newReplayResume(p), newReplayCancel(p))
	return cmd
}

func (f *replayFlags) parse(now time.Time) error {
	if f.since == "" {
		return errors.New("since when? give --since: " + strings.ReplaceAll(whenForms, "`", ""))
	}
	var err, err2 error
	f.request.Since, err = parseWhen("since", f.since, now)
	f.request.Until, err2 = parseWhen("until", f.until, now)
	if f.until == "" {
		f.request.Until = now.UTC()
	}
	return errors.Join(err, err2, checkRate(f.request.Rate, "events"))
}

func (p *projectFlag) replay(ctx context.Context, backend control.Backend, f *replayFlags) error {
	if f.dryRun {
		bar := newCountBar(p.std.err, "reading", "events")
		job, err := backend.TryReplay(ctx, f.request, func(j control.ReplayJob) { bar.update("reading", j.Read, j.Total) })
		bar.finish()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.std.out, "nothing was sent: of %s, %s\n", count(int(job.Read), "event"), replayed(job, "would be sent"))
		return err
	}
	job, err := backend.StartReplay(ctx, f.request)
	if err != nil {
		return err
	}
	return p.followReplay(ctx, backend, job)
}

// followReplay shows a job until it has ended. An interrupt ends only the showing.
func (p *projectFlag) followReplay(ctx context.Context, backend control.Backend, job control.ReplayJob) error {
	bar := newCountBar(p.std.err, "", "events")
	last, err := backend.FollowReplay(ctx, job.ID, func(j control.ReplayJob) {
		what := fmt.Sprintf("replay %d", j.ID)
		if j.Waiting != "" {
			what += ", waiting: " + firstLine(j.Waiting, 80)
		}
		bar.update(what, j.Read, j.Total)
	})
	bar.finish()
	if ctx.Err() != nil {
		fmt.Fprintf(p.std.err, "replay %d goes on in the running process; `prickle replay resume %d` shows it again, `prickle replay cancel %d` ends it\n", job.ID, job.ID, job.ID)
		return errSilent
	}
	if err != nil {
		return err
	}
	if last.Missed > 0 {
		fmt.Fprintf(p.std.err, "%s left the log before they were read: bus.retain is how long it keeps them\n", count(int(last.Missed), "frame"))
	}
	if last.State != "done" {
		return fmt.Errorf("replay %d %s: %s; `prickle replay resume %d` goes on with it", last.ID, ended(last), replayed(last, "were sent"), last.ID)
	}
	_, err = fmt.Fprintf(p.std.out, "replay %d is done: of %s, %s\n", last.ID, count(int(last.Read), "event"), replayed(last, "were sent"))
	return err
}

func ended(j control.ReplayJob) string {
	if j.Error != "" {
		return "failed (" + j.Error + ")"
	}
	return "is " + j.State
}

func replayed(j control.ReplayJob, sent string) string {
	return fmt.Sprintf("%d %s through pipeline %s: %d passed, %d dropped, %d dead; %s to destinations", j.Sent, sent, j.Pipeline, j.Passed, j.Dropped, j.Dead, copies(j.Copies))
}

func copies(n int64) string {
	if n == 1 {
		return "1 copy"
	}
	return fmt.Sprintf("%d copies", n)
}

func newReplayList(p *projectFlag) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List replays, the oldest first",
		Example: `  prickle replay list`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), needBus, func(b control.Backend) error {
				jobs, err := b.Replays(cmd.Context())
				if err != nil {
					return err
				}
				return printReplays(p.std.out, jobs, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each replay as a JSON object on a line")
	return cmd
}

func printReplays(w io.Writer, jobs []control.ReplayJob, asJSON bool) error {
	if asJSON {
		return printJSON(w, jobs)
	}
	t := newTable("id", "state", "pipeline", "destination", "since", "until", "where", "read", "of about", "sent", "remark")
	for _, j := range jobs {
		t.AppendRow(table.Row{
			j.ID, j.State, j.Pipeline, j.Destination, j.Since.Format(time.DateTime), j.Until.Format(time.DateTime), firstLine(j.Where, 40),
			j.Read, j.Total, j.Sent, firstLine(j.Error+j.Waiting, 80),
		})
	}
	_, err := fmt.Fprintf(w, "%s\n%s\n", t.Render(), count(len(jobs), "replay"))
	return err
}

func newReplayResume(p *projectFlag) *cobra.Command {
	return &cobra.Command{
		Use:     "resume ID",
		Short:   "Go on with a replay that was cancelled or has failed, or show one that runs",
		Example: `  prickle replay resume 3`,
		Args:    exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withReplay(cmd, args[0], needRunning, func(b control.Backend, id int) error {
				job, err := b.ResumeReplay(cmd.Context(), id)
				if err != nil {
					return err
				}
				return p.followReplay(cmd.Context(), b, job)
			})
		},
	}
}

func newReplayCancel(p *projectFlag) *cobra.Command {
	return &cobra.Command{
		Use:     "cancel ID",
		Short:   "End a replay; what it has sent stays sent",
		Example: `  prickle replay cancel 3`,
		Args:    exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withReplay(cmd, args[0], needBus, func(b control.Backend, id int) error {
				job, err := b.CancelReplay(cmd.Context(), id)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.std.out, "replay %d is cancelled: %s\n", id, replayed(job, "were sent"))
				return err
			})
		},
	}
}

func (p *projectFlag) withReplay(cmd *cobra.Command, text string, n need, do func(b control.Backend, id int) error) error {
	id, err := strconv.Atoi(text)
	if err != nil || id < 1 {
		return fmt.Errorf("replay %q: want a number from `prickle replay list`", text)
	}
	return p.with(cmd.Context(), n, func(b control.Backend) error { return do(b, id) })
}
