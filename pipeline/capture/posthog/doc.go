// Package posthog decodes requests of PostHog SDKs (capture v0): Payload.Text finds the JSON text in a request, Decode makes events of it.
//
// Properties are never decoded. A request's JSON is checked once, the few keys that mean something are looked at in passing, and the rest
// of an event's properties is copied as the SDK wrote it.
package posthog
