package capture

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
)

func TestSynthetic(t *testing.T) {
	cases := recordings(t, "synthetic/*.json")
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			fx.now = parseTime(t, c.Clock)
			answer := fx.do(c.Request.build(t))
			events := fx.log.take(t)
			checkAnswer(t, c.Expect, answer)
			checkEvents(t, fx, c.Expect, events)
		})
	}
}

func checkAnswer(t *testing.T, want expectation, got *httptest.ResponseRecorder) {
	t.Helper()
	if got.Code != want.Status {
		t.Errorf("status\n  got  %d %s\n  want %d", got.Code, got.Body, want.Status)
	}
	if want.IncludesStatus {
		if _, ok := decodeObject(t, got.Body.Bytes())["status"]; !ok {
			t.Errorf("answer has no status: %s", got.Body)
		}
	}
	if want.BodyLen != nil && got.Body.Len() != *want.BodyLen {
		t.Errorf("answer is %d bytes, want %d", got.Body.Len(), *want.BodyLen)
	}
	if want.Results != nil {
		if diff := cmp.Diff(any(want.Results), any(results(t, got))); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
	}
	for name, value := range want.Headers {
		if got.Header().Get(name) != value {
			t.Errorf("header %s\n  got  %q\n  want %q", name, got.Header().Get(name), value)
		}
	}
	for _, method := range want.MethodsInclude {
		if allowed := got.Header().Get("Access-Control-Allow-Methods"); !strings.Contains(allowed, method) {
			t.Errorf("Allow-Methods %q lacks %s", allowed, method)
		}
	}
}

// results are what an answer of capture mode v1 says of each event.
func results(t *testing.T, answer *httptest.ResponseRecorder) map[string]map[string]any {
	t.Helper()
	var body struct {
		Results map[string]map[string]any `json:"results"`
	}
	decode(t, answer.Body.Bytes(), &body)
	return body.Results
}

func checkEvents(t *testing.T, fx *fixture, want expectation, got []pipeline.Event) {
	t.Helper()
	if len(got) != len(want.Events) {
		t.Fatalf("got %d events, want %d", len(got), len(want.Events))
	}
	for i, w := range want.Events {
		g := got[i]
		for key, value := range w {
			var have any
			switch key {
			case "event":
				have = g.Name
			case "distinct_id":
				have = g.DistinctID
			case "uuid":
				have = g.UUID
			case "timestamp":
				have = g.Timestamp.Format(pipeline.TimeFormat)
			case "properties":
				have = decodeObject(t, g.Properties)
			case "historical_migration":
				have = decodeObject(t, g.Properties)["$historical_migration"]
			case "token", "write_key":
				have = g.Source
				value = fx.keys.find(value.(string)).name
			default:
				t.Fatalf("the test does not know how to check %q", key)
			}
			for _, m := range missing(value, have, key) {
				t.Error(m)
			}
		}
		if id, err := uuid.Parse(g.UUID); want.UUIDGenerated && (err != nil || id.Version() != 7) {
			t.Errorf("uuid %q is not a fresh one of version 7", g.UUID)
		}
	}
}
