// Package pipeline is the contract between Prickle's parts, and the place to start reading.
//
// # The way of one event
//
//	SDK ──HTTP──> capture ──frames──> EVENTS stream ──> process ──frames──> DELIVER stream ──> deliver ──> Destination
//	                                  (the log, kept       transforms,       (a work queue,        batch, send,   └─> DEAD stream
//	                                   7 days)              conditions        a subject for each    retry
//	                                                                          destination and lane)
//	Source ──> ingest ──> Warehouse (tables and cursor in one transaction)
//
// capture (pipeline/capture) decodes an SDK's request into Events and answers success only after the EVENTS stream has stored them.
// process (pipeline/process) runs a pipeline's Transforms on each event and hands it to every Destination whose condition holds.
// deliver (pipeline/deliver) batches events for one Destination, calls Send, and settles each event: acknowledged, to be retried, or
// dead-lettered. ingest (pipeline/ingest) runs Sources on their schedule. app (pipeline/app) wires all of it.
//
// # Frames and lanes
//
// Events travel in frames: one JetStream message with up to a few hundred events of one lane, one line of JSON each. A lane is the hash
// of the distinct id, so all events of one person are in one lane, and a lane is worked in order. See pipeline/bus.
//
// # What is promised
//
//   - Nothing acknowledged is lost: not by a killed process, a full disk, a dead destination or a poison event.
//   - At least once everywhere, exactly once in warehouses, which drop an event whose UUID they took within
//     the last two days.
//   - A failing event is retried with growing delays and then dead-lettered with its reason; it never blocks the others.
//   - It fails closed: an event whose transform fails goes to the dead letters, never on untransformed, unless the user says otherwise.
//   - One person's events reach each destination in the order of capture, until one of them has to be retried; with `order: strict` then too.
//
// # Adding a component
//
// A destination, transform or source is one folder with a Spec and one line in destinations/all.go, transforms/all.go or
// sources/all.go. destinations/stdout is the one to copy.
package pipeline
