package main

import (
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newQuery(p *projectFlag) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "query SQL",
		Short: "Run a SQL query on the warehouse, while the project runs or not",
		Long: `Runs one SQL statement that reads, on the warehouse of the project: on the running process when there is one, else on
the file. Events are in the table events (uuid, event, distinct_id, timestamp, properties, source, received_at, inserted_at); the tables of a
source are named after it, for example stripe_customers.`,
		Example: `  prickle query "SELECT event, count(*) AS n FROM events GROUP BY event ORDER BY n DESC"
  prickle query --format json "SELECT uuid, properties->>'$.plan' AS plan FROM events WHERE event = 'purchase'"
  prickle query --format csv "SELECT * FROM stripe_customers" > customers.csv`,
		Args: exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := newResult(format, p.std.out)
			if err != nil {
				return err
			}
			return p.with(cmd.Context(), needWarehouse, func(b control.Backend) error {
				if err := b.Query(cmd.Context(), args[0], out.columns, out.row); err != nil {
					return err
				}
				return out.close()
			})
		},
	}
	cmd.Flags().StringVarP(&format, "format", "f", "table", "how to print rows: table, json (one object a line) or csv")
	return cmd
}
