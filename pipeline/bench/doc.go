// Package bench measures the whole path on the machine it runs on: SDK-sized requests over HTTP, through the event log, a Hog
// transformation and delivery, into DuckDB, in a private instance with the same settings as any other.
//
// It has two phases. The first sends all events as fast as the instance takes them and gives the throughput of capture and of the whole
// path. The second sends at a steady fraction of that, and gives the time from the begin of a request until its events are committed in
// the warehouse: under full load that time would only tell how long the queue is. At the end every id that was acknowledged is looked up in
// the warehouse.
//
// The load generator runs in the same process: its processor time and its memory are part of every number.
package bench
