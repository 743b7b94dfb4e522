// Package app wires a project: it makes every component that the configuration names, opens them, runs them in order, and closes them.
//
// Load makes everything and finds every mistake of the configuration without touching the outside: check does no more than that. Run opens
// the bus, the warehouse, the destinations and the sources, takes the control socket and the capture port last, and starts serving only
// when all of that has succeeded; otherwise it undoes what it did. A stop goes the other way: capture ends first, then process, deliver and
// ingest, then the stores are closed.
package app
