// Package segment decodes messages of Segment and RudderStack SDKs and maps them to the events that PostHog's SDKs would have sent, so
// that the rest of the pipeline sees one kind of event whatever SDK an app uses.
//
// Message properties keep the bytes that the SDK wrote. What is derived from the message's type and context is added beside them and
// never replaces a property of the same name.
package segment
