package postgres

import "github.com/prickle-dev/prickle/pipeline"

// typeNames are how Postgres itself spells the types of columns.
var typeNames = map[pipeline.Type]string{
	pipeline.Boolean: "boolean",
	pipeline.Integer: "bigint",
	pipeline.Float:   "double precision",
	pipeline.Decimal: "numeric(38,12)",
	pipeline.String:  "text",
	pipeline.Instant: "timestamp with time zone",
	pipeline.JSON:    "jsonb",
}

// typesByName is typeNames turned round. A type that is not there is nothing that we made.
var typesByName = func() map[string]pipeline.Type {
	types := map[string]pipeline.Type{}
	for t, name := range typeNames {
		types[name] = t
	}
	return types
}()
