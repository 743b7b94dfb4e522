package capture

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// tok is how a single event begins.
const tok = `{"token":"` + projectToken + `",`

// TestRows are requests of PostHog's clients that no recording and no hand-made case is about, under the names of their rows in spec.txt.
func TestRows(t *testing.T) {
	for _, test := range []struct {
		row, target, body string
		header            [2]string
		status            int
		want              string // the events, as a part of their JSON; "" is none
	}{
		{row: "2.2 lone surrogates", target: "/e", body: tok + `"event":"a\ud800b","distinct_id":"\udfff","properties":{"x\udc00":"\ud83d\ude00\ud83d"}}`, status: 200, want: `[{"event":"a�b","distinct_id":"�","properties":{"x�":"😀�"}}]`},
		{row: "2.2 nul", target: "/e", body: tok + `"event":"e","distinct_id":"d","properties":{"a":"x\u0000y"}}`, status: 200, want: `[{"properties":{"a":"x�y"}}]`},
		{row: "2.2 header undone by a proxy", target: "/batch", body: tok + `"event":"e","distinct_id":"d"}`, header: [2]string{"Content-Encoding", "gzip"}, status: 200, want: `[{"event":"e"}]`},
		{row: "2.2 unknown hint", target: "/e?compression=none", body: tok + `"event":"e","distinct_id":"d"}`, status: 200, want: `[{"event":"e"}]`},
		{row: "2.2 no content type", target: "/batch", body: pipelinetest.Gzip(tok + `"event":"e","distinct_id":"d"}`), status: 200, want: `[{"event":"e"}]`},
		{row: "2.2 form with charset", target: "/e", body: "lib_version=1&data=eyJldmVudCI6ImUi+++", header: [2]string{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}, status: 400},
		{row: "2.2 header and query at once", target: "/batch?compression=gzip", body: pipelinetest.Gzip(tok + `"event":"e","distinct_id":"d"}`), header: [2]string{"Content-Encoding", "gzip"}, status: 200, want: `[{"event":"e"}]`},
		{row: "2.9 body", target: "/batch", body: strings.Repeat(" ", 20<<20) + goodEvent, status: 413},
		{row: "2.9 body", target: "/batch", body: `[` + strings.Repeat(" ", 19<<20) + goodEvent + `]`, status: 200, want: `[{"event":"e"}]`},
		{row: "2.3 array", target: "/batch", body: `[` + tok + `"event":"a","distinct_id":"d"},` + tok + `"event":"b","distinct_id":"d"}]`, status: 200, want: `[{"event":"a"},{"event":"b"}]`},
		{row: "2.3 unknown fields", target: "/batch", body: `{"api_key":"` + projectToken + `","x":{},"batch":[{"event":"e","distinct_id":"d","type":"capture","library":"l","context":{"a":[1]},"$device_id":7}]}`, status: 200, want: `[{"event":"e"}]`},
		{row: "2.3 empty array", target: "/e", body: `[]`, status: 400},
		{row: "2.4 token in $token", target: "/e", body: `{"$token":"` + projectToken + `","event":"e","distinct_id":"d"}`, status: 200, want: `[{"event":"e"}]`},
		{row: "2.4 token in api_key", target: "/e", body: `{"api_key":"` + projectToken + `","event":"e","distinct_id":"d"}`, status: 200, want: `[{"event":"e"}]`},
		{row: "2.4 token of a batch", target: "/batch", body: tok + `"batch":[{"event":"e","distinct_id":"d"}]}`, status: 200, want: `[{"event":"e"}]`},
		{row: "2.4 trimmed", target: "/e", body: `{"token":" ` + projectToken + ` ","event":"e","distinct_id":"d"}`, status: 200, want: `[{"event":"e"}]`},
		{row: "2.4 long", target: "/e", body: `{"token":"` + strings.Repeat("a", 65) + `","event":"e","distinct_id":"d"}`, status: 401},
		{row: "2.4 nul", target: "/e", body: `{"token":"a\u0000","event":"e","distinct_id":"d"}`, status: 401},
		{row: "2.5 $distinct_id", target: "/e", body: tok + `"event":"e","$distinct_id":"d"}`, status: 200, want: `[{"distinct_id":"d"}]`},
		{row: "2.7 sent_at", target: "/e?sent_at=1772365800000", body: tok + `"event":"e","distinct_id":"d","timestamp":"2026-03-01T11:40:00Z"}`, status: 200, want: `[{"timestamp":"2026-03-01T11:50:00.000Z"}]`},
		{row: "2.7 seconds are ignored", target: "/e?_=1772365800", body: tok + `"event":"e","distinct_id":"d","timestamp":"2026-03-01T11:40:00Z"}`, status: 200, want: `[{"timestamp":"2026-03-01T11:40:00.000Z"}]`},
		{row: "2.7 no number", target: "/e?_=now", body: tok + `"event":"e","distinct_id":"d","timestamp":"2026-03-01T11:40:00Z"}`, status: 200, want: `[{"timestamp":"2026-03-01T11:40:00.000Z"}]`},
		{row: "2.7 beacon", target: "/e/?beacon=1", body: tok + `"event":"e","distinct_id":"d"}`, status: 204, want: `[{"event":"e"}]`},
		{row: "2.7 parameters of no meaning", target: "/e/?ver=1.2&ip=0&retry_count=3&lib_version=7&x=", body: tok + `"event":"e","distinct_id":"d"}`, status: 200, want: `[{"properties":{"$ip":"192.0.2.1"}}]`},
		{row: "2.7 malformed parameters", target: "/e/?%zz=1&;&=&a", body: tok + `"event":"e","distinct_id":"d"}`, status: 200, want: `[{"event":"e"}]`},
		{row: "2.8 offset of another type", target: "/e", body: tok + `"event":"e","distinct_id":"d","offset":"1"}`, status: 400},
		{row: "2.8 no time", target: "/e", body: tok + `"event":"e","distinct_id":"d"}`, status: 200, want: `[{"timestamp":"2026-03-01T12:00:00.000Z"}]`},
		{row: "2.8 year", target: "/e", body: tok + `"event":"e","distinct_id":"d","offset":70000000000000}`, status: 200, want: `[{"timestamp":"1970-01-01T00:00:00.000Z"}]`},
		{row: "2.8 historical_migration", target: "/batch", body: tok + `"historical_migration":true,"batch":[{"event":"e","distinct_id":"d"}]}`, status: 200, want: `[{"properties":{"$historical_migration":true}}]`},
		{row: "2.13 /i/v0/ai/batch", target: "/i/v0/ai/batch/", body: tok + `"batch":[{"event":"$ai_generation","distinct_id":"d","properties":{"x":"` + strings.Repeat("x", 3<<20) + `"}}]}`, status: 200, want: `[{"event":"$ai_generation"}]`},
		{row: "1.1 /i/v1/logs", target: "/i/v1/logs", body: "{}", status: 404},
		{row: "1.1 /i/v1/logs", target: "/i/v1/metrics", body: "{}", status: 404},
		{row: "1.1 conversations", target: "/api/conversations/v1/widget", body: "{}", status: 404},
		{row: "4.1 a flag with a value", target: "/flags?v=2", body: tok + `"distinct_id":"d","flag_keys_to_evaluate":["a"]}`, status: 200},
		{row: "5.1 phones and others", target: "/batch", body: pipelinetest.Gzip(tok + `"sent_at":"2026-03-01T12:00:00.000Z","batch":[{"event":"e","distinct_id":"d","uuid":"0195512C-9D3E-7E4A-A4A3-0B0B0B0B0B0B","properties":{"$lib":"posthog-ios"},"timestamp":"2026-03-01T11:59:00.000Z"}]}`), header: [2]string{"Content-Encoding", "gzip"}, status: 200, want: `[{"uuid":"0195512c-9d3e-7e4a-a4a3-0b0b0b0b0b0b","timestamp":"2026-03-01T11:59:00.000Z","properties":{"$lib":"posthog-ios"}}]`},
		{row: "5.1 phones and others", target: "/i/v0/e/", body: tok + `"event":"e","$distinct_id":"d","properties":{"$lib":"posthog-rs"}}`, status: 200, want: `[{"event":"e","distinct_id":"d"}]`},
		{row: "5.1 phones and others", target: "/flags/?v=2", body: tok + `"distinct_id":"d"}`, status: 200},
		{row: "6.3 person_mode", target: "/e", body: tok + `"event":"e","distinct_id":"d","properties":{"$process_person_profile":false}}`, status: 200, want: `[{"properties":{"$process_person_profile":false}}]`},
		{row: "6.5 indexes of groups", target: "/e", body: tok + `"event":"e","distinct_id":"d","properties":{"$group_0":"mine","$groups":{"company":"acme"}}}`, status: 200, want: `[{"properties":{"$group_0":"mine","$groups":{"company":"acme"}}}]`},
		{row: "8.1 disabled source", target: "/v1/track?writeKey=no_longer_there", body: `{"userId":"d","event":"e"}`, status: 401},
		{row: "8.3 messageId of more than 100 characters", target: "/v1/track?writeKey=" + projectToken, body: `{"userId":"d","event":"e","messageId":"` + strings.Repeat("m", 150) + `"}`, status: 200, want: `[{"event":"e"}]`},
		{row: "12.9 newest columns", target: "/batch", body: tok + `"historical_migration":true,"batch":[{"event":"e","distinct_id":"d"}]}`, status: 200, want: `[{"properties":{"$historical_migration":true}}]`},
		{row: "6.3 $process_person_profile", target: "/e", body: tok + `"event":"e","distinct_id":"d","$set":{"a":1},"$unset":["c"],"properties":{"$set":{"a":2},"$group_0":"acme","$group_type":"t","a":1,"$process_person_profile":false,"$set_once":{"b":1},"$unset":["d"]}}`, status: 200, want: `[{"properties":{"$process_person_profile":false,"$set":null,"$set_once":null,"$unset":null,"$group_0":null,"$group_type":"t","a":1}}]`},
		{row: "6.3 $process_person_profile", target: "/e", body: tok + `"event":"e","distinct_id":"d","$set":{"a":1},"properties":{"$process_person_profile":"false","$group_0":"acme"}}`, status: 200, want: `[{"properties":{"$process_person_profile":"false","$set":{"a":1},"$group_0":"acme"}}]`},
		{row: "6.3 $process_person_profile", target: "/v1/track?writeKey=" + projectToken, body: `{"userId":"d","event":"e","properties":{"$process_person_profile":false},"context":{"traits":{"a":1}}}`, status: 200, want: `[{"properties":{"$process_person_profile":false,"$set":null}}]`},
		{row: "6.3 personless events about persons", target: "/batch", body: tok + `"batch":[{"event":"$identify","distinct_id":"d","properties":{"$process_person_profile":false}},{"event":"$groupidentify","distinct_id":"d","properties":{"$process_person_profile":false}},{"event":"$create_alias","distinct_id":"d","properties":{"$process_person_profile":true}}]}`, status: 200, want: `[{"event":"$create_alias"}]`},
		{row: "6.3 personless events about persons", target: "/e", body: tok + `"event":"$merge_dangerously","distinct_id":"d","properties":{"$process_person_profile":false}}`, status: 200},
		{row: "6.5 $groups", target: "/e", body: tok + `"event":"e","distinct_id":"d","properties":{"$groups":{"company":"acme"}}}`, status: 200, want: `[{"properties":{"$groups":{"company":"acme"}}}]`},
		{row: "13.10 deep JSON", target: "/e", body: tok + `"event":"e","distinct_id":"d","properties":{"x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}}`, status: 400},
		{row: "13.10 million elements", target: "/batch", body: tok + `"batch":[` + strings.Repeat("0,", 1_000_000) + `0]}`, status: 413},
	} {
		t.Run(test.row, func(t *testing.T) {
			fx := newFixture(t)
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(test.body))
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(test.target, "?")
			if test.header[0] != "" {
				r.Header.Set(test.header[0], test.header[1])
			}
			if answer := fx.do(r); answer.Code != test.status || test.status == http.StatusNoContent && answer.Body.Len() > 0 {
				t.Errorf("status\n  got  %d %s\n  want %d", answer.Code, answer.Body, test.status)
			}
			var want []any
			if test.want != "" {
				decode(t, []byte(test.want), &want)
			}
			events := fx.log.take(t)
			if len(events) != len(want) {
				t.Fatalf("%d events stored, want %d", len(events), len(want))
			}
			for i := range events {
				for _, m := range missing(want[i], any(decodeObject(t, events[i].AppendJSON(nil))), "event") {
					t.Error(m)
				}
			}
		})
	}
}

// Every path is there with and without a slash at its end, takes its methods and OPTIONS, and no others.
func TestPaths(t *testing.T) {
	both, posted, gotten := []string{"POST", "GET"}, []string{"POST"}, []string{"GET"}
	for row, path := range map[string]struct {
		methods []string
		paths   []string
	}{
		"1.1 /e":                 {both, []string{"/e", "/i/v0/e"}},
		"1.1 /batch":             {both, []string{"/batch"}},
		"1.1 /capture":           {both, []string{"/capture", "/track"}},
		"1.1 /engage":            {both, []string{"/engage"}},
		"1.1 /s":                 {both, []string{"/s"}},
		"1.1 /i/v0/ai/batch":     {both, []string{"/i/v0/ai/batch"}},
		"1.1 multipart and otlp": {posted, []string{"/i/v0/ai", "/i/v0/ai/otel", "/i/v0/ai/otel/v1/traces"}},
		"1.1 v1":                 {posted, []string{"/i/v1/analytics/events", "/i/v1/ai/events"}},
		"1.1 /flags":             {both, []string{"/flags"}},
		"1.1 /decide":            {both, []string{"/decide"}},
		"1.1 remote config":      {gotten, []string{"/array/" + projectToken + "/config", "/array/" + projectToken + "/config.js"}},
		"1.1 small answers":      {gotten, []string{"/api/surveys", "/api/early_access_features", "/api/web_experiments", "/api/product_tours"}},
		"1.1 flag definitions":   {gotten, []string{"/flags/definitions", "/api/feature_flag/local_evaluation"}},
		"1.1 probes":             {gotten, []string{"/_readiness", "/_liveness", "/_health"}},
		"1.2 messages":           {posted, []string{"/v1/track", "/v1/identify", "/v1/page", "/v1/screen", "/v1/group", "/v1/alias", "/v1/batch", "/v1/import", "/v1/merge"}},
		"1.2 first letters":      {posted, []string{"/v1/t", "/v1/i", "/v1/p", "/v1/s", "/v1/g", "/v1/a", "/v1/b"}},
		"1.2 /v1/m":              {posted, []string{"/v1/m"}},
		"1.2 /beacon/v1/batch":   {posted, []string{"/beacon/v1/batch"}},
		"1.2 settings":           {gotten, []string{"/v1/projects/wk_test_0001/settings"}},
		"1.2 /sourceConfig":      {gotten, []string{"/sourceConfig"}},
		"1.2 pixels":             {gotten, []string{"/pixel/v1/track", "/pixel/v1/page"}},
		"1.2 health and version": {gotten, []string{"/health", "/version"}},
	} {
		t.Run(row, func(t *testing.T) {
			fx := newFixture(t)
			for _, target := range path.paths {
				for _, target := range []string{target, target + "/"} {
					for _, method := range []string{"GET", "POST", "OPTIONS", "PUT", "DELETE"} {
						code := fx.do(httptest.NewRequest(method, target, nil)).Code
						takes := slices.Contains(path.methods, method) || method == "OPTIONS"
						if refused := code == http.StatusMethodNotAllowed; takes == refused || code == http.StatusNotFound || code >= 300 && code < 400 {
							t.Errorf("%s %s: %d", method, target, code)
						}
					}
				}
			}
		})
	}
	t.Run("1.1 remote_config of a flag", func(t *testing.T) {
		for _, target := range []string{"/api/projects/@current/feature_flags/x/remote_config", "/api/projects/7/feature_flags/x/remote_config"} {
			checkError(t, newFixture(t).get(target), 404, "not_found")
		}
	})
	t.Run("2.3 all shapes on all paths", func(t *testing.T) {
		event := `"event":"e","distinct_id":"d"}`
		for _, target := range []string{"/e", "/i/v0/e", "/capture", "/track", "/engage", "/batch", "/i/v0/ai/batch"} {
			for _, body := range []string{tok + event, "[" + tok + event + "]", tok + `"batch":[{` + event + "]}"} {
				fx := newFixture(t)
				if answer := fx.post(target, body); answer.Code != 200 || len(fx.log.take(t)) != 1 {
					t.Errorf("%s with %s: %d %s", target, body, answer.Code, answer.Body)
				}
			}
		}
	})
}

func TestCORS(t *testing.T) {
	ask := func(method, origin, headers string) http.Header {
		r := httptest.NewRequest(method, "/batch", strings.NewReader(goodEvent))
		r.Header.Set("Origin", origin)
		if headers != "" {
			r.Header.Set("Access-Control-Request-Headers", headers)
		}
		return newFixture(t).do(r).Header()
	}
	t.Run("2.1 allow origin", func(t *testing.T) {
		for _, origin := range []string{"https://shop.example", "null"} {
			if got := ask("POST", origin, "").Get("Access-Control-Allow-Origin"); got != origin {
				t.Errorf("got %q, want %q", got, origin)
			}
		}
	})
	for row, want := range map[string][2]string{
		"2.1 allow credentials": {"Access-Control-Allow-Credentials", "true"},
		"2.1 allow headers":     {"Access-Control-Allow-Headers", "authorization,posthog-sdk-info"},
		"2.1 allow methods":     {"Access-Control-Allow-Methods", "GET, POST, OPTIONS"},
		"2.1 vary":              {"Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"},
		"2.1 max age":           {"Access-Control-Max-Age", "900"},
	} {
		t.Run(row, func(t *testing.T) {
			if got := ask("OPTIONS", "https://shop.example", "authorization,posthog-sdk-info").Get(want[0]); got != want[1] {
				t.Errorf("%s is %q, want %q", want[0], got, want[1])
			}
		})
	}
}

// Features that there are none of have answers that SDKs take for that.
func TestEmptyAnswers(t *testing.T) {
	for row, test := range map[string][2]string{
		"4.4 surveys":               {"/api/surveys/?token=x&_=1", `{"surveys":[],"survey_config":null}`},
		"4.4 early access features": {"/api/early_access_features/", `{"earlyAccessFeatures":[]}`},
		"4.4 web experiments":       {"/api/web_experiments/", `{"experiments":[]}`},
		"4.4 product tours":         {"/api/product_tours/", `{"product_tours":[]}`},
		"4.5 flag definitions":      {"/flags/definitions?token=x&send_cohorts", `{"flags":[],"group_type_mapping":{},"cohorts":{}}`},
	} {
		t.Run(row, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, test[0], nil)
			r.Header.Set("Authorization", "Bearer phx_whatever")
			if answer := newFixture(t).do(r); answer.Code != 200 || answer.Body.String() != test[1] {
				t.Errorf("got %d %s\nwant 200 %s", answer.Code, answer.Body, test[1])
			}
		})
	}
}

// What the browser SDKs are told at the start has every key that they read.
func TestClientConfig(t *testing.T) {
	config := decodeObject(t, newFixture(t).get("/array/"+projectToken+"/config").Body.Bytes())
	for row, want := range map[string]any{
		"4.2 supportedCompression":  []any{"gzip", "gzip-js"},
		"4.2 hasFeatureFlags":       false,
		"4.2 analytics":             map[string]any{"endpoint": "/i/v0/e/"},
		"4.2 elementsChainAsString": true,
		"4.2 autocapture_opt_out":   false,
		"4.2 capturePerformance":    false,
		"4.2 defaultIdentifiedOnly": true,
		"4.2 siteApps":              []any{},
	} {
		t.Run(row, func(t *testing.T) {
			for _, m := range missing(want, config[strings.TrimPrefix(row, "4.2 ")], row) {
				t.Error(m)
			}
		})
	}
	t.Run("4.2 what is off", func(t *testing.T) {
		for _, off := range []string{"captureDeadClicks", "heatmaps", "surveys", "productTours", "autocaptureExceptions", "logs", "conversations"} {
			if config[off] != false {
				t.Errorf("%s is %v", off, config[off])
			}
		}
		if tracking, ok := config["errorTracking"].(map[string]any); !ok || tracking["autocaptureExceptions"] != false {
			t.Errorf("errorTracking is %v", config["errorTracking"])
		}
	})
	t.Run("4.2 config.js", func(t *testing.T) {
		answer := newFixture(t).get("/array/" + projectToken + "/config.js")
		if h := answer.Header(); !strings.HasPrefix(h.Get("Content-Type"), "application/javascript") || !strings.Contains(h.Get("Cache-Control"), "max-age=") {
			t.Errorf("headers %v", h)
		}
	})
}
