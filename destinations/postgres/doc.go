// Package postgres keeps events and the tables of sources in one schema of a Postgres database.
//
// # Events
//
// Send writes to the table events, which has a partition for each month of timestamp, one row for each event UUID, exactly once. It returns nil after
// the commit. Calls that wait at the same time share a transaction: a temporary table of their ids tells what is new, which a binary COPY puts
// straight into the partitions. Ids are looked for in _prickle_uuids among those of events that were captured within two days (uuids.go); the time that an event claims does not
// matter. The primary key finds a copy with the same time whenever it comes.
//
// # Tables of sources
//
// Merge keeps one row for each key of a stream in the table <source>_<stream>__rows, under the views that package warehouse describes. Loads go
// through a temporary table too: new keys are inserted, and rows that change are updated; those that do not are not written. The cursor of a source is
// a row of _prickle_cursors, written in the same transaction.
//
// A row of Postgres has to fit in a page of 8 kB, long values aside. Of a record with more than some 300 values those that come last go to
// _sync_extra, as fields without a column do. Texts cannot hold zero bytes: U+FFFD takes their place.
//
// # Sessions
//
// Nothing is kept in a session, only in transactions, so that a pooler that hands out connections by the transaction may stand in between. Changes of
// tables are made under advisory locks, wait five seconds for the locks of others, and are tried again.
package postgres
