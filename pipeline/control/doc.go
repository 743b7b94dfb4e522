// Package control lets the commands talk to a running process: query, tail, sync, the dead letters and replays.
//
// The running process owns the data folder (the embedded bus and the DuckDB file cannot be opened twice), so a command that finds it running
// asks it over a unix socket in that folder. Only users who may read the folder can connect; there is no network port and no password.
// Backend is what both ends share: app implements it on the real thing and Client over the socket, so a command does not care which it has.
//
// The protocol is HTTP. Answers with many parts are lines of JSON, of which the last says how it ended: {"end":true} or {"error":"…"}.
package control
