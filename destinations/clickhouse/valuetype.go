package clickhouse

import (
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// Types implements pipeline.Rows.
func (r *rows) Types() []pipeline.ValueType {
	if r.empty != nil {
		types := make([]pipeline.ValueType, len(r.empty))
		for i, c := range r.empty {
			types[i] = valueType(c.typ)
		}
		return types
	}
	columns := r.result.ColumnTypes()
	types := make([]pipeline.ValueType, len(columns))
	for i, c := range columns {
		types[i] = valueType(c.DatabaseTypeName())
	}
	return types
}

// valueType is the logical type of a column of a result. UInt64, which counts are, is an Integer like the smaller ones; lists, maps and tuples are
// texts.
func valueType(name string) pipeline.ValueType {
	for _, wrapper := range []string{"LowCardinality(", "Nullable("} {
		if inner, ok := strings.CutPrefix(name, wrapper); ok {
			name = strings.TrimSuffix(inner, ")")
		}
	}
	kind, arguments, _ := strings.Cut(name, "(")
	switch kind {
	case "Bool":
		return pipeline.ValueType{Type: pipeline.Boolean}
	case "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64":
		return pipeline.ValueType{Type: pipeline.Integer}
	case "Int128", "UInt128":
		return pipeline.ValueType{Type: pipeline.Decimal}
	case "Float32", "Float64":
		return pipeline.ValueType{Type: pipeline.Float}
	case "String", "FixedString", "Enum8", "Enum16":
		return pipeline.ValueType{Type: pipeline.String}
	case "UUID":
		return pipeline.ValueType{Type: pipeline.UUID}
	case "DateTime", "DateTime64", "Date", "Date32": // a Date comes as a point in time too
		return pipeline.ValueType{Type: pipeline.Instant}
	case "JSON":
		return pipeline.ValueType{Type: pipeline.JSON}
	case "Decimal":
		var digits, decimals int
		if n, _ := fmt.Sscanf(arguments, "%d, %d)", &digits, &decimals); n == 2 && digits <= 38 {
			return pipeline.ValueType{Type: pipeline.Decimal, Decimals: decimals}
		}
	}
	return pipeline.ValueType{}
}
