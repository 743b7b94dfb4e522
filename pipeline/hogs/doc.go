// Package hogs runs Hog on events: the programs of the hog transform, and the templates in the configuration of destinations.
//
// # Globals
//
// A program or template sees these, which are PostHog's names with three of ours (name, source and received_at) beside them:
//
//	event    uuid, event (the name), name (the same), distinct_id, properties, timestamp (text such as 2026-08-20T10:00:00.123Z),
//	         elements_chain (text, "" when there is none), url, source, received_at (captured_at is the same)
//	project  id, name, url
//	source   name, url: where the event came in; url is ""
//
// They are made when they are read. A chain such as event.properties.plan is answered out of the raw JSON and leaves the rest of the
// properties alone. What a program changes in them is its own copy.
//
// # Templates
//
// Text with {expressions} in it is a template; text without a brace is itself, and \{ is a brace. A template that is one expression alone
// keeps the type of its value: {event.properties.total} is a number where the property is one. See Tree for lists and mappings.
//
// # Errors
//
// Mistakes found by compiling are *pipeline.ConfigError with the place in the YAML or .hog file. A run fails with that place too, and with
// the context's error when it was the context that ended.
package hogs
