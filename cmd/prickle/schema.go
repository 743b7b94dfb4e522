package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/query"
	"github.com/prickle-dev/prickle/pipeline/schema"
	"github.com/spf13/cobra"
)

func newSchema(p *projectFlag) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Show what properties events have, and write contracts for them",
		Long: `What comes out of the pipelines that have the warehouse is counted, for each event and property, in the table properties of the warehouse.
These commands read that table.`,
		Example: `  prickle schema show --event purchase
  prickle schema infer > contracts.yaml`,
	}
	cmd.AddCommand(newSchemaShow(p), newSchemaInfer(p))
	return group(cmd)
}

// schemaFlags select what was seen.
type schemaFlags struct{ event, since string }

func (f *schemaFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.event, "event", "", "only events of this `name`")
	cmd.Flags().StringVar(&f.since, "since", "", "only properties last seen at this time or later; "+whenForms)
}

// The table, in columns that every kind of warehouse answers alike.
const (
	schemaColumns = "event, property, type, count, event_count, null_share, first_seen, last_seen, sample"

	schemaEvent, schemaProperty, schemaType, schemaCount, schemaEvents, schemaNulls, schemaLast = 0, 1, 2, 3, 4, 5, 7
)

// selected passes on the rows that are selected.
type selected struct {
	query.Result
	event string
	since time.Time
}

// Row implements query.Result.
func (s selected) Row(values []any) error {
	if s.event != "" && query.Cell(values[schemaEvent]) != s.event {
		return nil
	}
	if last, err := time.Parse(time.RFC3339Nano, query.Cell(values[schemaLast])); err == nil && last.Before(s.since) {
		return nil
	}
	return s.Result.Row(values)
}

// ask reads the table.
func (f *schemaFlags) ask(ctx context.Context, p *projectFlag, out query.Result) error {
	since, err := parseWhen("since", f.since, time.Now())
	if err != nil {
		return err
	}
	return p.with(ctx, needWarehouse, func(b control.Backend) error {
		return b.Query(ctx, query.Request{SQL: "SELECT " + schemaColumns + " FROM properties ORDER BY event, property"}, selected{out, f.event, since})
	})
}

func newSchemaShow(p *projectFlag) *cobra.Command {
	var f schemaFlags
	var format string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show the properties of events that have been seen",
		Example: `  prickle schema show
  prickle schema show --event purchase --since 24h`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out, err := newOutput(format, "", p.std.out)
			if err != nil {
				return err
			}
			return out.end(f.ask(cmd.Context(), p, out))
		},
	}
	f.register(cmd)
	cmd.Flags().StringVarP(&format, "format", "f", "table", "how to print rows: table, json (one object a line) or csv")
	return cmd
}

func newSchemaInfer(p *projectFlag) *cobra.Command {
	var f schemaFlags
	var all bool
	cmd := &cobra.Command{
		Use:   "infer",
		Short: "Write contracts that the events seen so far meet",
		Long: `Writes a contracts section that all that was seen meets, to be edited and included. A property is required when every one of at least 20 events
had it. What begins with $ comes from SDKs and is left out, unless --all is given.`,
		Example: `  prickle schema infer > contracts.yaml
  prickle schema infer --event purchase --since 30d`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var seen []schema.Seen
			err := f.ask(cmd.Context(), p, query.EachRow(func(values []any) error {
				s, err := seenOf(values)
				if sdks := strings.HasPrefix(s.Property, "$") || strings.HasPrefix(s.Event, "$") && f.event == ""; all || !sdks {
					seen = append(seen, s)
				}
				return err
			}))
			if err != nil {
				return err
			}
			return schema.WriteContracts(terminalSafe(p.std.out), seen)
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "events and properties that begin with $ too")
	return cmd
}

func seenOf(values []any) (s schema.Seen, err error) {
	s = schema.Seen{Event: query.Cell(values[schemaEvent]), Property: query.Cell(values[schemaProperty]), Type: query.Cell(values[schemaType])}
	for i, into := range map[int]*int64{schemaCount: &s.Count, schemaEvents: &s.EventCount} {
		if *into, err = strconv.ParseInt(query.Cell(values[i]), 10, 64); err != nil {
			return s, fmt.Errorf("table properties: %w", err)
		}
	}
	if s.NullShare, err = strconv.ParseFloat(query.Cell(values[schemaNulls]), 64); err != nil {
		err = fmt.Errorf("table properties: %w", err)
	}
	return s, err
}
