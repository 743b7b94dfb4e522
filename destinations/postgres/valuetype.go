package postgres

import (
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/prickle-dev/prickle/pipeline"
)

// Types implements pipeline.Rows.
func (r *rows) Types() []pipeline.ValueType {
	fields := r.result.FieldDescriptions()
	types := make([]pipeline.ValueType, len(fields))
	for i, f := range fields {
		types[i] = valueType(f.DataTypeOID, f.TypeModifier)
	}
	return types
}

// valueType is the logical type of a column of a result. A numeric without a scale, such as a sum, is text: each value has as many decimals as it
// needs.
func valueType(oid uint32, modifier int32) pipeline.ValueType {
	switch oid {
	case pgtype.BoolOID:
		return pipeline.ValueType{Type: pipeline.Boolean}
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		return pipeline.ValueType{Type: pipeline.Integer}
	case pgtype.Float4OID, pgtype.Float8OID:
		return pipeline.ValueType{Type: pipeline.Float}
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID, pgtype.UnknownOID:
		return pipeline.ValueType{Type: pipeline.String}
	case pgtype.UUIDOID:
		return pipeline.ValueType{Type: pipeline.UUID}
	case pgtype.DateOID:
		return pipeline.ValueType{Type: pipeline.Date}
	case pgtype.TimestampOID, pgtype.TimestamptzOID:
		return pipeline.ValueType{Type: pipeline.Instant}
	case pgtype.JSONOID, pgtype.JSONBOID:
		return pipeline.ValueType{Type: pipeline.JSON}
	case pgtype.ByteaOID:
		return pipeline.ValueType{Type: pipeline.Binary}
	case pgtype.NumericOID:
		// The modifier is digits and decimals in 16 bits each, and 4 more; decimals have 11 bits and a sign.
		if digits, decimals := (modifier-4)>>16&0xFFFF, (modifier-4)&0x7FF; modifier >= 4 && digits <= 38 && decimals < 0x400 {
			return pipeline.ValueType{Type: pipeline.Decimal, Decimals: int(decimals)}
		}
	}
	return pipeline.ValueType{}
}
