package capture

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

const goodEvent = `{"token":"` + projectToken + `","event":"e","distinct_id":"d"}`

func TestErrorAnswers(t *testing.T) {
	deep := strings.Repeat("[", 300) + strings.Repeat("]", 300)
	for _, test := range []struct {
		name, method, target, body string
		header                     [2]string
		status                     int
		code                       string
	}{
		{name: "unknown path", method: "POST", target: "/nowhere", status: 404, code: "not_found"},
		{name: "doubled slash", method: "POST", target: "/e//", body: goodEvent, status: 404, code: "not_found"},
		{name: "logs", method: "POST", target: "/i/v1/logs", body: "{}", status: 404, code: "not_found"},
		{name: "v1 by GET", method: "GET", target: "/i/v1/analytics/events", status: 405, code: "method_not_allowed"},
		{name: "method", method: "DELETE", target: "/e/", status: 405, code: "method_not_allowed"},
		{name: "segment by GET", method: "GET", target: "/v1/track", status: 405, code: "method_not_allowed"},
		{name: "empty", method: "POST", target: "/batch/", status: 400, code: "empty_payload"},
		{name: "segment empty", method: "POST", target: "/v1/b", status: 400, code: "empty_payload"},
		{name: "no JSON", method: "POST", target: "/batch/", body: "{nope", status: 400, code: "invalid_json"},
		{name: "scalar", method: "POST", target: "/batch/", body: "12", status: 400, code: "invalid_payload"},
		{name: "two values", method: "POST", target: "/batch/", body: goodEvent + goodEvent, status: 400, code: "invalid_json"},
		{name: "deep", method: "POST", target: "/batch/", body: deep, status: 400, code: "json_too_deep"},
		{name: "batch is an object", method: "POST", target: "/batch/", body: `{"batch":{}}`, status: 400, code: "invalid_batch"},
		{name: "no gzip", method: "POST", target: "/e?compression=gzip", body: goodEvent, status: 400, code: "invalid_gzip"},
		{name: "cut gzip", method: "POST", target: "/e", body: pipelinetest.Gzip(goodEvent)[:40], status: 400, code: "invalid_gzip"},
		{name: "no base64", method: "POST", target: "/e?compression=base64", body: "%%%%", status: 400, code: "invalid_base64"},
		{name: "no lz-string", method: "POST", target: "/e?compression=lz64", body: "AAAA!", status: 400, code: "invalid_lz64"},
		{
			name: "strange form", method: "POST", target: "/e", body: "a=b", status: 400, code: "invalid_form",
			header: [2]string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
		},
		{
			name: "brotli", method: "POST", target: "/e", body: "\x0b\x02\x80", status: 415, code: "unsupported_encoding",
			header: [2]string{"Content-Encoding", "br"},
		},
		{name: "no token", method: "POST", target: "/e", body: `{"event":"e","distinct_id":"d"}`, status: 401, code: "missing_token"},
		{name: "unknown token", method: "POST", target: "/e", body: `{"token":"phc_secret","event":"e","distinct_id":"d"}`, status: 401, code: "unknown_token"},
		{name: "unknown token before bad event", method: "POST", target: "/e", body: `{"token":"phc_secret"}`, status: 401, code: "unknown_token"},
		{
			name: "several tokens", method: "POST", target: "/e", status: 401, code: "several_tokens",
			body: `[` + goodEvent + `,{"token":"wk_test_0001","event":"e","distinct_id":"d"}]`,
		},
		{
			name: "bearer", method: "POST", target: "/v1/track", body: `{"event":"e","userId":"u"}`, status: 401, code: "invalid_authorization",
			header: [2]string{"Authorization", "Bearer wk_test_0001"},
		},
		{name: "no write key", method: "POST", target: "/v1/track", body: `{"event":"e","userId":"u"}`, status: 401, code: "missing_write_key"},
		{name: "config of a stranger", method: "GET", target: "/array/phc_secret/config", status: 404, code: "unknown_token"},
		{name: "settings of a stranger", method: "GET", target: "/v1/projects/phc_secret/settings", status: 404, code: "unknown_token"},
		{name: "source config of a stranger", method: "GET", target: "/sourceConfig/?writeKey=phc_secret", status: 401, code: "unknown_write_key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fx := newFixture(t)
			r := httptest.NewRequest(test.method, test.target, strings.NewReader(test.body))
			r.Header.Set("Origin", "https://shop.example")
			if test.header[0] != "" {
				r.Header.Set(test.header[0], test.header[1])
			}
			answer := fx.do(r)
			checkError(t, answer, test.status, test.code)
			if got := answer.Header().Get("Access-Control-Allow-Origin"); got != "https://shop.example" {
				t.Errorf("errors need CORS headers too, got origin %q", got)
			}
			if got := answer.Header().Get("Access-Control-Expose-Headers"); got != "Retry-After" {
				t.Errorf("scripts may read %q, want Retry-After", got)
			}
			if strings.Contains(answer.Body.String(), "phc_secret") {
				t.Errorf("answer repeats a token: %s", answer.Body)
			}
			if got := fx.Stats().Refused()[test.code]; got != 1 {
				t.Errorf("refused[%s] is %d, want 1", test.code, got)
			}
			if events := fx.log.take(t); len(events) > 0 {
				t.Errorf("%d events were stored", len(events))
			}
		})
	}
}

func checkError(t *testing.T, answer *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	body := decodeObject(t, answer.Body.Bytes())
	if answer.Code != status || body["code"] != code || body["detail"] == "" || body["type"] == "" {
		t.Errorf("\n  got  %d %s\n  want %d %s", answer.Code, answer.Body, status, code)
	}
	if got := answer.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
}

func TestLogErrors(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		code   string
		retry  string
	}{
		{fmt.Errorf("bus: %w", ErrOverloaded), 503, "overloaded", "1"},
		{fmt.Errorf("bus: %w", ErrUnavailable), 503, "unavailable", "5"},
		{fmt.Errorf("bus: %w", &EventTooLargeError{0, 9000, 8000}), 413, "event_too_large", ""},
		{errors.New("boom at 10.0.0.1"), 500, "internal", ""},
	} {
		for _, target := range []string{"/batch/", "/v1/track"} {
			t.Run(test.code+target, func(t *testing.T) {
				fx := newFixture(t)
				fx.log.fail = test.err
				body := `{"api_key":"` + projectToken + `","writeKey":"wk_test_0001","event":"e","userId":"u","distinct_id":"d"}`
				answer := fx.do(httptest.NewRequest("POST", target, strings.NewReader(body)))
				checkError(t, answer, test.status, test.code)
				if got := answer.Header().Get("Retry-After"); got != test.retry {
					t.Errorf("Retry-After\n  got  %q\n  want %q", got, test.retry)
				}
				if strings.Contains(answer.Body.String(), "10.0.0.1") {
					t.Errorf("answer shows the log's error: %s", answer.Body)
				}
				if n := fx.Stats().Accepted.Load(); n != 0 {
					t.Errorf("%d events count as accepted", n)
				}
				unknown := uint64(1) // whether the event is stored, but for one that the log does not take at all
				if test.status == http.StatusRequestEntityTooLarge {
					unknown = 0
				}
				if got := fx.Stats().Unacknowledged.Load(); got != unknown {
					t.Errorf("events unacknowledged\n  got  %d\n  want %d", got, unknown)
				}
			})
		}
	}
}

func TestBatchIsAllOrNothing(t *testing.T) {
	fx := newFixture(t)
	body := `{"api_key":"` + projectToken + `","batch":[
		{"event":"good","distinct_id":"d"},{"event":"","distinct_id":"d"},7,{"event":"e"},
		{"event":"e","distinct_id":"d","uuid":"x"},{"event":"e","distinct_id":"d","properties":[]},{"event":"e","distinct_id":"d","$set":1},
		{"event":"e","distinct_id":"d","offset":"x"},{"event":"e","distinct_id":"d","properties":{"$cookieless_mode":"yes"}},
		{"event":5,"distinct_id":"d"}]}`
	answer := fx.do(httptest.NewRequest("POST", "/batch/", strings.NewReader(body)))
	checkError(t, answer, 400, "missing_event_name")
	var got struct {
		Errors []struct {
			Index int
			Code  string
		}
	}
	decode(t, answer.Body.Bytes(), &got)
	var problems []string
	for _, p := range got.Errors {
		problems = append(problems, fmt.Sprint(p.Index, " ", p.Code))
	}
	want := []string{
		"1 missing_event_name", "2 invalid_event", "3 missing_distinct_id", "4 invalid_uuid", "5 invalid_properties", "6 invalid_set",
		"7 invalid_offset", "8 invalid_cookieless_mode", "9 invalid_event_name",
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if events := fx.log.take(t); len(events) > 0 {
		t.Errorf("%d events were stored", len(events))
	}
	if got := fx.Stats().Rejected()["invalid_uuid"]; got != 1 {
		t.Errorf("rejected[invalid_uuid] is %d, want 1", got)
	}
}

func TestSegmentAnswerListsSkipped(t *testing.T) {
	fx := newFixture(t)
	body := `{"writeKey":"wk_test_0002","batch":[{"type":"track","event":"a","userId":"u"},{"type":"track","event":"b"}]}`
	answer := fx.do(httptest.NewRequest("POST", "/v1/batch", strings.NewReader(body)))
	want := `{"success":true,"errors":[{"index":1,"code":"missing_user_id","detail":"userId or anonymousId is required"}]}`
	if answer.Code != 200 || answer.Body.String() != want {
		t.Errorf("answer\n  got  %d %s\n  want %s", answer.Code, answer.Body, want)
	}
	events := fx.log.take(t)
	if len(events) != 1 || events[0].Name != "a" || events[0].Source != "wk2" {
		t.Errorf("got %+v, want event a from wk2", events)
	}
	if a, r := fx.Stats().Accepted.Load(), fx.Stats().Rejected()["missing_user_id"]; a != 1 || r != 1 {
		t.Errorf("accepted %d and rejected %d, want 1 and 1", a, r)
	}
}

func TestFilteredOnly(t *testing.T) {
	fx := newFixture(t)
	fx.log.fail = errors.New("must not be called")
	body := `{"token":"` + projectToken + `","event":"$performance_event","distinct_id":"d"}`
	answer := fx.do(httptest.NewRequest("POST", "/e", strings.NewReader(body)))
	if answer.Code != 200 || fx.Stats().Filtered.Load() != 1 {
		t.Errorf("got %d and %d filtered, want 200 and 1", answer.Code, fx.Stats().Filtered.Load())
	}
}

func TestLimits(t *testing.T) {
	event := func(n int) string {
		return `{"token":"` + projectToken + `","event":"e","distinct_id":"d","properties":{"p":"` + strings.Repeat("x", n) + `"}}`
	}
	for _, test := range []struct{ name, body, code string }{
		{"body", event(5000), "body_too_large"},
		{"inflated", pipelinetest.Gzip(event(5000)), "decompressed_too_large"},
		{"event", event(2000), "event_too_large"},
		{"events", `[` + strings.Repeat(`{},`, 10) + `{}]`, "too_many_events"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fx := newFixture(t, func(c *Config) { c.Limits.Body, c.Limits.Event, c.Limits.Events = 4000, 1000, 10 })
			checkError(t, fx.do(httptest.NewRequest("POST", "/e", strings.NewReader(test.body))), 413, test.code)
			// Without an announced length the body is cut off while it is read.
			unsized := httptest.NewRequest("POST", "/e", io.MultiReader(strings.NewReader(test.body)))
			checkError(t, fx.do(unsized), 413, test.code)
		})
	}
}

func TestUnreadableBody(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{os.ErrDeadlineExceeded, 408, "body_timeout"},
		{io.ErrUnexpectedEOF, 400, "incomplete_body"},
	} {
		fx := newFixture(t)
		r := httptest.NewRequest("POST", "/e", io.MultiReader(strings.NewReader(goodEvent), iotest.ErrReader(test.err)))
		checkError(t, fx.do(r), test.status, test.code)
	}
}

// Old clients wrap base64 inside of gzip, and only on the paths of single events.
func TestBase64InsideGzip(t *testing.T) {
	body := pipelinetest.Gzip(base64.StdEncoding.EncodeToString([]byte(goodEvent)))
	for target, status := range map[string]int{"/e": 200, "/i/v0/e/": 200, "/capture/": 200, "/track": 200, "/engage": 200, "/batch": 400} {
		fx := newFixture(t)
		answer := fx.do(httptest.NewRequest("POST", target, strings.NewReader(body)))
		if answer.Code != status {
			t.Errorf("%s\n  got  %d %s\n  want %d", target, answer.Code, answer.Body, status)
		}
		if n := len(fx.log.take(t)); (n == 1) != (status == 200) {
			t.Errorf("%s: %d events stored", target, n)
		}
	}
}

func TestSegmentPaths(t *testing.T) {
	one := `{"writeKey":"wk_test_0001","userId":"u","event":"e","groupId":"g","previousId":"p"}`
	many := `{"writeKey":"wk_test_0001","batch":[{"type":"track","userId":"u","event":"e"}]}`
	for target, want := range map[string]string{
		"/v1/track": "e", "/v1/t/": "e", "/v1/identify": "$identify", "/v1/i": "$identify", "/v1/page": "$pageview", "/v1/p": "$pageview",
		"/v1/screen/": "$screen", "/v1/s": "$screen", "/v1/group": "$groupidentify", "/v1/g": "$groupidentify", "/v1/alias": "$create_alias",
		"/v1/a": "$create_alias", "/v1/batch": "e", "/v1/b": "e", "/v1/import": "e", "/beacon/v1/batch": "e", "/v1/m": "",
	} {
		body := one
		if want == "e" && !strings.HasPrefix(target, "/v1/t") {
			body = many
		}
		fx := newFixture(t)
		answer := fx.do(httptest.NewRequest("POST", target, strings.NewReader(body)))
		got := ""
		for _, e := range fx.log.take(t) {
			got += e.Name
			if historical := e.Properties.String("$segment_message_type") != "" && string(property(e, "$historical_migration")) == "true"; historical != (target == "/v1/import") {
				t.Errorf("%s: historical is %v", target, historical)
			}
		}
		if answer.Code != 200 || got != want {
			t.Errorf("%s\n  got  %d %s, event %q\n  want 200, event %q", target, answer.Code, answer.Body, got, want)
		}
	}
}

func property(e pipeline.Event, name string) []byte {
	value, _ := e.Properties.Get(name)
	return value
}

func TestPanicIsAnswered(t *testing.T) {
	fx := newFixture(t)
	fx.routes["/panic"] = route{get, func(http.ResponseWriter, *http.Request) error { panic("secret") }}
	answer := fx.do(httptest.NewRequest("GET", "/panic", nil))
	checkError(t, answer, 500, "internal")
	if strings.Contains(answer.Body.String(), "secret") {
		t.Errorf("answer shows the panic: %s", answer.Body)
	}
}

func TestGzipBombIsCheap(t *testing.T) {
	bomb := gzipOfZeros(t, 256<<20)
	fx := newFixture(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	checkError(t, fx.do(httptest.NewRequest("POST", "/e", bytes.NewReader(bomb))), 413, "decompressed_too_large")
	runtime.ReadMemStats(&after)
	// A buffer that doubles until the limit costs twice the limit in all.
	allocated, most := after.TotalAlloc-before.TotalAlloc, 3*uint64(DefaultConfig().Limits.Body)
	if allocated > most {
		t.Errorf("allocated %d MB, want at most %d MB", allocated>>20, most>>20)
	}
}

// gzipOfZeros is a gzip stream of n zeros.
func gzipOfZeros(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, n); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestStubs(t *testing.T) {
	for target, want := range map[string]string{
		"/":                                     "Prickle capture\n",
		"/_liveness":                            "alive\n",
		"/_health/":                             "alive\n",
		"/_readiness":                           "ready\n",
		"/flags/?v=2":                           `{"errorsWhileComputingFlags":false,"evaluatedAt":1772366400000,"flags":{},"requestId":`,
		"/flags/?v=2&config=true":               `"hasFeatureFlags":false`,
		"/decide/?v=3":                          `"featureFlags":{}`,
		"/decide/?v=1":                          `"featureFlags":[]`,
		"/decide/?v=4":                          `"flags":{}`,
		"/array/" + projectToken + "/config":    `"supportedCompression":["gzip","gzip-js"],"surveys":false,"token":"` + projectToken + `"`,
		"/array/" + projectToken + "/config.js": `window._POSTHOG_REMOTE_CONFIG["` + projectToken + `"]={"config":{`,
		"/api/surveys/?token=x":                 `{"surveys":[],"survey_config":null}`,
		"/v1/projects/wk_test_0001/settings":    `{"integrations":{"Segment.io":{"apiHost":"example.com/v1","apiKey":"wk_test_0001","protocol":"http"}}}`,
		"/sourceConfig/?writeKey=wk_test_0003":  `"writeKey":"wk_test_0003"`,
	} {
		answer := newFixture(t).do(httptest.NewRequest("GET", target, nil))
		if answer.Code != 200 || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s\n  got  %d %s\n  want 200 with %s", target, answer.Code, answer.Body, want)
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	config := testConfig()
	if text := fmt.Sprintf("%v %+v %#v", config, config, config.Keys); strings.Contains(text, projectToken) {
		t.Errorf("token is shown: %s", text)
	}
	config.Keys = append(config.Keys, Key{Token: "phx_hidden"}, Key{Token: projectToken})
	err := config.Validate()
	if err == nil || strings.Contains(err.Error(), "phx_hidden") || strings.Contains(err.Error(), projectToken) {
		t.Errorf("got %v, want an error without tokens", err)
	}
	var configError *pipeline.ConfigError
	if !errors.As(err, &configError) {
		t.Errorf("%v is not a ConfigError", err)
	}
}
