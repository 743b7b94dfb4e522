package duckdb

import "github.com/prickle-dev/prickle/pipeline"

// typeNames are how DuckDB itself spells the types of columns.
var typeNames = map[pipeline.Type]string{
	pipeline.Boolean: "BOOLEAN",
	pipeline.Integer: "BIGINT",
	pipeline.Float:   "DOUBLE",
	pipeline.Decimal: "DECIMAL(38,12)",
	pipeline.String:  "VARCHAR",
	pipeline.Instant: "TIMESTAMP WITH TIME ZONE",
	pipeline.JSON:    "JSON",
}

// typesByName is typeNames turned round. A type that is not there is nothing that we made.
var typesByName = func() map[string]pipeline.Type {
	types := map[string]pipeline.Type{}
	for t, name := range typeNames {
		types[name] = t
	}
	return types
}()
