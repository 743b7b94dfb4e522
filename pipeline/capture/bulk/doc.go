// Package bulk reads exports of other systems: lines of JSON in several shapes, and CSV. It turns each record into an event as PostHog's SDKs send it,
// or leaves it as a message as Segment's send it, so that what an import means is what the same event would mean from an SDK.
package bulk
