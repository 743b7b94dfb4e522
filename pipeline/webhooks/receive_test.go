package webhooks_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// line is an event as text, without what differs between runs.
func line(e *pipeline.Event) string {
	at := ""
	if !e.Timestamp.Equal(e.ReceivedAt) {
		at = " at " + e.Timestamp.Format(time.RFC3339)
	}
	return fmt.Sprintf("%s %s %s%s %s", e.Source, e.Name, e.DistinctID, at, e.Properties)
}

// What becomes of requests by map, by the rules of captured events.
func TestMap(t *testing.T) {
	f := serve(t, `
  github:
    verify: none
    methods: [post, GET]
    map:
      when: headers["x-github-event"] != "ping"
      event: '"github." + (headers["x-github-event"] ?? "?")'
      distinct_id: body.sender.id ?? query.who
      timestamp: body.at
      uuid: headers["x-id"]
      properties:
        repo: body.repo
        long: body.long
        nothing: body.nope
        from: {ip: ip, method: method, source: source.name, list: [1, 'len(text)']}
        constant: true
  whole: {verify: none, map: {event: body.kind, distinct_id: string(body.who), properties: body}}`)
	const lib = `"$lib":"prickle-webhook","$ip":"192.0.2.7"}`
	post := func(path, body string, headers ...string) func() int {
		return func() int { return f.post(path, body, headers...).Code }
	}
	for _, c := range []struct {
		name   string
		do     func() int
		status int
		want   []string
	}{
		{"json", post("/webhooks/github", `{"sender":{"id":583231},"repo":"r","long":12345678901234567890,"at":"2026-01-01T00:00:00Z"}`, "X-GitHub-Event", "push"), 200, []string{
			`github github.push 583231 at 2026-01-01T00:00:00Z {"repo":"r","long":12345678901234567890,"from":{"ip":"192.0.2.7","method":"POST","source":"github","list":[1,91]},"constant":true,` + lib,
		}},
		{"alias", post("/public/webhooks/github/", `{"sender":{"id":"a"},"at":1767225600}`), 200, []string{
			`github github.? a at 2026-01-01T00:00:00Z {"from":{"ip":"192.0.2.7","method":"POST","source":"github","list":[1,37]},"constant":true,` + lib,
		}},
		{"when", post("/webhooks/github", `{}`, "X-GitHub-Event", "ping"), 200, nil},
		{"form", post("/webhooks/whole", `kind=a%20b&who=%E2%98%83&x=1&x=2`, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), 200, nil},
		{"no id", post("/webhooks/github", `{"sender":null}`), 400, nil},
		{"no id by string()", post("/webhooks/whole", `{"kind":"k"}`), 400, nil},
		{"no event", post("/webhooks/whole", `{"who":"w"}`), 400, nil},
		{"no object", post("/webhooks/whole", `[1]`), 400, nil},
		{"text", post("/webhooks/whole", `hello`), 400, nil},
		{"empty", post("/webhooks/whole", ``), 400, nil},
		{"number for text", post("/webhooks/whole", `{"kind":7,"who":true,"$lib":"mine","$ip":null}`), 200, []string{
			`whole 7 true {"kind":7,"who":true,"$lib":"mine","$ip":null}`,
		}},
		{"token of another", post("/webhooks/whole", `{"kind":"k","who":"w","token":"phc_local","api_key":"x"}`), 200, []string{
			`whole k w {"kind":"k","who":"w","api_key":"x",` + lib,
		}},
	} {
		status := c.do()
		events := f.take(t)
		var got []string
		for i := range events {
			got = append(got, line(&events[i]))
		}
		if c.name == "form" { // whose fields come in no order
			if len(events) != 1 || events[0].Name != "a b" || events[0].DistinctID != "☃" || events[0].Properties.String("x") != "1,2" {
				t.Errorf("form: %q", got)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" || status != c.status {
			t.Errorf("%s: status %d, want %d (-want +got)\n%s", c.name, status, c.status, diff)
		}
	}
	w := f.do(httptest.NewRequest(http.MethodGet, "/webhooks/github?who=me", nil))
	if events := f.take(t); w.Code != 200 || len(events) != 1 || events[0].DistinctID != "me" {
		t.Errorf("GET: %d %s, %d events", w.Code, w.Body, len(events))
	}
	if got, want := f.hooks["github"].Stats().Events.Load(), uint64(3); got != want {
		t.Errorf("events of github\n got %d\nwant %d", got, want)
	}
}

// A function captures, answers, fails; nothing of a failure is stored, and the body stays out of the log.
func TestFunction(t *testing.T) {
	f := serve(t, `
  in:
    verify: none
    methods: [POST, GET]
    hog:
      code: |
        let b := request.body
        if (request.method == 'GET') {
            postHogCapture({'event': request.query.ph_event, 'distinct_id': request.query.ph_distinct_id})
            return {'httpResponse': {'status': 200, 'body': 'R0lGODlhAQABAAAAACwAAAAAAQABAAA=', 'contentType': 'image/gif', 'isBase64Encoded': true}}
        }
        if (b.do == 'challenge') { return {'httpResponse': {'body': b.challenge, 'contentType': 'text/plain'}} }
        if (b.do == 'list') { return [{'event': 'a', 'distinct_id': 1}, {'event': 'b', 'distinct_id': 2, 'properties': {'x': b.x}}] }
        if (b.do == 'nothing') { return null }
        if (b.do == 'decline') { return {'httpResponse': {'status': 422, 'body': {'problem': 'no id'}}} }
        postHogCapture({'event': 'before', 'distinct_id': 'd', 'properties': b, 'timestamp': b.at})
        if (b.do == 'throw') { throw Error('broken') }
        if (b.do == 'endless') { while (true) {} }
        if (b.do == 'invalid') { return {'event': 'c'} }
      limits: {steps: 100000}`)
	const success = `{"status":"ok"}`
	const added = `"$hog_function_execution_count":1,"$lib":"prickle-webhook","$ip":"192.0.2.7"}`
	for _, c := range []struct {
		body   string
		status int
		answer string
		want   []string
	}{
		{`{"do":"challenge","challenge":"abc"}`, 200, "abc", nil},
		{`{"do":"list","x":"y"}`, 200, success, []string{"in a 1 {" + added, `in b 2 {"x":"y",` + added}},
		{`{"do":"nothing"}`, 200, success, nil},
		{`{"do":"decline"}`, 422, `{"problem":"no id"}`, nil},
		{`{"do":"other","at":1767225600}`, 200, success, []string{`in before d at 2026-01-01T00:00:00Z {"do":"other","at":1767225600,` + added}},
		{`{"do":"throw","private":"hunter2"}`, 500, `"code":"function_failed"`, nil},
		{`{"do":"endless","private":"hunter2"}`, 500, `"code":"function_failed"`, nil},
		{`{"do":"invalid","private":"hunter2"}`, 500, `"code":"function_failed"`, nil},
	} {
		f.now = f.now.Add(time.Hour) // so that the log is told of every failure
		w := f.post("/webhooks/in", c.body)
		events := f.take(t)
		var got []string
		for i := range events {
			got = append(got, line(&events[i]))
		}
		if diff := cmp.Diff(c.want, got); diff != "" || w.Code != c.status || !strings.Contains(w.Body.String(), c.answer) {
			t.Errorf("%s: %d %s (-want +got)\n%s", c.body, w.Code, w.Body, diff)
		}
	}
	log := f.logged.String()
	if strings.Contains(log, "hunter2") || strings.Count(log, "level=ERROR") != 3 || !strings.Contains(log, "broken") || !strings.Contains(log, "distinct_id is missing") {
		t.Errorf("log\n%s", log)
	}
	want := map[string]uint64{"stored": 2, "empty": 2, "declined": 1, "function_failed": 3}
	if diff := cmp.Diff(want, f.hooks["in"].Stats().Outcomes()); diff != "" {
		t.Error(diff)
	}

	w := f.do(httptest.NewRequest(http.MethodGet, "/public/webhooks/in?ph_event=open&ph_distinct_id=ada", nil))
	gif, _ := base64.StdEncoding.DecodeString("R0lGODlhAQABAAAAACwAAAAAAQABAAA=")
	if events := f.take(t); len(events) != 1 || events[0].Name != "open" || w.Body.String() != string(gif) {
		t.Errorf("pixel: %d events, %q", len(events), w.Body)
	}
	for name, value := range map[string]string{
		"Content-Type": "image/gif", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; sandbox",
	} {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// The log is told about failures once a minute, whatever comes in.
func TestLogIsNotFlooded(t *testing.T) {
	f := serve(t, `  in: {verify: {scheme: bearer, secret: s3cret}, hog: {code: "throw Error('no')"}}`)
	for range 5 {
		f.post("/webhooks/in", "{}")
		f.post("/webhooks/in", "{}", "Authorization", "Bearer s3cret")
	}
	f.now = f.now.Add(time.Minute)
	f.post("/webhooks/in", "{}")
	if log := f.logged.String(); strings.Count(log, "\n") != 3 || !strings.Contains(log, "since_last=4") {
		t.Errorf("log\n%s", log)
	}
}

// A delivery that comes again gives the same UUIDs; another gives others. What identifies it depends on the scheme.
func TestUUIDs(t *testing.T) {
	const both = `hog: {code: "return [{'event': 'a', 'distinct_id': 'd'}, {'event': 'b', 'distinct_id': 'd'}]"}`
	f := serve(t, `
  github: {verify: {scheme: github, secret: s3cret}, `+both+`}
  stripe: {verify: {scheme: stripe, secret: s3cret}, `+both+`}
  hmac: {verify: {scheme: hmac, secret: s3cret, header: X-Sig, timestamp: X-Time}, `+both+`}
  none: {verify: none, `+both+`}
  id: {verify: {scheme: none, id: X-Id}, `+both+`}
  own: {verify: none, map: {event: '"e"', distinct_id: '"d"', uuid: body.id}}`)
	ids := func(path, body string, headers ...string) string {
		t.Helper()
		if w := f.post("/webhooks/"+path, body, headers...); w.Code != 200 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		var all []string
		for _, e := range f.take(t) {
			if uuid.Validate(e.UUID) != nil {
				t.Errorf("%s: %q", path, e.UUID)
			}
			all = append(all, e.UUID)
		}
		if len(all) == 2 && all[0] == all[1] {
			t.Errorf("%s: two events have one UUID", path)
		}
		return strings.Join(all, " ")
	}
	signed := func(body string) []string {
		return []string{"X-Hub-Signature-256", "sha256=" + sha256MAC("s3cret", body)}
	}
	stripe := func(body string, at time.Time) []string {
		stamp := fmt.Sprint(at.Unix())
		return []string{"Stripe-Signature", "t=" + stamp + ",v1=" + sha256MAC("s3cret", stamp+"."+body)}
	}
	timed := func(body string, at time.Time) []string {
		stamp := fmt.Sprint(at.Unix())
		return []string{"X-Time", stamp, "X-Sig", sha256MAC("s3cret", stamp+"."+body)}
	}
	later := f.now.Add(time.Minute)
	for name, c := range map[string]struct {
		first, second string
		same          bool
	}{
		"github, same id":           {ids("github", "{}", append(signed("{}"), "X-GitHub-Delivery", "1")...), ids("github", "{}", append(signed("{}"), "X-GitHub-Delivery", "1")...), true},
		"github, other id":          {ids("github", "{}", append(signed("{}"), "X-GitHub-Delivery", "1")...), ids("github", "{}", append(signed("{}"), "X-GitHub-Delivery", "2")...), false},
		"github, no id":             {ids("github", "{}", signed("{}")...), ids("github", "{}", signed("{}")...), true},
		"stripe, changed and later": {ids("stripe", `{"id":"evt_1","pending":2}`, stripe(`{"id":"evt_1","pending":2}`, f.now)...), ids("stripe", `{"id":"evt_1","pending":1}`, stripe(`{"id":"evt_1","pending":1}`, later)...), true},
		"stripe, other event":       {ids("stripe", `{"id":"evt_1"}`, stripe(`{"id":"evt_1"}`, f.now)...), ids("stripe", `{"id":"evt_2"}`, stripe(`{"id":"evt_2"}`, f.now)...), false},
		"hmac, replayed":            {ids("hmac", "{}", timed("{}", f.now)...), ids("hmac", "{}", timed("{}", f.now)...), true},
		"hmac, the same body later": {ids("hmac", "{}", timed("{}", f.now)...), ids("hmac", "{}", timed("{}", later)...), false},
		"none":                      {ids("none", "{}"), ids("none", "{}"), false},
		"none, same id":             {ids("id", "{}", "X-Id", "1"), ids("id", "{}", "X-Id", "1"), true},
		"none, other id":            {ids("id", "{}", "X-Id", "1"), ids("id", "{}", "X-Id", "2"), false},
		"two webhooks":              {ids("id", "{}", "X-Id", "1"), ids("github", "{}", append(signed("{}"), "X-Id", "1")...), false},
		"own, text":                 {ids("own", `{"id":"x"}`), ids("own", `{"id":"x","y":1}`), true},
		"own, number":               {ids("own", `{"id":7}`), ids("own", `{"id":8}`), false},
	} {
		if (c.first == c.second) != c.same {
			t.Errorf("%s\nfirst  %s\nsecond %s", name, c.first, c.second)
		}
	}
	const given = "0198AABB-CCDD-7EEF-8001-020304050607"
	if got := ids("own", `{"id":"`+given+`"}`); got != strings.ToLower(given) {
		t.Errorf("own UUID: %s", got)
	}
}

// A body in gzip is read when it is announced, after what was sent has been proved.
func TestGzip(t *testing.T) {
	f := serve(t, `
  in: {verify: none, max_body: 1000, keep_body: true, map: {event: '"e"', distinct_id: body.id}}
  signed: {verify: {scheme: github, secret: made-up}, hog: {code: "return {'event': 'e', 'distinct_id': request.stringBody}"}}`)
	const text = `{"id":"d"}`
	zipped := pipelinetest.Gzip(text)
	mac := hmac.New(sha256.New, []byte("made-up"))
	mac.Write([]byte(zipped))
	signature := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	for _, test := range []struct {
		name, body, encoding string
		status               int
		answer, id           string
	}{
		{"in", zipped, "gzip", 200, "ok", "d"},
		{"in", zipped, "X-GZIP", 200, "ok", "d"},
		{"in", text, "gzip", 200, "ok", "d"},
		{"in", zipped[:len(zipped)-9], "gzip", 400, "invalid_gzip", ""},
		{"in", pipelinetest.Gzip(text + strings.Repeat(" ", 1000)), "gzip", 413, "decompressed_too_large", ""},
		{"signed", zipped, "gzip", 200, "ok", text},
	} {
		w := f.post("/webhooks/"+test.name, test.body, "Content-Encoding", test.encoding, "X-Hub-Signature-256", signature)
		events := f.take(t)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.answer) || len(events) != min(len(test.id), 1) {
			t.Errorf("%s, %s: %d %s, %d events", test.name, test.encoding, w.Code, w.Body, len(events))
			continue
		}
		for _, e := range events {
			if kept := e.Properties.String("$webhook_body"); e.DistinctID != test.id || test.name == "in" && kept != text {
				t.Errorf("%s, %s: %s", test.name, test.encoding, e.AppendJSON(nil))
			}
		}
	}
}

func TestKeepBody(t *testing.T) {
	f := serve(t, `  in: {verify: none, keep_body: true, map: {event: '"e"', distinct_id: '"d"', properties: '{"a": body.a}'}}`)
	for body, want := range map[string][2]string{
		"{ \"a\":1,\n \"é\":\"\\u0041\" }": {"$webhook_body", "{ \"a\":1,\n \"é\":\"\\u0041\" }"},
		"plain \" text":                    {"$webhook_body", "plain \" text"},
		"":                                 {"$webhook_body", ""},
		"\xff\xfe":                         {"$webhook_body_base64", "//4="},
		"a\x00b":                           {"$webhook_body_base64", "YQBi"},
	} {
		w := f.post("/webhooks/in", body)
		events := f.take(t)
		if w.Code != 200 || len(events) != 1 {
			t.Fatalf("%q: %d %s, %d events", body, w.Code, w.Body, len(events))
		}
		raw, ok := events[0].Properties.Get(want[0])
		if got := events[0].Properties.String(want[0]); !ok || got != want[1] {
			t.Errorf("%q: %s", body, raw)
		}
	}
}

// Limits, methods and trouble with the log are answered as for SDKs, and counted.
func TestRefusals(t *testing.T) {
	f := serve(t, `
  in: {verify: none, max_body: 100, keep_body: true, map: {event: '"e"', distinct_id: '"d"'}}
  big: {verify: none, max_body: 3MB, keep_body: true, map: {event: '"e"', distinct_id: '"d"'}}
  usual: {verify: none, map: {event: '"e"', distinct_id: '"d"'}}`)
	status := func(name, body string, want int, code string) {
		t.Helper()
		if w := f.post("/webhooks/"+name, body); w.Code != want || !strings.Contains(w.Body.String(), code) {
			t.Errorf("%s: got %d %s\nwant %d %s", name, w.Code, w.Body, want, code)
		}
	}
	status("in", strings.Repeat("x", 100), 200, "ok")
	status("in", strings.Repeat("x", 101), 413, "body_too_large")
	status("usual", strings.Repeat("x", 512_000), 200, "ok")
	status("usual", strings.Repeat("x", 512_001), 413, "body_too_large")
	status("big", strings.Repeat("x", 2<<20), 413, "event_too_large")
	status("nobody", "{}", 404, "not_found")
	status("in/x", "{}", 404, "not_found")
	f.fail = capture.ErrUnavailable
	status("in", "{}", 503, "unavailable")
	f.fail = fmt.Errorf("disk: %w", capture.ErrOverloaded)
	status("in", "{}", 503, "overloaded")
	f.fail = nil
	w := f.do(httptest.NewRequest(http.MethodGet, "/webhooks/in", nil))
	if w.Code != 405 || w.Header().Get("Allow") != "POST, OPTIONS" {
		t.Errorf("GET: %d, %v", w.Code, w.Header())
	}
	want := map[string]uint64{"stored": 1, "body_too_large": 1, "unavailable": 1, "overloaded": 1}
	if diff := cmp.Diff(want, f.hooks["in"].Stats().Outcomes()); diff != "" {
		t.Error(diff)
	}
	if n := len(f.take(t)); n != 2 {
		t.Errorf("%d events were stored", n)
	}
}

// A function sees what was sent, but not what proxies and browsers have added.
func TestWhatAFunctionSees(t *testing.T) {
	f := serve(t, `
  in:
    verify: none
    hog: {code: "return {'event': 'e', 'distinct_id': 'd', 'properties': {'r': request}}"}`)
	f.post("/webhooks/in?a=1&a=2&b=", "x=1&y=a+b", "Content-Type", "application/x-www-form-urlencoded", "X-Two", "first", "X-Two", "second",
		"Cookie", "c", "Referer", "r", "X-Forwarded-For", "203.0.113.9", "X-Real-Ip", "1.1.1.1", "Authorization", "Bearer own")
	events := f.take(t)
	if len(events) != 1 {
		t.Fatal(f.logged.String())
	}
	got, _ := events[0].Properties.Get("r")
	const want = `{"method":"POST","headers":{"authorization":"Bearer own","content-type":"application/x-www-form-urlencoded","x-two":"first"},"query":{"a":"1,2","b":""},"ip":"192.0.2.7","body":{"x":"1","y":"a b"},"stringBody":"x=1&y=a+b"}`
	if string(got) != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
