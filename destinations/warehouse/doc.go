// Package warehouse is what all stores that hold tables do alike, so that the same events and records give the same rows in each: the
// names and types of columns, the newest state of each key of a load, the columns of the events table, and how calls of Send share a write.
//
// A store (destinations/duckdb, clickhouse, postgres) spells this in its own SQL. For a stream it has
//
//   - <source>_<stream>__rows, the table: one column for each field, and the columns that begin with _sync_;
//   - <source>_<stream>__all, a view: the newest state of each key, tombstones too;
//   - <source>_<stream>, a view for readers: what has not been deleted, the fields first, then _sync_key, _sync_at and _sync_extra.
package warehouse
