// Package exprs compiles the conditions and field values of the configuration, which are written in expr
// (https://expr-lang.org/docs/language-definition), and evaluates them on events.
//
// # Names
//
//	event.name          what happened; event.event is the same
//	event.uuid, event.distinct_id, event.source
//	event.timestamp     a time: compare it with date("2026-01-31"), subtract another time, call .Hour() and the like
//	event.received_at   a time
//	event.properties    any path below it: event.properties.cart.total, event.properties["first-name"]
//	project.id, project.name, project.url
//	source.name         the same as event.source
//
// Every other name is an error at compile time, with the nearest known name as suggestion.
//
// # What is not there
//
// A property that is missing, or that lies below something that is not an object, is nil. These rules make nil safe to test:
//
//   - `<`, `>`, `<=` and `>=` with nil on a side are false.
//   - Where a condition is wanted (the whole of it, beside and, or, not, before ?, in filter and its like), nil is false.
//   - `in`, `contains`, `startsWith`, `endsWith` and `matches` are false for nil on the left.
//   - Reading on from nil, by name or index, gives nil.
//
// Arithmetic with nil is an error; `??` gives a default.
//
// # Values of the wrong kind
//
// Comparing a text with a number by `<` and its like is an error, and so is a text where a condition is wanted. An SDK that sends
// amount: "250" would otherwise fall out of a pipeline without a trace; the error sends the event to the dead letters instead, where it can
// be seen and replayed. Say float(event.properties.amount) to accept both. `==` between different kinds is false.
//
// # Cost
//
// A path that is written out is read from the event's raw JSON alone. A condition on the name, the distinct id or the time does not touch
// the properties. All properties are decoded only by an expression that uses event.properties as a whole.
package exprs
