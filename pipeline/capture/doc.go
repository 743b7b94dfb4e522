// Package capture is the HTTP ingestion API: PostHog, Segment and RudderStack SDKs send their events here.
//
// A request goes through four steps, each in its own place:
//
//	bytes ──wire──> JSON text ──posthog or segment──> events ──Log.Append──> stored ──> answer
//
// wire undoes compression and the older transport encodings and checks the JSON. posthog and segment know the shapes of their protocol
// and turn messages into pipeline events. This package serves HTTP: routes, keys, limits, CORS, timeouts and answers.
//
// Success is answered only after the Log has stored every event of the request. Nothing is buffered after an answer: a Log that is full
// or away is a 503 with Retry-After, and the SDKs send again.
//
// Requests to /webhooks/<name> are for a Webhook, which says what events are in them; they go the rest of the way as those of SDKs.
//
// A PostHog request is stored whole or not at all, as its service does, and a refusal names every event that is wrong; in capture mode v1
// every event is answered by itself. From a Segment batch the valid messages are stored and the answer lists the others.
//
// testdata/spec.txt lists the rows of the protocols with the tests that hold them, and what is not built with the reason.
package capture
