// Package duckdb keeps events and the tables of sources in one DuckDB file, inside the process.
//
// # Events
//
// Send writes to the table events__rows, which the view events shows, one row for each event UUID, exactly once: duplicates inside a call, between calls and across
// restarts are dropped. It returns nil after the transaction is on disk. Calls that wait at the same time share one transaction.
// A duplicate is looked for among the rows that were captured within two days of the batch; the time that an event claims does not matter.
// A replayed event has the time at which it was captured first, so it is always found.
//
// # Closed months
//
// With an export configured, Compact writes each month of events that is over to a Parquet file. _prickle_exports has the files with their states:
// a file is noted there before it is begun, counts (is part of events and of the search for duplicates) from the transaction on in which its rows go
// from the table, and is removed once it counts no more. The view events is made anew in each of these transactions.
//
// # Tables of sources
//
// Merge keeps one row for each key of a stream in the table <source>_<stream>. The columns:
//
//   - _sync_key is the record's Key and the only thing rows are matched by. A field "id" of the data is a column like any other.
//   - one column for each declared field, then one for each other top-level field, named by splitting camel case and lower-casing. The
//     table _prickle_columns tells which field a column holds.
//   - _sync_version, _sync_at, _sync_deleted, _sync_deleted_at, _sync_hash (of the record, in any order of its fields), _sync_raw (the record
//     as received) and _sync_extra (fields that have no column, or whose value does not fit the declared type of theirs).
//
// A declared column keeps its type. An undeclared one has the type of the first value seen and is widened when a value does not fit:
// integer to decimal to text, boolean and float to text, and anything to JSON once an object or array comes. The column is then filled
// again from _sync_raw, so that widening loses nothing. A record is never rejected for its content.
//
// A tombstone marks its row and leaves the other columns as they were last seen. The cursor of a source is a row of _prickle_cursors,
// written in the same transaction as the records.
//
// # One process
//
// DuckDB lets one process open a file for writing, and then no other process can open it at all. While Prickle runs, its own Query is
// the way to read; OpenForQuery opens the file when nothing else has it.
package duckdb
