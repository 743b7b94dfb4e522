// Package clickhouse keeps events and the tables of sources in a database of a ClickHouse server or cluster, over the native protocol or HTTP.
//
// # Events
//
// Send inserts into events__rows, a ReplacingMergeTree in months, and answers when the server has the block. Calls that wait at the same time
// share a block of up to 50,000 events or 16 MiB; an idle warehouse inserts at once, a busy one about once a second.
//
// Each event is seen once, by three means. A block carries a token made of its UUIDs, and the server drops a block that it has already. When
// the connection ends before the answer, the very same block is sent again. And what arrives twice in differently cut blocks has the
// same sorting key, so that the engine keeps one row, the one received first; the view events reads with FINAL, which hides the others until then.
// A sorting key has the day of the timestamp, the event's name and the distinct id: an event that comes again under the same UUID
// with another one of those is another row.
//
// The properties are text, exactly as they were sent. Servers from 25.3 also fill properties_json, of the type JSON, from it: fast to read, but
// without nulls and empty objects, its keys in another order, and empty for events that the type does not take.
//
// # Tables of sources
//
// <source>_<stream>__rows has the states of each key, replaced by _sync_version; the views <source>_<stream>__all and <source>_<stream> show the
// newest. Merge looks up what the table has of a load's keys and writes only what differs: its rows first, the cursor after them, so that a
// load that was cut off is merged again without harm. A type that has to be widened is changed in place where that loses nothing, else all
// rows are written again from _sync_raw.
//
// # Overload
//
// "Too many parts", memory limits and the like are errors to retry after a delay that doubles from two seconds to two minutes. Events wait in
// their queue meanwhile, and come back in larger blocks.
package clickhouse
