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
	"github.com/prickle-dev/prickle/pipeline/app"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newConfig(p *projectFlag) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "List, compare and bring back the configurations that were in force",
		Long: `Every configuration that a start or a reload puts in force, and that differs from the one before, gets the next number and is kept: its YAML
files and Hog functions as they were written, without the values of variables. The last 100 are kept.`,
		Example: `  prickle config list
  prickle config diff 6
  prickle config rollback 6`,
	}
	cmd.AddCommand(newConfigList(p), newConfigDiff(p), newConfigRollback(p))
	return group(cmd)
}

// configs connects to the running process, or opens the bus. Mistakes in the project's files do not matter: this is the way to get rid of them.
func (p *projectFlag) configs(ctx context.Context) (control.Backend, func(), error) {
	data, project, mistakes := p.data()
	client, err := control.Dial(ctx, data)
	switch {
	case project == nil && err != nil:
		return nil, nil, mistakes
	case !errors.Is(err, control.ErrNotRunning):
		return client, func() {}, err
	}
	a, err := app.LoadBus(p.path, components(), app.Options{Log: quietLog(p.std.err)})
	if err != nil {
		return nil, nil, err
	}
	if err := a.OpenBus(ctx); err != nil {
		return nil, nil, err
	}
	return a, func() {
		if err := a.Close(); err != nil {
			fmt.Fprintln(p.std.err, "prickle:", err)
		}
	}, nil
}

func newConfigList(p *projectFlag) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the configurations that are kept, the oldest first",
		Example: `  prickle config list`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			backend, release, err := p.configs(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			all, err := backend.Configs(cmd.Context())
			if err != nil {
				return err
			}
			return printConfigs(p.std.out, all, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each as a JSON object on a line")
	return cmd
}

func printConfigs(w io.Writer, all []control.ConfigVersion, asJSON bool) error {
	if asJSON {
		return printJSON(w, all)
	}
	t := newTable("number", "since", "cause", "changed", "")
	for _, v := range all {
		mark := ""
		if v.InForce {
			mark = "in force"
		}
		t.AppendRow(table.Row{v.Number, v.At.Local().Format(time.DateTime), v.Cause, firstLine(strings.Join(v.Changed, ", "), 80), mark})
	}
	_, err := fmt.Fprintf(w, "%s\n%s\n", t.Render(), count(len(all), "configuration"))
	return err
}

func newConfigDiff(p *projectFlag) *cobra.Command {
	return &cobra.Command{
		Use:   "diff A [B]",
		Short: "Show how a configuration differs from another, or from the one in force",
		Example: `  prickle config diff 6
  prickle config diff 6 7`,
		Args: func(cmd *cobra.Command, args []string) error { return usage(cmd, len(args) == 1 || len(args) == 2) },
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := configNumber(args[0])
			if err != nil {
				return err
			}
			to := 0
			if len(args) == 2 {
				if to, err = configNumber(args[1]); err != nil {
					return err
				}
			}
			backend, release, err := p.configs(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			d, err := backend.DiffConfigs(cmd.Context(), from, to)
			if err != nil {
				return err
			}
			return printConfigDiff(p.std.out, d)
		},
	}
}

func printConfigDiff(w io.Writer, d control.ConfigDiff) error {
	if len(d.Files) == 0 {
		_, err := fmt.Fprintf(w, "configurations %d and %d are the same\n", d.From, d.To)
		return err
	}
	for _, f := range d.Files {
		if _, err := io.WriteString(terminalSafe(w), f.Diff); err != nil {
			return err
		}
	}
	return nil
}

func configNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("configuration %q: want a number from `prickle config list`", text)
	}
	return n, nil
}

func newConfigRollback(p *projectFlag) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "rollback NUMBER",
		Short: "Write the files of a configuration back, and go on with them",
		Long: `Writes the files of a configuration back into the project's folder, checks them with this binary, and lets the running process go on with them
as with any change: they get a number of their own. With a mistake, the files are put back as they were. Edits that no kept configuration
has are not overwritten without --force.`,
		Example: `  prickle config rollback 6`,
		Args:    exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := configNumber(args[0])
			if err != nil {
				return err
			}
			backend, release, err := p.configs(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			done, err := backend.RollbackConfig(cmd.Context(), control.RollbackRequest{Number: number, Force: force})
			if err != nil {
				return err
			}
			return printRollback(p.std.out, number, done)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "overwrite edits that no kept configuration has")
	return cmd
}

func printRollback(w io.Writer, number int, done control.Rollback) error {
	text := fmt.Sprintf("rolled back to configuration %d", number)
	if len(done.Written)+len(done.Removed) == 0 {
		text += ": the files are as they were then"
	}
	if len(done.Written) > 0 {
		text += "; written: " + strings.Join(done.Written, ", ")
	}
	if len(done.Removed) > 0 {
		text += "; removed: " + strings.Join(done.Removed, ", ")
	}
	if done.Number > 0 {
		text += fmt.Sprintf("\nin force as configuration %d: %s", done.Number, done.Changes)
	} else {
		text += "\nthe project does not run: they are put in force by the next prickle run"
	}
	_, err := fmt.Fprintln(w, text)
	return err
}
