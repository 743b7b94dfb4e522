// Package destinations lists the destinations and warehouses that the configuration can name.
package destinations

import (
	"github.com/prickle-dev/prickle/destinations/clickhouse"
	"github.com/prickle-dev/prickle/destinations/duckdb"
	"github.com/prickle-dev/prickle/destinations/parquet"
	"github.com/prickle-dev/prickle/destinations/postgres"
	"github.com/prickle-dev/prickle/destinations/slack"
	"github.com/prickle-dev/prickle/destinations/stdout"
	"github.com/prickle-dev/prickle/destinations/webhook"
	"github.com/prickle-dev/prickle/pipeline"
)

// All returns the specs of all destinations in the order of the documentation. Adding a destination is one folder and one line here.
func All() []pipeline.Spec[pipeline.Destination] {
	return []pipeline.Spec[pipeline.Destination]{
		slack.Spec,
		webhook.Spec,
		parquet.Spec,
		ofEvents(duckdb.Spec),
		ofEvents(postgres.Spec),
		ofEvents(clickhouse.Spec),
		stdout.Spec,
	}
}

// ofEvents is a warehouse as a destination beside the project's own: it gets events, and no tables of sources.
func ofEvents(s pipeline.Spec[pipeline.Warehouse]) pipeline.Spec[pipeline.Destination] {
	return pipeline.Spec[pipeline.Destination]{
		Type: s.Type, Summary: s.Summary, NewConfig: s.NewConfig, Batch: s.Batch,
		New: func(config any, env pipeline.Env) (pipeline.Destination, error) {
			w, err := s.New(config, env)
			if err != nil {
				return nil, err // and no pointer to nothing in an interface
			}
			return w, nil
		},
	}
}

// Warehouses returns the specs of the stores that can hold tables. Each of them is among the destinations as well.
func Warehouses() []pipeline.Spec[pipeline.Warehouse] {
	return []pipeline.Spec[pipeline.Warehouse]{
		duckdb.Spec,
		postgres.Spec,
		clickhouse.Spec,
	}
}
