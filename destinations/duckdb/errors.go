package duckdb

import (
	"errors"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// isDataFault reports whether DuckDB refused a value, as against a disk, memory or engine that could not do its work.
func isDataFault(err error) bool {
	var fault *duckdb.Error
	if !errors.As(err, &fault) {
		return false
	}
	switch fault.Type {
	case duckdb.ErrorTypeConversion, duckdb.ErrorTypeOutOfRange, duckdb.ErrorTypeInvalidInput, duckdb.ErrorTypeMismatchType,
		duckdb.ErrorTypeConstraint, duckdb.ErrorTypeDecimal, duckdb.ErrorTypeInvalidType:
		return true
	}
	return false
}

// quotes reports whether DuckDB's text of a fault quotes the value that it refused.
func quotes(err error) bool {
	var fault *duckdb.Error
	return errors.As(err, &fault) && fault.Type == duckdb.ErrorTypeConversion
}

// inUse reports whether DuckDB could not do its work because of transactions that are open.
func inUse(err error) bool {
	var fault *duckdb.Error
	return errors.As(err, &fault) && fault.Type == duckdb.ErrorTypeTransaction
}
