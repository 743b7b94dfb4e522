package capture

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

const (
	v1Path    = "/i/v1/analytics/events"
	requestID = "0196b2d0-0000-7000-8000-00000000000f"
)

// v1Event is an event with the uuid that ends in n; more is laid over its own keys, and null takes one away.
func v1Event(n int, more string) string {
	event := map[string]json.RawMessage{
		"event": json.RawMessage(`"e"`), "uuid": json.RawMessage(`"` + v1UUID(n) + `"`), "distinct_id": json.RawMessage(`"ada"`),
		"timestamp": json.RawMessage(`"2026-03-01T11:00:00Z"`),
	}
	if err := json.Unmarshal([]byte(more), &event); err != nil {
		panic(err)
	}
	for key, value := range event {
		if string(value) == `"absent"` {
			delete(event, key)
		}
	}
	text, _ := json.Marshal(event)
	return string(text)
}

func v1UUID(n int) string { return fmt.Sprintf("0196b2d0-0000-7000-8000-%012d", n) }

func v1Body(events ...string) string {
	return `{"created_at":"2026-03-01T12:00:00Z","batch":[` + strings.Join(events, ",") + `]}`
}

// v1 sends a body with the headers of a well-behaved SDK. headers are pairs of a name and a value; an empty value takes one away.
func (fx *fixture) v1(body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, v1Path, strings.NewReader(body))
	for _, h := range [][2]string{
		{"Authorization", "Bearer " + projectToken}, {"Content-Type", "application/json"}, {"PostHog-Sdk-Info", "posthog-test/1.2.3"},
		{"PostHog-Attempt", "1"}, {"PostHog-Request-Id", requestID}, {"PostHog-Request-Timestamp", "2026-03-01T12:00:00Z"},
		{"Origin", "https://shop.example"},
	} {
		r.Header.Set(h[0], h[1])
	}
	for i := 0; i < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	return fx.do(r)
}

func checkV1Error(t *testing.T, answer *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	body := decodeObject(t, answer.Body.Bytes())
	uri, _ := body["error_uri"].(string)
	if answer.Code != status || body["error"] != code || body["error_description"] == "" || !strings.HasPrefix(uri, "https://") {
		t.Errorf("\n  got  %d %s\n  want %d %s", answer.Code, answer.Body, status, code)
	}
	if got := answer.Header().Get("Access-Control-Allow-Origin"); got != "https://shop.example" {
		t.Errorf("errors need CORS headers too, got origin %q", got)
	}
}

func TestV1Headers(t *testing.T) {
	good := v1Body(v1Event(1, `{}`))
	for _, test := range []struct {
		row     string
		headers []string
		status  int
		code    string
	}{
		{"3.1 authorization", []string{"Authorization", ""}, 401, "missing_token"},
		{"3.1 scheme", []string{"Authorization", "Basic " + projectToken}, 400, "invalid_authorization"},
		{"3.1 token", []string{"Authorization", "Bearer "}, 401, "missing_token"},
		{"3.1 token", []string{"Authorization", "Bearer phc_secret"}, 401, "unknown_token"},
		{"3.1 token", []string{"Authorization", "Bearer phx_secret"}, 401, "personal_key"},
		{"3.1 content type", []string{"Content-Type", "text/plain"}, 415, "unsupported_content_type"},
		{"3.1 content type", []string{"Content-Type", ""}, 415, "unsupported_content_type"},
		{"3.1 content encoding", []string{"Content-Encoding", "compress"}, 415, "unsupported_encoding"},
		{"3.1 sdk info", []string{"PostHog-Sdk-Info", ""}, 400, "invalid_sdk_info"},
		{"3.1 sdk info", []string{"PostHog-Sdk-Info", "posthog-test"}, 400, "invalid_sdk_info"},
		{"3.1 sdk info", []string{"PostHog-Sdk-Info", "/1.2.3"}, 400, "invalid_sdk_info"},
		{"3.1 sdk info", []string{"PostHog-Sdk-Info", "posthog-test/new"}, 400, "invalid_sdk_info"},
		{"3.1 sdk info", []string{"PostHog-Sdk-Info", strings.Repeat("x", 195) + "/1.2.3"}, 400, "invalid_sdk_info"},
		{"3.1 attempt", []string{"PostHog-Attempt", "0"}, 400, "invalid_attempt"},
		{"3.1 attempt", []string{"PostHog-Attempt", ""}, 400, "invalid_attempt"},
		{"3.1 request id", []string{"PostHog-Request-Id", "7"}, 400, "invalid_request_id"},
		{"3.1 request timestamp", []string{"PostHog-Request-Timestamp", "yesterday"}, 400, "invalid_request_timestamp"},
	} {
		t.Run(test.row, func(t *testing.T) {
			fx := newFixture(t)
			answer := fx.v1(good, test.headers...)
			checkV1Error(t, answer, test.status, test.code)
			if strings.Contains(answer.Body.String(), "secret") {
				t.Errorf("answer repeats a token: %s", answer.Body)
			}
			if n := len(fx.log.take(t)); n != 0 || fx.Stats().Refused()[test.code] != 1 {
				t.Errorf("%d events stored, refused %v", n, fx.Stats().Refused())
			}
		})
	}
	t.Run("3.1 all together", func(t *testing.T) {
		answer := newFixture(t).v1(good, "Content-Type", "", "PostHog-Attempt", "x", "PostHog-Sdk-Info", "x")
		checkV1Error(t, answer, 415, "unsupported_content_type")
		for _, name := range []string{"Content-Type", "PostHog-Attempt", "PostHog-Sdk-Info"} {
			if !strings.Contains(answer.Body.String(), name) {
				t.Errorf("%s is not named in %s", name, answer.Body)
			}
		}
		if got := answer.Header().Get("PostHog-Request-Id"); got != requestID {
			t.Errorf("request id %q is not echoed", got)
		}
	})
	t.Run("3.1 user agent", func(t *testing.T) {
		for _, ok := range [][]string{
			{"User-Agent", ""}, {"Content-Type", "application/json; charset=utf-8"}, {"Authorization", "bearer  " + projectToken},
			{"PostHog-Sdk-Info", "a/b/2.0.0-beta.1+5"}, {"PostHog-Attempt", "12"}, {"PostHog-Request-Timestamp", "2026-03-01T13:00:00.123+01:00"},
		} {
			if answer := newFixture(t).v1(good, ok...); answer.Code != 200 {
				t.Errorf("%q: %d %s", ok, answer.Code, answer.Body)
			}
		}
	})
}

// encoders write the content encodings of capture mode v1.
var encoders = map[string]func(w io.Writer) io.WriteCloser{
	"gzip":    func(w io.Writer) io.WriteCloser { z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed); return z },
	"deflate": func(w io.Writer) io.WriteCloser { z, _ := zlib.NewWriterLevel(w, zlib.BestSpeed); return z },
	"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, brotli.BestSpeed) },
	"zstd": func(w io.Writer) io.WriteCloser {
		e, err := zstd.NewWriter(w)
		if err != nil {
			panic(err)
		}
		return e
	},
}

func encoded(t *testing.T, encoding, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := encoders[encoding](&b)
	for _, part := range []string{text[:1], text[1:]} {
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
		if err := w.(interface{ Flush() error }).Flush(); err != nil { // an encoder that streams does not know how much will come
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestV1Encodings(t *testing.T) {
	good := v1Body(v1Event(1, `{"properties":{"pad":"`+strings.Repeat("long ", 1000)+`"}}`))
	for encoding := range encoders {
		t.Run(encoding, func(t *testing.T) {
			// A small limit on the text: encoders announce what they might need, not what they do.
			fx := newFixture(t, func(c *Config) { c.Limits.Body = 100 << 10 })
			text := encoded(t, encoding, good)
			if answer := fx.v1(text, "Content-Encoding", strings.ToUpper(encoding)); answer.Code != 200 || len(fx.log.take(t)) != 1 {
				t.Errorf("got %d %s", answer.Code, answer.Body)
			}
			checkV1Error(t, fx.v1(text[:len(text)/2], "Content-Encoding", encoding), 400, map[bool]string{true: "invalid_gzip", false: "invalid_encoding"}[encoding == "gzip"])
			checkV1Error(t, fx.v1("what is this", "Content-Encoding", encoding), 400, map[bool]string{true: "invalid_gzip", false: "invalid_encoding"}[encoding == "gzip"])
			for limit, most := range map[int]uint64{100 << 10: 24 << 20, 1 << 20: 40 << 20} {
				fx := newFixture(t, func(c *Config) { c.Limits.Body = pipeline.Bytes(limit) })
				bomb := encoded(t, encoding, strings.Repeat(" ", 8<<20))
				var answer *httptest.ResponseRecorder
				used := allocated(func() { answer = fx.v1(bomb, "Content-Encoding", encoding) })
				checkV1Error(t, answer, 413, "decompressed_too_large")
				if used > most {
					t.Errorf("a limit of %d KB: %d MB allocated", limit>>10, used>>20)
				}
			}
		})
	}
	t.Run("3.1 inflated limit", func(t *testing.T) {
		for size, status := range map[int]int{49 << 20: 400, 51 << 20: 413} { // 400 since blanks are no JSON
			if answer := newFixture(t).v1(encoded(t, "zstd", strings.Repeat(" ", size)), "Content-Encoding", "zstd"); answer.Code != status {
				t.Errorf("%d MB: %d %s", size>>20, answer.Code, answer.Body)
			}
		}
	})
	t.Run("3.1 wire limit", func(t *testing.T) {
		fx := newFixture(t)
		checkV1Error(t, fx.v1(strings.Repeat(" ", 10<<20)+"x"), 413, "body_too_large")
		large := v1Body(v1Event(1, `{}`)) + strings.Repeat(" ", 21<<20)
		if answer := fx.v1(encoded(t, "gzip", large), "Content-Encoding", "gzip"); answer.Code != 200 {
			t.Errorf("21 MB inflated: got %d %s", answer.Code, answer.Body)
		}
	})
}

func TestV1Refusals(t *testing.T) {
	for _, test := range []struct {
		row, body, code string
	}{
		{"3.3 empty body", "", "empty_payload"},
		{"3.3 bad JSON", "{", "invalid_json"},
		{"3.3 bad JSON", "[]", "invalid_payload"},
		{"3.3 created_at", `{"batch":[` + v1Event(1, `{}`) + `]}`, "invalid_created_at"},
		{"3.3 created_at", `{"created_at":"now","batch":[` + v1Event(1, `{}`) + `]}`, "invalid_created_at"},
		{"3.3 empty batch", v1Body(), "empty_batch"},
		{"3.3 empty batch", `{"created_at":"2026-03-01T12:00:00Z"}`, "invalid_batch"},
		{"3.3 uuid", v1Body(v1Event(1, `{"uuid":"absent"}`)), "missing_uuid"},
		{"3.3 uuid", v1Body(v1Event(1, `{"uuid":"7"}`)), "invalid_uuid"},
		{"3.3 same uuid", v1Body(v1Event(10, `{}`), v1Event(10, `{"uuid":"`+strings.ToUpper(v1UUID(10))+`"}`)), "duplicate_uuid"},
		{"3.3 keys", v1Body(v1Event(1, `{"event":"absent"}`)), "missing_event"},
		{"3.3 keys", v1Body(v1Event(1, `{"distinct_id":"absent"}`)), "missing_distinct_id"},
		{"3.3 keys", v1Body(v1Event(1, `{"timestamp":"absent"}`)), "missing_timestamp"},
		{"3.3 keys", v1Body("7"), "missing_uuid"},
	} {
		t.Run(test.row, func(t *testing.T) {
			fx := newFixture(t)
			checkV1Error(t, fx.v1(test.body), 400, test.code)
			if n := len(fx.log.take(t)); n != 0 {
				t.Errorf("%d events stored", n)
			}
		})
	}
}

func TestV1Results(t *testing.T) {
	long := strings.Repeat("ü", 201)
	for _, test := range []struct {
		row, event, result, details string
	}{
		{"3.4 ok", `{}`, "ok", ""},
		{"3.4 missing_event_name", `{"event":""}`, "drop", "missing_event_name"},
		{"3.4 event_name_too_long", `{"event":"` + long + `"}`, "drop", "event_name_too_long"},
		{"3.4 missing_distinct_id", `{"distinct_id":" "}`, "drop", "missing_distinct_id"},
		{"3.4 missing_distinct_id", `{"distinct_id":null}`, "drop", "missing_distinct_id"},
		{"3.4 distinct_id_too_large", `{"distinct_id":"` + long + `"}`, "drop", "distinct_id_too_large"},
		{"3.4 invalid_event_timestamp", `{"timestamp":"soon"}`, "drop", "invalid_event_timestamp"},
		{"3.4 malformed_event_properties", `{"properties":[]}`, "drop", "malformed_event_properties"},
		{"3.4 invalid_options", `{"options":[]}`, "drop", "invalid_options"},
		{"3.4 invalid_options", `{"options":{"cookieless_mode":"maybe"}}`, "drop", "invalid_options"},
		{"3.4 invalid_options", `{"options":{"product_tour_id":{}}}`, "drop", "invalid_options"},
		{"3.4 $performance_event", `{"event":"$performance_event"}`, "drop", "$performance_event"},
		{"6.3 personless events about persons", `{"event":"$identify","options":{"process_person_profile":false}}`, "drop", "invalid_event_when_process_person_profile_is_false"},
		{"3.4 illegal distinct id", `{"event":"$identify","distinct_id":"null","properties":{"$set":{"a":1}}}`, "warning", "person_processing_disabled"},
		{"3.4 illegal distinct id", `{"distinct_id":" Anonymous-User "}`, "warning", "person_processing_disabled"},
		{"3.4 illegal distinct id", `{"distinct_id":"'[OBJECT Object]'"}`, "warning", "person_processing_disabled"},
		{"3.4 illegal distinct id", `{"distinct_id":0}`, "warning", "person_processing_disabled"},
		{"3.4 illegal distinct id", `{"distinct_id":"00000000-0000-0000-0000-000000000000"}`, "warning", "person_processing_disabled"},
	} {
		t.Run(test.row, func(t *testing.T) {
			fx := newFixture(t)
			answer := fx.v1(v1Body(v1Event(1, `{}`), v1Event(2, test.event), v1Event(3, `{}`)))
			want := map[string]any{"result": test.result}
			if test.details != "" {
				want["details"] = test.details
			}
			ok := map[string]any{"result": "ok"}
			if diff := cmp.Diff(map[string]map[string]any{v1UUID(1): ok, v1UUID(2): want, v1UUID(3): ok}, results(t, answer)); diff != "" || answer.Code != 200 {
				t.Errorf("%d (-want +got):\n%s", answer.Code, diff)
			}
			events := fx.log.take(t)
			if kept := 3; len(events) != kept && test.result != "drop" || len(events) != kept-1 && test.result == "drop" {
				t.Fatalf("%d events stored", len(events))
			}
			if test.result == "warning" && decodeObject(t, events[1].Properties)["$process_person_profile"] != false {
				t.Errorf("properties %s", events[1].Properties)
			}
		})
	}
	t.Run("3.4 batch order", func(t *testing.T) {
		var batch []string
		for _, n := range []int{5, 3, 9, 1} {
			batch = append(batch, v1Event(n, `{}`))
		}
		text := newFixture(t).v1(v1Body(batch...)).Body.Bytes()
		all, _ := rawjson.Get(text, "results")
		var order []string
		for key := range rawjson.Members(all) {
			order = append(order, string(key))
		}
		want := []string{`"` + v1UUID(5) + `"`, `"` + v1UUID(3) + `"`, `"` + v1UUID(9) + `"`, `"` + v1UUID(1) + `"`}
		if !slices.Equal(order, want) {
			t.Errorf("got  %v\nwant %v", order, want)
		}
	})
}

// An event that is too large is dropped by itself, whichever limit it is over.
func TestV1TooLarge(t *testing.T) {
	body := v1Body(v1Event(1, `{"event":""}`), v1Event(2, `{"properties":{"x":"`+filler+`"}}`), v1Event(3, `{}`), v1Event(4, `{"properties":{"x":"`+filler+`"}}`))
	for _, limit := range []string{"capture", "log"} {
		for _, batch := range []string{body, v1Body(v1Event(2, `{"properties":{"x":"`+filler+`"}}`))} {
			fx := newFixture(t)
			log := &narrowLog{most: 1 << 20}
			fx.deps.Events = log
			if limit == "log" {
				log.most = 4000
			} else {
				fx.config.Limits.Event = 4000
			}
			all := results(t, fx.v1(batch))
			dropped := map[string]any{"result": "drop", "details": "event_too_large"}
			want := map[string]map[string]any{v1UUID(2): dropped}
			if batch == body {
				want[v1UUID(1)] = map[string]any{"result": "drop", "details": "missing_event_name"}
				want[v1UUID(3)], want[v1UUID(4)] = map[string]any{"result": "ok"}, dropped
			}
			if diff := cmp.Diff(want, all); diff != "" {
				t.Errorf("%s (-want +got):\n%s", limit, diff)
			}
			if n := len(log.take(t)); n != len(want)/4 {
				t.Errorf("%d events stored", n)
			}
		}
	}
	t.Run("3.4 AI event too big", func(t *testing.T) {
		fx := newFixture(t)
		large := v1Body(v1Event(1, `{"properties":{"x":"`+strings.Repeat("x", 2<<20)+`"}}`))
		for path, want := range map[string]string{v1Path: "drop", "/i/v1/ai/events/": "ok"} {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(large))
			for name, value := range map[string]string{
				"Authorization": "Bearer " + projectToken, "Content-Type": "application/json", "PostHog-Sdk-Info": "a/1.2.3",
				"PostHog-Attempt": "1", "PostHog-Request-Id": requestID, "PostHog-Request-Timestamp": "2026-03-01T12:00:00Z",
			} {
				r.Header.Set(name, value)
			}
			if got := results(t, fx.do(r))[v1UUID(1)]["result"]; got != want {
				t.Errorf("%s: 2 MB get %v, want %s", path, got, want)
			}
		}
	})
}

// What the log did not take is to be sent again, what was dropped is not.
func TestV1LogErrors(t *testing.T) {
	t.Run("3.4 retry", func(t *testing.T) {
		for err, retry := range map[error]string{ErrOverloaded: "1", ErrUnavailable: "5", context.DeadlineExceeded: "1", io.ErrUnexpectedEOF: "1"} {
			fx := newFixture(t)
			fx.log.fail = err
			answer := fx.v1(v1Body(v1Event(1, `{}`), v1Event(2, `{"event":""}`)))
			all := results(t, answer)
			if all[v1UUID(1)]["result"] != "retry" || all[v1UUID(2)]["result"] != "drop" || answer.Header().Get("Retry-After") != retry || answer.Code != 200 {
				t.Errorf("%v: %d %s, Retry-After %q", err, answer.Code, answer.Body, answer.Header().Get("Retry-After"))
			}
			if s := fx.Stats(); s.Accepted.Load() != 0 || s.Unacknowledged.Load() != 1 || len(s.Refused()) != 1 {
				t.Errorf("%v: accepted %d, unacknowledged %d, refused %v", err, s.Accepted.Load(), s.Unacknowledged.Load(), s.Refused())
			}
		}
	})
	t.Run("3.4 headers", func(t *testing.T) {
		fx := newFixture(t)
		fx.deps.Accepts = func() error { return ErrUnavailable }
		answer := fx.v1(v1Body(v1Event(1, `{}`)))
		checkV1Error(t, answer, 503, "unavailable")
		if h := answer.Header(); h.Get("Retry-After") != "5" || h.Get("PostHog-Request-Id") != requestID || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "Retry-After") {
			t.Errorf("headers %v", h)
		}
		served := run(t)
		r := mustRequest(t, "POST", served.url(v1Path), strings.NewReader("{}"))
		real, err := served.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer real.Body.Close()
		if real.Header.Get("Date") == "" {
			t.Error("no Date")
		}
	})
}

func TestV1Allowance(t *testing.T) {
	body := v1Body(v1Event(1, `{}`), v1Event(2, `{}`), v1Event(3, `{"event":""}`))
	t.Run("3.4 billing_limit_exceeded", func(t *testing.T) {
		fx := newFixture(t, withQuota(1, PerDay))
		answer := fx.v1(body)
		limited := map[string]any{"result": "drop", "details": "billing_limit_exceeded"}
		want := map[string]map[string]any{v1UUID(1): limited, v1UUID(2): limited, v1UUID(3): {"result": "drop", "details": "missing_event_name"}}
		if diff := cmp.Diff(want, results(t, answer)); diff != "" || answer.Code != 200 || len(fx.log.take(t)) != 0 {
			t.Errorf("%d (-want +got):\n%s", answer.Code, diff)
		}
		if n := fx.Stats().OverQuota.Load(); n != 2 {
			t.Errorf("%d events count as over the quota, want 2", n)
		}
	})
	t.Run("3.5 429 is final", func(t *testing.T) {
		fx := newFixture(t, withRate(1, 2))
		if answer := fx.v1(body); answer.Code != 200 {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
		answer := fx.v1(body)
		checkV1Error(t, answer, 503, "rate_limited")
		if answer.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	})
}

func TestV1Event(t *testing.T) {
	for _, test := range []struct {
		row, event, want string
	}{
		{"3.2 process_person_profile", `{"options":{"process_person_profile":"false"}}`, `{"$process_person_profile":false}`},
		{"3.2 cookieless_mode", `{"options":{"cookieless_mode":1},"properties":{"$cookieless_mode":false}}`, `{"$cookieless_mode":true}`},
		{"3.2 disable_skew_correction", `{"options":{"disable_skew_correction":"1"}}`, `{"$ignore_sent_at":true}`},
		{"3.2 product_tour_id", `{"options":{"product_tour_id":17}}`, `{"$product_tour_id":"17"}`},
		{"3.2 session", `{"session_id":"0196B2D0-0000-7000-8000-00000000000A","window_id":"w","properties":{"$session_id":"x","$window_id":null}}`, `{"$session_id":"0196b2d0-0000-7000-8000-00000000000a","$window_id":"w"}`},
		{"3.2 sdk", `{"properties":{"$lib":"mine","$lib_version":"0"}}`, `{"$lib":"posthog-test","$lib_version":"1.2.3"}`},
		{"3.2 properties", `{"properties":{"$set":{"a":1},"token":"x","n":12345678901234567890},"$set":{"b":1}}`, `{"$set":{"a":1},"n":12345678901234567890}`},
		{"3.2 historical_migration", `{}`, `{"$historical_migration":true}`},
		{"3.2 capture_internal", `{}`, `{"$ip":"127.0.0.1"}`},
		{"3.2 null", `{"options":{"cookieless_mode":null,"product_tour_id":null}}`, `{}`},
		{"3.2 null", `{"properties":null,"options":null,"session_id":null}`, `{}`},
	} {
		t.Run(test.row, func(t *testing.T) {
			fx := newFixture(t)
			body := v1Body(v1Event(1, test.event))
			switch test.row {
			case "3.2 historical_migration", "3.2 capture_internal":
				body = strings.Replace(body, "{", `{"`+test.row[4:]+`":true,`, 1)
			}
			if answer := fx.v1(body); answer.Code != 200 {
				t.Fatalf("%d %s", answer.Code, answer.Body)
			}
			event := fx.log.take(t)[0]
			got, want := decodeObject(t, event.Properties), decodeObject(t, []byte(test.want))
			for _, name := range []string{"$ip", "$sent_at", "$lib", "$lib_version"} {
				if _, ok := want[name]; !ok {
					want[name] = got[name]
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || got["$sent_at"] != "2026-03-01T12:00:00.000Z" || event.UUID != v1UUID(1) {
				t.Errorf("(-want +got):\n%s", diff)
			}
			seen := map[string]bool{}
			for key := range rawjson.Members(event.Properties) {
				if seen[string(key)] {
					t.Errorf("%s stands there twice: %s", key, event.Properties)
				}
				seen[string(key)] = true
			}
		})
	}
	t.Run("3.2 time", func(t *testing.T) {
		for more, want := range map[string]string{
			`{"timestamp":"2026-03-01T11:00:00Z"}`:                                             "2026-03-01T11:10:00Z",
			`{"timestamp":"2026-03-01T11:00:00Z","options":{"disable_skew_correction":true}}`:  "2026-03-01T11:00:00Z",
			`{"timestamp":"2026-03-01T11:00:00Z","options":{"disable_skew_correction":false}}`: "2026-03-01T11:10:00Z",
			`{"timestamp":"2026-03-03T11:00:00Z"}`:                                             "2026-03-01T12:00:00Z",
		} {
			fx := newFixture(t)
			fx.v1(v1Body(v1Event(1, more)), "PostHog-Request-Timestamp", "2026-03-01T11:50:00Z")
			if got := fx.log.take(t)[0].Timestamp.Format(time.RFC3339); got != want {
				t.Errorf("%s\n  got  %s\n  want %s", more, got, want)
			}
		}
	})
}
