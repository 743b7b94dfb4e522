package capture

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

var updateLimits = flag.Bool("update", false, "write the table of docs/capture-limits.md anew")

// vendorLimit is a limit that a service publishes, or has in its sources, and a request that goes as far as it lets.
type vendorLimit struct {
	vendor, what, theirs, ours string
	send                       func(*fixture) *httptest.ResponseRecorder
	stored                     int // events
}

const (
	kb = 1 << 10
	mb = 1 << 20
)

// sized is the text of an event with so many bytes.
func sized(event string, bytes int) string {
	head := strings.TrimSuffix(event, "}") + `,"properties":{"$ai_model":"m","x":"`
	return head + strings.Repeat("x", bytes-len(head)-len(`"}}`)) + `"}}`
}

func nestedProperties(levels int) string {
	return `"properties":` + strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels)
}

func many(n int, text string) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }

func wideProperties(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"property_%d":%d`, i, i)
	}
	return `"properties":{` + b.String()[1:] + `}`
}

func post1(target, body string) func(*fixture) *httptest.ResponseRecorder {
	return func(fx *fixture) *httptest.ResponseRecorder { return fx.post(target, body) }
}

func spread(bytes int, text string) string { return text + strings.Repeat(" ", bytes-len(text)) }

var (
	longToken    = strings.Repeat("k", 64)
	batchOf      = func(events string) string { return `{"api_key":"` + projectToken + `","batch":[` + events + `]}` }
	messagesOf   = func(messages string) string { return `{"writeKey":"` + projectToken + `","batch":[` + messages + `]}` }
	plainEvent   = `{"event":"e","distinct_id":"d"}`
	plainMessage = `{"type":"track","event":"e","userId":"u"}`
	snapshotOf   = func(session string) string {
		return tok + `"event":"$snapshot","distinct_id":"d","properties":{"$session_id":"` + session + `","$snapshot_data":[{"type":2}]}}`
	}
	aiSpan = `{"traceId":"0102030405060708090a0b0c0d0e0f10","attributes":[{"key":"%s","value":{"stringValue":"chat"}}]}`
	spans  = func(s string) string { return `{"resourceSpans":[{"scopeSpans":[{"spans":[` + s + `]}]}]}` }
)

func asOTLP(body string) func(*fixture) *httptest.ResponseRecorder {
	return func(fx *fixture) *httptest.ResponseRecorder {
		return fx.bearer("/i/v0/ai/otel", body, "Content-Type", "application/json")
	}
}

func asV1(body string, headers ...string) func(*fixture) *httptest.ResponseRecorder {
	return func(fx *fixture) *httptest.ResponseRecorder { return fx.v1(body, headers...) }
}

func asForm(parts ...formPart) func(*fixture) *httptest.ResponseRecorder {
	return func(fx *fixture) *httptest.ResponseRecorder { return fx.form(parts) }
}

// vendorLimits are all limits of PostHog, Segment and RudderStack on what they take, in the order of the table. The requests are hundreds of megabytes,
// which other tests should not find in memory.
func vendorLimits() []vendorLimit {
	return []vendorLimit{
		{"PostHog", "body of `/batch`", "20 MB", "20 MB", post1("/batch", spread(20*mb, batchOf(plainEvent))), 1},
		{"PostHog", "body of `/e`, `/i/v0/e`, `/capture`, `/track`, `/engage`", "2 MB, 20 MB in newer versions", "20 MB", post1("/e", "["+spread(20*mb-2, tok+plainEvent[1:])+"]"), 1},
		{"PostHog", "a body, decompressed", "25 MB", "25 MB", post1("/batch", pipelinetest.Gzip(spread(25*mb, batchOf(plainEvent)))), 1},
		{"PostHog", "an event", "1,000,000 bytes", "1 MB", post1("/batch", batchOf(sized(plainEvent, 1_000_000))), 1},
		{"PostHog", "events in a request", "none but its size", "500,000: 20 MB hold no more with 42 bytes each", post1("/batch", batchOf(many(60_000, `{"event":"visit","distinct_id":"ada","properties":{}}`))), 60_000},
		{"PostHog", "nesting of the JSON", "127 levels", "256 levels", post1("/batch", batchOf(`{"event":"e","distinct_id":"d",`+nestedProperties(124)+`}`)), 1},
		{"PostHog", "properties of an event", "none", "none", post1("/batch", batchOf(`{"event":"e","distinct_id":"d",`+wideProperties(20_000)+`}`)), 1},
		{"PostHog", "name of an event", "cut to 200 characters", "cut to 200 characters", post1("/e", tok+`"event":"`+strings.Repeat("é", 10_000)+`","distinct_id":"d"}`), 1},
		{"PostHog", "`distinct_id`", "cut to 200 characters", "cut to 200 characters", post1("/e", tok+`"event":"e","distinct_id":"`+strings.Repeat("é", 10_000)+`"}`), 1},
		{"PostHog", "project token", "64 characters", "64 characters", post1("/e", `{"token":"`+longToken+`",`+plainEvent[1:]), 1},
		{"PostHog", "`$session_id` of a recording", "70 characters", "70 characters", post1("/s", snapshotOf(strings.Repeat("a", 70))), 0},
		{"PostHog", "body of `/s`", "25 MB", "25 MB; kept ones are bounded by the bus as well", post1("/s", spread(25*mb, snapshotOf("a"))), 0},
		{"PostHog", "an event about AI, on `/i/v0/ai/batch`", "8 MB", "8 MB", post1("/i/v0/ai/batch", batchOf(sized(strings.Replace(plainEvent, `"e"`, `"$ai_generation"`, 1), 8*mb))), 1},
		{"PostHog", "`/i/v0/ai`: the part `event`", "32 KB", "32 KB", asForm(formPart{"event", "application/json", sized(aiEvent, 32*kb)}), 1},
		{"PostHog", "`/i/v0/ai`: the event with `event.properties`", "960 KB", "960 KB", asForm(formPart{"event", "application/json", aiEvent},
			formPart{"event.properties", "application/json", spread(960*kb-len(aiEvent), aiProps)}), 1},
		{"PostHog", "`/i/v0/ai`: all parts", "25 MB, where blobs are kept in an object store", "25 MB, and what the bus takes: 9 MB when it is embedded", asForm(formPart{"event", "application/json", aiEvent},
			formPart{"event.properties", "application/json", aiProps}, formPart{"event.properties.x", "text/plain", strings.Repeat("x", 25*mb-len(aiEvent)-len(aiProps))}), 1},
		{"PostHog", "`/i/v0/ai/otel`: body", "4 MB", "20 MB", asOTLP(spread(4*mb, spans(fmt.Sprintf(aiSpan, "gen_ai.operation.name")))), 1},
		{"PostHog", "`/i/v0/ai/otel`: spans, spans about models", "1,000, 100", "500,000, of which all may be about models", asOTLP(spans(many(100, fmt.Sprintf(aiSpan, "gen_ai.operation.name")) + "," + many(900, fmt.Sprintf(aiSpan, "x")))), 100},
		{"PostHog", "capture mode v1: body as it is sent", "10 MB", "10 MB", asV1(spread(10*mb, v1Body(v1Event(1, `{}`)))), 1},
		{"PostHog", "capture mode v1: body, decompressed", "50 MB", "50 MB", asV1(pipelinetest.Gzip(spread(50*mb, v1Body(v1Event(1, `{}`)))), "Content-Encoding", "gzip"), 1},
		{"PostHog", "capture mode v1: name of an event", "200 characters", "200 characters", asV1(v1Body(v1Event(1, `{"event":"`+strings.Repeat("é", 200)+`"}`))), 1},
		{"PostHog", "capture mode v1: `distinct_id`", "200 characters", "200 characters", asV1(v1Body(v1Event(1, `{"distinct_id":"`+strings.Repeat("é", 200)+`"}`))), 1},
		{"PostHog", "capture mode v1: `PostHog-Sdk-Info`", "200 characters", "200 characters", asV1(v1Body(v1Event(1, `{}`)), "PostHog-Sdk-Info", strings.Repeat("x", 194)+"/1.2.3"), 1},
		{"Segment", "a message", "32 KB", "1 MB", post1("/v1/track", spread(32*kb, `{"writeKey":"`+projectToken+`",`+plainMessage[1:])), 1},
		{"Segment", "a batch", "500 KB", "4 MB", post1("/v1/batch", spread(500*kb, messagesOf(many(15, sized(plainMessage, 32*kb))))), 15},
		{"Segment", "messages in a batch", "2,500", "50,000", post1("/v1/batch", messagesOf(many(2_500, plainMessage))), 2_500},
		{"Segment", "properties of an event", "10,000, the others are dropped", "none", post1("/v1/track", `{"writeKey":"`+projectToken+`","event":"e","userId":"u",`+wideProperties(12_000)+`}`), 1},
		{"Segment", "`messageId`", "100 characters", "none", post1("/v1/track", `{"writeKey":"`+projectToken+`","event":"e","userId":"u","messageId":"`+strings.Repeat("m", 100)+`"}`), 1},
		{"RudderStack", "a message", "32 KB", "1 MB", post1("/v1/track", spread(32*kb, `{"writeKey":"`+projectToken+`",`+plainMessage[1:])), 1},
		{"RudderStack", "a batch", "4,000 KB", "4 MB", post1("/v1/batch", spread(4000*kb, messagesOf(many(100, sized(plainMessage, 32*kb))))), 100},
		{"RudderStack", "messages in a batch", "none but its size", "50,000: 4 MB hold no more with 84 bytes each", post1("/v1/batch", messagesOf(many(20_000, plainMessage[:len(plainMessage)-1]+`,"anonymousId":"0123456789012345678901234"}`))), 20_000},
		{"RudderStack", "nesting of the JSON", "200 levels", "256 levels", post1("/v1/batch", messagesOf(`{"type":"track","event":"e","userId":"u",`+nestedProperties(197)+`}`)), 1},
		{"RudderStack", "body of `/beacon/v1/batch`", "64 KB, which is the browser's", "4 MB", func(fx *fixture) *httptest.ResponseRecorder {
			return fx.post("/beacon/v1/batch?writeKey="+projectToken, spread(64*kb, `{"batch":[`+plainMessage+`]}`))
		}, 1},
	}
}

// No request that one of the services takes is refused for its size.
func TestVendorLimits(t *testing.T) {
	for _, limit := range vendorLimits() {
		t.Run(limit.vendor+": "+limit.what, func(t *testing.T) {
			fx := newFixture(t, func(c *Config) { c.Keys = append(c.Keys, Key{Name: "long", Token: pipeline.Secret(longToken)}) })
			answer := limit.send(fx)
			if answer.Code != http.StatusOK || bytes.Contains(answer.Body.Bytes(), []byte("drop")) {
				t.Errorf("answer %d %.300s", answer.Code, answer.Body)
			}
			if n := len(fx.log.take(t)); n != limit.stored {
				t.Errorf("%d events stored, want %d", n, limit.stored)
			}
		})
	}
}

// The documentation has the table that is tested.
func TestLimitsAreDocumented(t *testing.T) {
	const page, begin, end = "../../docs/capture-limits.md", "<!-- limits: begin -->\n", "<!-- limits: end -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s lacks the marks", page)
	}
	var table strings.Builder
	table.WriteString("| service | limit on | theirs | Prickle's |\n| --- | --- | --- | --- |\n")
	for _, l := range vendorLimits() {
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", l.vendor, l.what, l.theirs, l.ours)
	}
	want := before + begin + table.String() + end + after
	switch {
	case want == string(text):
	case *updateLimits:
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what is tested: run `make golden`", page)
	}
}
