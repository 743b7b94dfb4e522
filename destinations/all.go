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
		stdout.Spec,
	}
}

// Warehouses returns the specs of the stores that can hold tables. Each of them is a destination of events as well.
func Warehouses() []pipeline.Spec[pipeline.Warehouse] {
	return []pipeline.Spec[pipeline.Warehouse]{
		duckdb.Spec,
		postgres.Spec,
		clickhouse.Spec,
	}
}
