package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// A form that ends early is not taken for a whole one.
func TestAIPartsCutOff(t *testing.T) {
	fx := newFixture(t)
	body := "--x\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\n" + strings.TrimSuffix(aiEvent, "}") + `,"properties":` + aiProps + "}\r\n--x"
	checkError(t, fx.bearer("/i/v0/ai", body, "Content-Type", "multipart/form-data; boundary=x"), 400, "invalid_multipart")
	if answer := fx.bearer("/i/v0/ai", body+"--", "Content-Type", "multipart/form-data; boundary=x"); answer.Code != 200 {
		t.Errorf("whole: %d %s", answer.Code, answer.Body)
	}
}

// formPart is one of a form: a name, a content type and the data.
type formPart [3]string

const (
	aiEvent = `{"event":"$ai_generation","distinct_id":"ada","uuid":"0196b2d0-0000-7000-8000-00000000000a","timestamp":"2026-03-01T11:00:00Z"}`
	aiProps = `{"$ai_model":"gpt-4","$ai_input":"old"}`
)

// form sends parts. headers are pairs; an empty value takes one away.
func (fx *fixture) form(parts []formPart, headers ...string) *httptest.ResponseRecorder {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + p[0] + `"`}}
		if p[1] != "" {
			h.Set("Content-Type", p[1])
		}
		to, _ := w.CreatePart(h)
		_, _ = to.Write([]byte(p[2]))
	}
	_ = w.Close()
	return fx.bearer("/i/v0/ai", body.String(), append([]string{"Content-Type", w.FormDataContentType()}, headers...)...)
}

// bearer posts with the project's token in a header.
func (fx *fixture) bearer(target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+projectToken)
	for i := 0; i < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	return fx.do(r)
}

func oneEvent(t *testing.T, fx *fixture) pipeline.Event {
	t.Helper()
	events := fx.log.take(t)
	if len(events) != 1 {
		t.Fatalf("%d events stored, want 1", len(events))
	}
	return events[0]
}

func TestAIParts(t *testing.T) {
	raw := string([]byte{0, 0xff, 1})
	parts := []formPart{
		{"event", "application/json", aiEvent},
		{"event.properties", "application/json", aiProps},
		{"event.properties.$ai_input", "application/json", ` [{"role":"user","content":"a\ud800"}] `},
		{"event.properties.$ai_output_choices", "text/plain; charset=utf-8", "Hello \"you\""},
		{"event.properties.$ai_vector", "application/octet-stream", raw},
		{"event.properties.broken", "application/json", "{nope"},
		{"event.properties.bytes", "text/plain", raw},
	}
	want := map[string]any{
		"$ai_model": "gpt-4", "$ai_input": []any{map[string]any{"role": "user", "content": "a\ufffd"}}, "$ai_output_choices": `Hello "you"`,
		"$ai_vector": base64.StdEncoding.EncodeToString([]byte(raw)), "broken": "{nope", "bytes": base64.StdEncoding.EncodeToString([]byte(raw)), "$ip": "192.0.2.1",
	}
	check := func(t *testing.T, fx *fixture, answer *httptest.ResponseRecorder) {
		t.Helper()
		e := oneEvent(t, fx)
		if diff := cmp.Diff(want, decodeObject(t, e.Properties)); diff != "" {
			t.Errorf("properties (-want +got)\n%s", diff)
		}
		if e.Name != "$ai_generation" || e.DistinctID != "ada" || e.UUID != "0196b2d0-0000-7000-8000-00000000000a" || e.Timestamp.Hour() != 11 || e.Source != "posthog" {
			t.Errorf("got %+v", e)
		}
		var got struct {
			Parts []map[string]any `json:"accepted_parts"`
		}
		decode(t, answer.Body.Bytes(), &got)
		if answer.Code != 200 || len(got.Parts) != len(parts) {
			t.Fatalf("answer %d %s", answer.Code, answer.Body)
		}
		if diff := cmp.Diff(map[string]any{"name": "event", "length": json.Number(strconv.Itoa(len(aiEvent))), "content-type": "application/json", "content-encoding": nil}, got.Parts[0]); diff != "" {
			t.Errorf("first part (-want +got)\n%s", diff)
		}
	}
	t.Run("2.13 parts", func(t *testing.T) {
		fx := newFixture(t)
		check(t, fx, fx.form(parts))
	})
	t.Run("2.13 parts in gzip", func(t *testing.T) {
		fx := newFixture(t)
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for _, p := range parts {
			to, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + p[0] + `"; filename="blob"`}, "Content-Type": {p[1]}})
			_, _ = to.Write([]byte(p[2]))
		}
		_ = w.Close()
		check(t, fx, fx.bearer("/i/v0/ai/", pipelinetest.Gzip(body.String()), "Content-Type", w.FormDataContentType(), "Content-Encoding", "gzip"))
	})
	t.Run("2.13 properties of the event", func(t *testing.T) {
		fx := newFixture(t)
		event := strings.TrimSuffix(aiEvent, "}") + `,"properties":{"$ai_model":"m","$process_person_profile":false},"$set":{"a":1}}`
		if answer := fx.form([]formPart{{"event", "", event}}); answer.Code != 200 {
			t.Fatalf("answer %d %s", answer.Code, answer.Body)
		}
		if diff := cmp.Diff(map[string]any{"$ai_model": "m", "$process_person_profile": false, "$ip": "192.0.2.1"}, decodeObject(t, oneEvent(t, fx).Properties)); diff != "" {
			t.Errorf("properties (-want +got)\n%s", diff)
		}
	})
}

func TestAIPartsRefusals(t *testing.T) {
	const row = "2.13 parts that are wrong"
	event, properties := formPart{"event", "application/json", aiEvent}, formPart{"event.properties", "application/json", aiProps}
	blob := func(name, kind, data string) []formPart {
		return []formPart{event, properties, {"event.properties." + name, kind, data}}
	}
	large := strings.Repeat("x", 960<<10)
	for _, test := range []struct {
		name    string
		parts   []formPart
		headers []string
		status  int
		code    string
	}{
		{"no key", []formPart{event, properties}, []string{"Authorization", ""}, 401, "missing_token"},
		{"another scheme", []formPart{event, properties}, []string{"Authorization", "Basic " + projectToken}, 401, "missing_token"},
		{"unknown key", []formPart{event, properties}, []string{"Authorization", "Bearer phc_x"}, 401, "unknown_token"},
		{"personal key", []formPart{event, properties}, []string{"Authorization", "Bearer phx_x"}, 401, "personal_key"},
		{"no form", []formPart{event}, []string{"Content-Type", "application/json"}, 400, "invalid_content_type"},
		{"no boundary", []formPart{event}, []string{"Content-Type", "multipart/form-data"}, 400, "invalid_content_type"},
		{"another boundary", []formPart{event}, []string{"Content-Type", "multipart/form-data; boundary=x"}, 400, "invalid_multipart"},
		{"another encoding", []formPart{event}, []string{"Content-Encoding", "br"}, 400, "unsupported_encoding"},
		{"no part", nil, nil, 400, "missing_event_part"},
		{"event is not first", []formPart{properties, event}, nil, 400, "invalid_part"},
		{"two events", []formPart{event, event}, nil, 400, "invalid_part"},
		{"unknown part", []formPart{event, {"x", "", "1"}}, nil, 400, "invalid_part"},
		{"no JSON", []formPart{{"event", "", "{"}}, nil, 400, "invalid_json"},
		{"no object", []formPart{{"event", "", "[]"}}, nil, 400, "invalid_part"},
		{"properties twice", []formPart{{"event", "", `{"event":"$ai_span","properties":{}}`}, properties}, nil, 400, "two_properties"},
		{"another event", []formPart{{"event", "", `{"event":"purchase","distinct_id":"a"}`}, properties}, nil, 400, "invalid_event_name"},
		{"no model", []formPart{event, {"event.properties", "", `{"$ai_model":7}`}}, nil, 400, "missing_model"},
		{"no distinct id", []formPart{{"event", "", `{"event":"$ai_span"}`}, properties}, nil, 400, "missing_distinct_id"},
		{"no uuid", []formPart{{"event", "", `{"event":"$ai_span","distinct_id":"a","uuid":"x"}`}, properties}, nil, 400, "invalid_uuid"},
		{"nested blob", blob("a.b", "text/plain", "x"), nil, 400, "invalid_blob"},
		{"blob of another type", blob("a", "image/png", "x"), nil, 400, "invalid_blob"},
		{"blob without a type", blob("a", "", "x"), nil, 400, "invalid_blob"},
		{"empty blob", blob("a", "text/plain", ""), nil, 400, "invalid_blob"},
		{"blob twice", append(blob("a", "text/plain", "x"), formPart{"event.properties.a", "text/plain", "y"}), nil, 400, "duplicate_blob"},
		{"large event", []formPart{{"event", "", strings.TrimSuffix(aiEvent, "}") + `,"x":"` + strings.Repeat("x", 33<<10) + `"}`}, properties}, nil, 413, "event_part_too_large"},
		{"large properties", []formPart{event, {"event.properties", "", `{"$ai_model":"m","x":"` + large + `"}`}}, nil, 413, "event_too_large"},
		{"large parts", append(blob("a", "text/plain", strings.Repeat("x", 13<<20)), formPart{"event.properties.b", "text/plain", strings.Repeat("x", 13<<20)}), nil, 413, "parts_too_large"},
		{"a thousand parts", append([]formPart{event}, slicesOf(1000, func(i int) formPart { return formPart{fmt.Sprintf("event.properties.p%d", i), "text/plain", "x"} })...), nil, 413, "too_many_parts"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fx := newFixture(t)
			answer := fx.form(test.parts, test.headers...)
			checkError(t, answer, test.status, test.code)
			if n := len(fx.log.take(t)); n != 0 {
				t.Errorf("%s: %d events stored", row, n)
			}
		})
	}
}

func slicesOf[T any](n int, f func(int) T) (all []T) {
	for i := range n {
		all = append(all, f(i))
	}
	return all
}

// tracesJSON is an export of a call of a model, one of a tool around it, and a span that is about neither.
const tracesJSON = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"spans":[
	{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","parentSpanId":"0202030405060708","name":"chat","startTimeUnixNano":"1772362800000000000",
		"endTimeUnixNano":"1772362801000000000","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"user.id","value":{"stringValue":"ada"}}]},
	{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0202030405060708","name":"agent","startTimeUnixNano":"1772362800000000000","attributes":[{"key":"gen_ai.agent.name","value":{"stringValue":"FILL"}}]},
	{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0302030405060708","name":"GET","attributes":[{"key":"http.route","value":{"stringValue":"/"}}]}]}]}]}`

func traceProto(t *testing.T, text string) string {
	t.Helper()
	request := new(collector.ExportTraceServiceRequest)
	if err := protojson.Unmarshal([]byte(text), request); err != nil {
		t.Fatal(err)
	}
	for _, span := range request.ResourceSpans[0].ScopeSpans[0].Spans { // ids are no base64
		span.TraceId, span.ParentSpanId = bytes.Repeat([]byte{1}, 16), nil
		span.SpanId = span.SpanId[:8]
	}
	body, err := proto.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestOTLP(t *testing.T) {
	const binary = "application/x-protobuf"
	t.Run("2.13 otlp in JSON", func(t *testing.T) {
		for _, target := range []string{"/i/v0/ai/otel", "/i/v0/ai/otel/", "/i/v0/ai/otel/v1/traces"} {
			fx := newFixture(t)
			answer := fx.bearer(target, tracesJSON, "Content-Type", "application/json; charset=utf-8")
			if answer.Code != 200 || answer.Body.String() != "{}" || answer.Header().Get("Content-Type") != "application/json" {
				t.Errorf("answer %d %s %q", answer.Code, answer.Body, answer.Header())
			}
			events := fx.log.take(t)
			if len(events) != 2 || events[0].Name != "$ai_generation" || events[1].Name != "$ai_trace" || events[0].DistinctID != "ada" {
				t.Fatalf("stored %v", events)
			}
			if got := decodeObject(t, events[0].Properties); got["$ip"] != "192.0.2.1" || got["service.name"] != "shop" || events[0].Timestamp.Hour() != 11 {
				t.Errorf("properties %v at %v", got, events[0].Timestamp)
			}
			if n := fx.Stats().Filtered.Load(); n != 1 {
				t.Errorf("%d spans are counted as left out, want 1", n)
			}
			// An exporter that has heard nothing sends the same again, and gets the same uuids.
			fx.bearer(target, tracesJSON, "Content-Type", "application/json")
			if again := fx.log.take(t); len(again) != 2 || again[0].UUID != events[0].UUID || events[0].UUID == events[1].UUID {
				t.Errorf("sent again: %v, before: %v", again, events)
			}
		}
	})
	t.Run("2.13 otlp in protobuf", func(t *testing.T) {
		for name, encode := range map[string]func(string) string{"": func(s string) string { return s }, "gzip": pipelinetest.Gzip} {
			fx := newFixture(t)
			answer := fx.bearer("/i/v0/ai/otel", encode(traceProto(t, tracesJSON)), "Content-Type", binary, "Content-Encoding", name)
			if answer.Code != 200 || answer.Body.Len() != 0 || answer.Header().Get("Content-Type") != binary || len(fx.log.take(t)) != 2 {
				t.Errorf("answer %d %q %v", answer.Code, answer.Body, answer.Header())
			}
		}
	})
	t.Run("2.13 otlp without models", func(t *testing.T) {
		fx := newFixture(t)
		body := strings.NewReplacer("gen_ai.operation.name", "a", "gen_ai.agent.name", "b").Replace(tracesJSON)
		if answer := fx.bearer("/i/v0/ai/otel", body, "Content-Type", "application/json"); answer.Code != 200 || len(fx.log.take(t)) != 0 || fx.Stats().Filtered.Load() != 3 {
			t.Errorf("answer %d %s, %d left out", answer.Code, answer.Body, fx.Stats().Filtered.Load())
		}
	})
}

// What cannot be stored of an export is told in a success: exporters send again what is refused.
func TestOTLPPartly(t *testing.T) {
	const row = "2.13 otlp that is too large in part"
	large := strings.ReplaceAll(tracesJSON, "FILL", filler)
	for _, test := range []struct {
		name, body string
		change     func(*fixture)
		rejected   string
		why        string
		stored     int
	}{
		{"event", large, func(fx *fixture) { fx.config.Limits.Event = 4000 }, "1", "span 1 of those of language models: ", 1},
		{"log", large, func(fx *fixture) { fx.deps.Events = &narrowLog{memoryLog{}, 4000} }, "1", "span 1 of those of language models: ", 0},
		{"all", tracesJSON, func(fx *fixture) { fx.config.Limits.Event = 100 }, "2", "bytes, the limit is 100", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			fx := newFixture(t)
			test.change(fx)
			answer := fx.bearer("/i/v0/ai/otel", test.body, "Content-Type", "application/json")
			var got struct {
				PartialSuccess struct{ RejectedSpans, ErrorMessage string }
			}
			decode(t, answer.Body.Bytes(), &got)
			if answer.Code != 200 || got.PartialSuccess.RejectedSpans != test.rejected || !strings.Contains(got.PartialSuccess.ErrorMessage, test.why) {
				t.Errorf("%s: answer %d %s", row, answer.Code, answer.Body)
			}
			stored := len(fx.log.take(t))
			if log, narrow := fx.deps.Events.(*narrowLog); narrow {
				stored = len(log.take(t)) - 1
			}
			if stored != test.stored || fx.Stats().Rejected()["event_too_large"] == 0 {
				t.Errorf("%d events stored, want %d; rejected %v", stored, test.stored, fx.Stats().Rejected())
			}
		})
	}
}

func TestOTLPRefusals(t *testing.T) {
	const row = "2.13 otlp that is wrong"
	for _, test := range []struct {
		name, body string
		headers    []string
		status     int
		code       string
	}{
		{"no key", tracesJSON, []string{"Authorization", ""}, 401, "missing_token"},
		{"unknown key", tracesJSON, []string{"Authorization", "Bearer x"}, 401, "unknown_token"},
		{"content type", tracesJSON, []string{"Content-Type", "text/plain"}, 400, "unsupported_content_type"},
		{"encoding", tracesJSON, []string{"Content-Encoding", "zstd"}, 400, "unsupported_encoding"},
		{"empty", "", nil, 400, "empty_payload"},
		{"no JSON", "{", nil, 400, "invalid_json"},
		{"no export", `{"resourceSpans":1}`, nil, 400, "invalid_otlp"},
		{"no protobuf", tracesJSON, []string{"Content-Type", "application/x-protobuf"}, 400, "invalid_protobuf"},
		{"no gzip", "\x1f\x8b\x08nope", []string{"Content-Encoding", "gzip"}, 400, "invalid_gzip"},
		{"large", strings.Repeat(" ", 21<<20), nil, 413, "body_too_large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fx := newFixture(t)
			checkError(t, fx.bearer("/i/v0/ai/otel", test.body, append([]string{"Content-Type", "application/json"}, test.headers...)...), test.status, test.code)
			if n := len(fx.log.take(t)); n != 0 {
				t.Errorf("%s: %d events stored", row, n)
			}
		})
	}
}

// A key that is over its limits is told so in the ways that the clients of these paths understand.
func TestAILimits(t *testing.T) {
	parts := []formPart{{"event", "application/json", aiEvent}, {"event.properties", "application/json", aiProps}}
	t.Run("2.13 over quota", func(t *testing.T) {
		fx := newFixture(t, withQuota(1, PerDay))
		if answer := fx.form(parts); answer.Code != 200 {
			t.Fatalf("answer %d %s", answer.Code, answer.Body)
		}
		if answer := fx.form(parts); answer.Code != 200 || answer.Body.String() != string(posthogQuota) {
			t.Errorf("parts: %d %s", answer.Code, answer.Body)
		}
		answer := fx.bearer("/i/v0/ai/otel", tracesJSON, "Content-Type", "application/json")
		if answer.Code != 200 || !strings.Contains(answer.Body.String(), "quota") || !json.Valid(answer.Body.Bytes()) {
			t.Errorf("otlp: %d %s", answer.Code, answer.Body)
		}
		if n := len(fx.log.take(t)); n != 1 {
			t.Errorf("%d events stored, want 1", n)
		}
	})
	t.Run("2.13 over rate", func(t *testing.T) {
		fx := newFixture(t, withRate(1, 1))
		fx.form(parts)
		for name, answer := range map[string]*httptest.ResponseRecorder{"parts": fx.form(parts), "otlp": fx.bearer("/i/v0/ai/otel", tracesJSON, "Content-Type", "application/json")} {
			if answer.Code != 429 || answer.Header().Get("Retry-After") == "" {
				t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
			}
		}
	})
	t.Run("endpoints", func(t *testing.T) {
		fx := newFixture(t, func(c *Config) { c.Keys[0].Endpoints = []Endpoint{EndpointSegment} })
		checkError(t, fx.form(parts), 403, "endpoint_not_allowed")
		checkError(t, fx.bearer("/i/v0/ai/otel", tracesJSON, "Content-Type", "application/json"), 403, "endpoint_not_allowed")
	})
}
