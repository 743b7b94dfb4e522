// Package wire holds what the PostHog and Segment decoders have in common: undoing transport encodings, checking JSON text, and reading
// the times, ids and objects in it.
//
// Everything works on raw bytes. A Scratch carries the buffers of one request, and decoded events point into them, so that a request
// costs a handful of allocations whatever its size.
package wire
