// Package bench measures a private instance on the machine it runs on: SDK-sized requests over HTTP, through the event log and transforms,
// into DuckDB and into webhook receivers of its own, with the same settings as any other project.
//
// What is measured is a Case: the project that it writes, what it sends, and the figures that it reads off. Everything is counted where events
// come out: rows of the warehouse as they are committed, requests of webhooks as they arrive. No counter of the instance is believed. At the
// end every event that was acknowledged is looked up at every place that should have it; one that is missing is lost.
//
// The load generator and the receivers run in the same process: their processor time and their memory are part of every number.
package bench
