// Package profiles keeps persons and groups current from the events that come out of a pipeline: $set, $set_once and $unset, $identify,
// $create_alias, $merge_dangerously and $groupidentify, by the rules of PostHog (capture.md 6.3 to 6.5).
//
// The truth is in the bus (bus.Profiles), by these keys:
//
//	person.<id>          a Person for each distinct id, by pipeline.PersonID: someone, or a pointer to the person who took over
//	group.<type>.<key>   a Group; type and key in base64
//
// A stage watches its events and commits what they mean before it acknowledges them (Folder, Watch). Doing so again after a crash changes
// nothing. The tables persons, person_distinct_ids and groups of the warehouse are a copy (Source).
package profiles
