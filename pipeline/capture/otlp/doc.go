// Package otlp makes events of the spans in which OpenTelemetry tells about language models, as PostHog does on /i/v0/ai/otel: a request in
// protobuf or JSON becomes the text of a list of PostHog events, which package posthog decodes like any other.
package otlp
