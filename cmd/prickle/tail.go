package main

import (
	"encoding/json"
	"fmt"

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
			backend, release, err := p.backend(cmd.Context(), needRunning)
			if err != nil {
				return err
			}
			defer release()
			out := terminalSafe(p.std.out)
			err = backend.Tail(cmd.Context(), where, func(line json.RawMessage) error {
				_, err := fmt.Fprintf(out, "%s\n", line)
				return err
			})
			if cmd.Context().Err() != nil {
				return nil
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&where, "where", "w", "", "an expr `condition`, as in a filter")
	return cmd
}
