package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCheck(p *projectFlag) *cobra.Command {
	var online bool
	cmd := &cobra.Command{
		Use:   "check [PROJECT]",
		Short: "Find every mistake in a project's files without starting anything",
		Long: `Reads the configuration, compiles every condition, template and Hog function, and prints all mistakes in one pass with file, line and
column. With --online it also asks the other side (Stripe, Slack, …) whether the credentials are good.`,
		Example: `  prickle check configs/examples/quickstart
  prickle check --online`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := p.build(args, quietLog(p.std.err))
			if err != nil {
				return err
			}
			if online {
				if err := a.CheckOnline(cmd.Context()); err != nil {
					return err
				}
			}
			_, err = fmt.Fprintln(p.std.out, a.Summary())
			return err
		},
	}
	cmd.Flags().BoolVar(&online, "online", false, "also check credentials and permissions on the other side")
	return cmd
}
