package trace

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

const (
	exportTimeout = 10 * time.Second
	exportEvery   = 2 * time.Second
	exportSpans   = 512
	// queueSpans bounds what waits for the collector. Beyond it spans are lost; events never wait for it.
	queueSpans = 4096
	// flushTimeout bounds how long Close waits for a collector.
	flushTimeout = 3 * time.Second
)

// Open starts to send spans of a project to the configured collector, and returns nil when there is none. A collector that cannot be reached
// is no error: it is logged, and spans are lost.
//
// Everything is set here, because OpenTelemetry would otherwise read variables of the environment.
func Open(ctx context.Context, config Config, project string, log *slog.Logger) (*Tracer, error) {
	endpoint, err := config.endpoint()
	if err != nil || endpoint == "" {
		return nil, err
	}
	headers := make(map[string]string, len(config.Headers))
	for name, value := range config.Headers {
		headers[name] = string(value)
	}
	to, err := otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL(endpoint),
		otlptracehttp.WithHeaders(headers),
		otlptracehttp.WithHTTPClient(&http.Client{Timeout: exportTimeout, Transport: http.DefaultTransport.(*http.Transport).Clone()}),
		otlptracehttp.WithTLSClientConfig(nil),
		otlptracehttp.WithTimeout(exportTimeout),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression),
		otlptracehttp.WithEncoding(otlptracehttp.EncodingProtobuf),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: 5 * time.Second, MaxElapsedTime: 20 * time.Second}),
	)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	about := resource.NewSchemaless(attribute.String("service.name", "prickle"), attribute.String("service.namespace", project))
	provider := sdk.NewTracerProvider(
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(config.Sample))),
		sdk.WithRawSpanLimits(sdk.SpanLimits{AttributeValueLengthLimit: 256, AttributeCountLimit: 32, EventCountLimit: 8, LinkCountLimit: 128, AttributePerEventCountLimit: 8, AttributePerLinkCountLimit: 8}),
		sdk.WithBatcher(&exporter{SpanExporter: to, resource: about, log: log}, sdk.WithBatchTimeout(exportEvery), sdk.WithExportTimeout(exportTimeout*3),
			sdk.WithMaxExportBatchSize(exportSpans), sdk.WithMaxQueueSize(queueSpans)),
	)
	return &Tracer{provider: provider, tracer: provider.Tracer("github.com/prickle-dev/prickle")}, nil
}

// Close sends what has not been sent, within seconds. Spans of a collector that is away are lost.
func (t *Tracer) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // the exporter has logged what there is to say
	return nil
}

// exporter puts the project's own resource in place of the one that the SDK has mixed with the environment, and logs failures, which the SDK
// would print.
type exporter struct {
	sdk.SpanExporter
	resource *resource.Resource
	log      *slog.Logger
	failing  atomic.Bool
}

// ExportSpans implements sdk.SpanExporter.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	out := make([]sdk.ReadOnlySpan, len(spans))
	for i, s := range spans {
		out[i] = owned{s, e.resource}
	}
	err := e.SpanExporter.ExportSpans(ctx, out)
	if e.failing.Swap(err != nil) != (err != nil) {
		if err != nil {
			e.log.Warn("spans cannot be sent and are lost", "error", err)
		} else {
			e.log.Info("spans are sent again")
		}
	}
	return nil
}

type owned struct {
	sdk.ReadOnlySpan
	resource *resource.Resource
}

// Resource is the project's.
func (o owned) Resource() *resource.Resource { return o.resource }
