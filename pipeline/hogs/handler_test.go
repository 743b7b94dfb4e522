package hogs

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
)

func handler(t *testing.T, code string, limits hog.Limits) *Handler {
	t.Helper()
	h, err := CompileHandler(pipeline.Code{Text: code}, limits, pipeline.Env{Project: pipeline.Project{ID: 7, Name: "shop"}})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

var someRequest = Request{
	Method: "POST", Headers: map[string]string{"x-kind": "order"}, Query: map[string]string{"a": "1,2"}, IP: "192.0.2.1",
	Body: []byte(`{"id":"o1","sum":12.5,"at":1767225600}`), Text: `{"id":"o1", "sum":12.5,"at":1767225600}`,
}

// Every way of giving events, and what the program sees of the request.
func TestHandlerEvents(t *testing.T) {
	for code, want := range map[string][]string{
		`return null`:  nil,
		`return false`: nil,
		`let x := 1`:   nil,
		`return {'event': request.headers['x-kind'], 'distinct_id': request.body.id}`:             {`{"event":"order","distinct_id":"o1"}`},
		`return [{'event': request.method}, {'event': request.ip}]`:                               {`{"event":"POST"}`, `{"event":"192.0.2.1"}`},
		`return [{'event': request.query.a}]`:                                                     {`{"event":"1,2"}`},
		`return {'event': request.stringBody}`:                                                    {`{"event":"{\"id\":\"o1\", \"sum\":12.5,\"at\":1767225600}"}`},
		`return {'event': concat(project.name, '/', source.name, '/', toString(project.id))}`:     {`{"event":"shop/orders/7"}`},
		`postHogCapture({'event': 'a'}) postHogCapture({'event': 'b'})`:                           {`{"event":"a"}`, `{"event":"b"}`},
		`postHogCapture({'event': 'a'}) return {'event': 'b'}`:                                    {`{"event":"a"}`, `{"event":"b"}`},
		`return {'event': 'a', 'timestamp': toDateTime(request.body.at)}`:                         {`{"event":"a","timestamp":"2026-01-01T00:00:00.000Z"}`},
		`return {'event': 'a', 'properties': cleanNullValues({'x': null, 'y': request.body.zz})}`: {`{"event":"a","properties":{}}`},
	} {
		reply, err := handler(t, code, hog.Limits{}).Handle(t.Context(), "orders", someRequest)
		var got []string
		for _, e := range reply.Events {
			got = append(got, string(e))
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil || reply.Answer != nil {
			t.Errorf("%s: %v, answer %v (-want +got)\n%s", code, err, reply.Answer, diff)
		}
	}
}

func TestHandlerAnswers(t *testing.T) {
	for code, want := range map[string]Answer{
		`{}`:                                {200, plainText, nil},
		`{'status': 422, 'body': {'a': 1}}`: {422, "application/json", []byte(`{"a":1}`)},
		`{'body': 'x'}`:                     {200, plainText, []byte("x")},
		`{'body': '<Response/>', 'contentType': 'text/xml'}`:                    {200, "text/xml", []byte("<Response/>")},
		`{'body': '<script>', 'contentType': 'text/html'}`:                      {200, plainText, []byte("<script>")},
		`{'body': 'R0lG', 'isBase64Encoded': true, 'contentType': 'image/gif'}`: {200, "image/gif", []byte("GIF")},
		`{'status': 200, 'body': [1], 'contentType': 'image/svg+xml'}`:          {200, plainText, []byte("[1]")},
	} {
		reply, err := handler(t, "postHogCapture({'event': 'e'}) return {'httpResponse': "+code+"}", hog.Limits{}).Handle(t.Context(), "s", someRequest)
		if err != nil || len(reply.Events) != 1 {
			t.Errorf("%s: %d events, %v", code, len(reply.Events), err)
			continue
		}
		if diff := cmp.Diff(&want, reply.Answer); diff != "" {
			t.Errorf("%s (-want +got)\n%s", code, diff)
		}
	}
}

func TestHandlerFailures(t *testing.T) {
	for code, want := range map[string]string{
		`throw Error('no')`: "no",
		`postHogCapture({'event': 'kept'}) throw Error('after')`: "after",
		`return 1`:                                   "want an object with event, distinct_id and properties, got number",
		`return {'name': 'x'}`:                       "want the event's name",
		`postHogCapture('x')`:                        "want an object",
		`postHogCapture()`:                           "want one object",
		`return {'httpResponse': {'status': 302}}`:   "want a status from 200 to 299",
		`return {'httpResponse': {'status': '200'}}`: "want a status from 200 to 299",
		`return {'httpResponse': 1}`:                 "want an object with status",
		`return {'httpResponse': {}, 'event': 'x'}`:  "want httpResponse alone",
		`return {'httpResponse': {'body': '%', 'isBase64Encoded': true}}`: "no base64",
		`while (true) { postHogCapture({'event': 'e'}) }`:                 "more than 10000 events",
	} {
		reply, err := handler(t, code, hog.Limits{Time: 10 * time.Second}).Handle(t.Context(), "s", someRequest)
		if err == nil || !strings.Contains(err.Error(), want) || len(reply.Events) > 0 {
			t.Errorf("%s: %d events\n got %v\nwant %s", code, len(reply.Events), err, want)
		}
	}
	_, err := handler(t, `while (true) {}`, hog.Limits{Steps: 1000}).Handle(t.Context(), "s", someRequest)
	var run *RunError
	if !errors.As(err, &run) || run.ErrorClass() != "limit" {
		t.Errorf("endless: %v", err)
	}
}

func TestHandlerMistakes(t *testing.T) {
	for code, want := range map[string]string{
		`return event`:         "1:8: event is not available here; the function of a webhook sees request, project and source",
		`return inputs.x`:      "1:8: inputs is not available here",
		`return reqest.body`:   "did you mean `request`",
		`posthogCapture({})`:   "postHogCapture",
		`return {'event': 'a'`: "1:",
		`fetch('http://a.b')`:  "reach nothing outside",
	} {
		_, err := CompileHandler(pipeline.Code{Text: code, Pos: pipeline.Pos{File: "f", Line: 1, Col: 1}}, hog.Limits{}, pipeline.Env{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", code, err, want)
		}
	}
}
