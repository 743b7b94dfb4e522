package webhooks_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An event that a function has made makes no others, in whatever form it comes back, and the log says so once.
func TestNoFunctionFeedsItself(t *testing.T) {
	f := serve(t, `
  in:
    verify: none
    hog:
      code: |
        postHogCapture({'event': 'again', 'distinct_id': 'd', 'properties': request.body.properties})
        if (request.body.answer) { return {'httpResponse': {'status': 202, 'body': 'taken', 'contentType': 'text/plain'}} }
  map: {verify: none, map: {event: '"mapped"', distinct_id: '"d"'}}`)
	if w := f.post("/webhooks/in", `{"event":"first","properties":{"x":1}}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	events := f.take(t)
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	made := string(events[0].AppendJSON(nil))
	if !strings.Contains(made, `"$hog_function_execution_count":1`) {
		t.Fatal(made)
	}
	for _, body := range []string{made, "[" + made + "]", `{"batch":[{"event":"e"},` + made + `]}`, fmt.Sprintf(`{"answer":true,"event":%s}`, made)} {
		w := f.post("/webhooks/in", body)
		if events := f.take(t); len(events) != 0 || w.Code >= 300 {
			t.Errorf("%d %s, %d events of %s", w.Code, w.Body, len(events), body)
		}
		if strings.Contains(body, "answer") && w.Body.String() != "taken" {
			t.Errorf("the function's answer is lost: %d %s", w.Code, w.Body)
		}
	}
	for _, body := range []string{
		`{"properties":{"$hog_function_execution_count":0}}`, `{"properties":{"$hog_function_execution_count":"1"}}`, `{"text":"$hog_function_execution_count\":1"}`,
	} {
		f.post("/webhooks/in", body)
		if events := f.take(t); len(events) != 1 || string(events[0].Properties) == "" || !strings.Contains(string(events[0].Properties), `"$hog_function_execution_count":1`) {
			t.Errorf("%d events of %s", len(events), body)
		}
	}
	if f.post("/webhooks/map", made); len(f.take(t)) != 1 {
		t.Error("expressions are no function")
	}
	want := map[string]uint64{"stored": 4, "looped": 4}
	if diff := cmp.Diff(want, f.hooks["in"].Stats().Outcomes()); diff != "" {
		t.Error(diff)
	}
	if n := strings.Count(f.logged.String(), "a function has made the event"); n != 1 {
		t.Errorf("told %d times\n%s", n, &f.logged)
	}
}
