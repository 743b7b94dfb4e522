package capture

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

// nothingLog has stored everything at once.
type nothingLog struct{}

func (nothingLog) Append(context.Context, []pipeline.Event) error { return nil }

// BenchmarkHandler is a batch of 100 events from request to answer, without the network and the log.
func BenchmarkHandler(b *testing.B) { benchmarkHandler(b, func(*Config) {}) }

// BenchmarkHandlerWithLimits is the same by a key with a rate and a quota.
func BenchmarkHandlerWithLimits(b *testing.B) {
	benchmarkHandler(b, func(c *Config) { c.Keys[0].Rate, c.Keys[0].Quota = 1e9, Quota{1e15, PerMonth} })
}

func benchmarkHandler(b *testing.B, change func(*Config)) {
	const events = 100
	event := `{"event":"order completed","uuid":"0196b2d0-0000-7000-8000-%012d","distinct_id":"user-%d","timestamp":"2026-03-01T11:00:00.123Z",` +
		`"properties":{"$lib":"posthog-node","total":129.95,"note":"` + strings.Repeat("x", 400) + `"}}`
	var list []string
	for i := range events {
		list = append(list, fmt.Sprintf(event, i, i))
	}
	body := []byte(`{"api_key":"` + projectToken + `","batch":[` + strings.Join(list, ",") + `]}`)
	fx := newFixture(b, change)
	fx.deps.Events = nothingLog{}
	handler := fx.Handler()
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("POST", "/batch/", bytes.NewReader(body)))
		if w.Code != 200 {
			b.Fatal(w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
}
