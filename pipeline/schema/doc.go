// Package schema keeps what is seen of the properties of events, and holds events to the contracts that a project has for them.
//
// An Observer counts, for each event name and property, the kinds of values that come out of a pipeline's transforms. Counting changes nothing
// but memory; every few seconds what was counted is added to what is known (bus.Profiles, keys schema.<event>, a value for each event name), by
// compare-and-set, so that several processes add up. The table properties of the warehouse is a copy (Streams, AppendRecords).
//
// A Contract is a transform: the last one of every pipeline of a project that has contracts.
package schema
