package main

import (
	"encoding/json"
	"fmt"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newTail(p *projectFlag) *cobra.Command {
	var where string
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Show events as they are captured",
		Long: `Prints every event that the running process captures from now on, one JSON object a line, as it was captured (before the
transforms). --where keeps those for which an expr condition holds. It needs a running process.`,
		Example: `  prickle tail
  prickle tail --where 'event.name == "purchase" && event.properties.amount > 100'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := terminalSafe(p.std.out)
			err := p.with(cmd.Context(), needRunning, func(b control.Backend) error {
				return b.Tail(cmd.Context(), where, func(line json.RawMessage) error {
					_, err := fmt.Fprintf(out, "%s\n", line)
					return err
				})
			})
			if cmd.Context().Err() != nil {
				err = nil // the user has seen enough
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&where, "where", "w", "", "an expr `condition`, as in a filter")
	return cmd
}
