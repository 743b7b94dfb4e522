// Package warehouses holds the stores to each other: the same history of appends, merges, reopenings, calls that are cut off and crashes leaves the same
// tables in DuckDB, Postgres and ClickHouse.
package warehouses
