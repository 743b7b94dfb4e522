package trace

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/trace/tracetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sampledParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func open(t *testing.T, c Config) *Tracer {
	t.Helper()
	tracer, err := Open(t.Context(), c, "shop", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

// Nothing but the configuration decides where spans go and what is with them.
func TestEnvironmentIsNotRead(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/elsewhere",
		"OTEL_EXPORTER_OTLP_HEADERS": "x-env=leaked", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-env=leaked",
		"OTEL_EXPORTER_OTLP_COMPRESSION": "none", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
		"OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere.pem", "OTEL_TRACES_SAMPLER": "always_off", "OTEL_SERVICE_NAME": "leaked",
		"OTEL_RESOURCE_ATTRIBUTES": "leaked=yes", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "0", "OTEL_SPAN_LINK_COUNT_LIMIT": "0",
		"OTEL_BSP_MAX_QUEUE_SIZE": "1", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "1", "OTEL_SDK_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	r := tracetest.New(t)
	tracer := open(t, Config{OTLP: r.URL, Sample: 1, Headers: map[string]pipeline.Secret{"X-Key": "k1"}})
	_, span := tracer.Request(t.Context(), "capture", http.Header{})
	child := tracer.Start("frame", Producer, span.Context(), Parse(sampledParent))
	child.Int("prickle.lane", 3)
	child.Fail("full")
	child.End()
	span.End()
	if err := tracer.Close(); err != nil {
		t.Fatal(err)
	}
	requests, spans := r.Requests(), r.Spans()
	if len(requests) != 1 || len(spans) != 2 {
		t.Fatalf("exports\n got %d with %d spans\nwant 1 with 2", len(requests), len(spans))
	}
	if req := requests[0]; req.URL.Path != "/v1/traces" || req.Header.Get("X-Key") != "k1" || req.Header.Get("X-Env") != "" {
		t.Errorf("request to %s with %v", req.URL, req.Header)
	}
	if text := r.Text(); strings.Contains(text, "leaked") || !strings.Contains(text, `"shop"`) {
		t.Errorf("export %s", text)
	}
	want := tracetest.Span{
		Name: "frame", Trace: spans[1].Trace, ID: spans[0].ID, Parent: spans[1].ID, Links: []string{sampledParent[36:52]},
		Attributes: map[string]string{"prickle.lane": "3"}, Failed: true, Status: "full",
	}
	if diff := cmp.Diff(want, spans[0]); diff != "" {
		t.Errorf("span (-want +got)\n%s", diff)
	}
}

func TestSampling(t *testing.T) {
	r := tracetest.New(t)
	tracer := open(t, Config{OTLP: r.URL + "/custom", Sample: 1e-12})
	for _, c := range []struct {
		traceparent string
		sampled     bool
	}{
		{"", false},
		{sampledParent, true},
		{strings.TrimSuffix(sampledParent, "01") + "00", false},
		{"00-garbage", false},
	} {
		header := http.Header{}
		header.Set(Header, c.traceparent)
		ctx, span := tracer.Request(t.Context(), "capture", header)
		if span.On() != c.sampled || ContextOf(ctx).Sampled() != c.sampled {
			t.Errorf("traceparent %q\n got sampled %v\nwant %v", c.traceparent, span.On(), c.sampled)
		}
		if c.sampled && !strings.HasPrefix(span.Context().String(), sampledParent[:36]) {
			t.Errorf("traceparent %q\n got %s\nwant the same trace", c.traceparent, span.Context())
		}
		if got := Parse(span.Context().String()).Sampled(); got != c.sampled {
			t.Errorf("traceparent %q does not survive: sampled %v", c.traceparent, got)
		}
		if span.On() {
			span.End()
		}
	}
	if err := tracer.Close(); err != nil {
		t.Fatal(err)
	}
	if requests := r.Requests(); len(requests) != 1 || requests[0].URL.Path != "/custom" {
		t.Errorf("exports\n got %d\nwant 1 to /custom", len(requests))
	}
}

func everything(t *Tracer, ctx context.Context, header http.Header) {
	ctx, span := t.Request(ctx, "capture", header)
	span.Int("prickle.events", 3)
	span.Text("prickle.source", "web")
	child := t.Start("frame", Producer, span.Context(), ContextOf(ctx))
	_ = child.Context().String()
	child.Fail("full")
	child.End()
	span.End()
}

func TestOffAllocatesNothing(t *testing.T) {
	header := http.Header{"Traceparent": {sampledParent}}
	if n := testing.AllocsPerRun(100, func() { everything(nil, t.Context(), header) }); n != 0 {
		t.Errorf("allocations\n got %v\nwant 0", n)
	}
}

func BenchmarkOff(b *testing.B) {
	header := http.Header{"Traceparent": {sampledParent}}
	b.ReportAllocs()
	for b.Loop() {
		everything(nil, b.Context(), header)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{DefaultConfig(), ""},
		{Config{OTLP: "https://collector:4318", Sample: 1, Headers: map[string]pipeline.Secret{"Authorization": "Bearer s3cret"}}, ""},
		{Config{OTLP: "127.0.0.1:4318", Sample: .1}, "want an http or https address"},
		{Config{OTLP: "http://me:s3cret@c:4318", Sample: .1}, "the address holds a password"},
		{Config{OTLP: "http://c:4318?key=s3cret", Sample: .1}, "the address has a query"},
		{Config{OTLP: "http://c:4318", Sample: 0}, "want more than 0"},
		{Config{OTLP: "http://c:4318", Sample: 1.5}, "at most 1"},
		{Config{Sample: .1, Headers: map[string]pipeline.Secret{"a": "s3cret"}}, "there is no telemetry.otlp"},
		{Config{OTLP: "http://c:4318", Sample: .1, Headers: map[string]pipeline.Secret{"a b": "s3cret\n"}}, `"a b", or its value`},
	} {
		err := c.config.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%+v\n got %v\nwant %q", c.config, err, c.want)
		}
	}
}
