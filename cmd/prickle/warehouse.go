package main

import (
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newWarehouse(p *projectFlag) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "warehouse",
		Short:   "Look after the warehouse",
		Example: `  prickle warehouse status`,
	}
	cmd.AddCommand(newWarehouseStatus(p), newWarehouseCompact(p))
	return cmd
}

func newWarehouseStatus(p *projectFlag) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show what the warehouse is, how large, and what someone should look at",
		Example: `  prickle warehouse status`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), needUpkeep, func(b control.Backend) error {
				all, err := b.WarehouseStatus(cmd.Context())
				if err != nil || asJSON {
					return firstError(err, func() error { return printJSON(p.std.out, all) })
				}
				t := newTable("warehouse", "store", "version", "events", "MB")
				for _, s := range all {
					t.AppendRow(table.Row{s.Name, s.Store, s.Version, s.Events, s.Bytes >> 20})
				}
				fmt.Fprintln(p.std.out, t.Render())
				for _, s := range all {
					for _, w := range append(s.Warnings, s.Error) {
						if w != "" {
							fmt.Fprintf(p.std.out, "%s: %s\n", s.Name, w)
						}
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each as a JSON object on a line")
	return cmd
}

func firstError(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}

func newWarehouseCompact(p *projectFlag) *cobra.Command {
	return &cobra.Command{
		Use:     "compact",
		Short:   "Do the housekeeping of every night now",
		Example: `  prickle warehouse compact`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), needUpkeep, func(b control.Backend) error {
				if err := b.Compact(cmd.Context()); err != nil {
					return err
				}
				_, err := fmt.Fprintln(p.std.out, "compacted")
				return err
			})
		},
	}
}
