// Package posthog decodes requests of PostHog SDKs (capture v0): Payload.Text finds the JSON text in a request, Decode makes events of it.
// ReadHead and DecodeV1 do the same for capture mode v1.
//
// Properties are never decoded. A request's JSON is checked once, the few keys that mean something are looked at in passing, and the rest
// of an event's properties is copied as the SDK wrote it.
package posthog
