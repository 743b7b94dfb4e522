package segment

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func request(kind string) Request {
	return Request{Kind: kind, WriteKey: "wk", Request: wire.Request{
		Now: now, ClientIP: "203.0.113.7", MaxEvents: 5, MaxEventBytes: 4000,
		Source: func(token string) (string, bool) { return "site", token == "wk" },
	}}
}

func properties(t *testing.T, e pipeline.Event) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(e.Properties, &v); err != nil {
		t.Fatalf("%v: %s", err, e.Properties)
	}
	return v
}

func TestMapping(t *testing.T) {
	for _, test := range []struct {
		kind, message string
		name, id      string
		want          string
	}{
		{
			"track", `{"event":"Signed Up","userId":" u1 ","properties":{"plan":"pro","$lib":"mine","$set":{"a":1}},
				"context":{"traits":{"a":2,"b":3},"library":{"name":"analytics.js","version":"2"},"ip":"198.51.100.9"}}`,
			"Signed Up", "u1",
			`{"plan":"pro","$lib":"mine","$set":{"a":1,"b":3},"$lib_version":"2","$ip":"198.51.100.9","$segment_message_type":"track"}`,
		},
		{
			"page", `{"anonymousId":42,"name":"Docs","category":"Help","properties":{"url":"https://shop.example:8443/docs?q=1","title":"T","category":"Own"}}`,
			"$pageview", "42",
			`{"url":"https://shop.example:8443/docs?q=1","title":"T","category":"Own","name":"Docs","$current_url":"https://shop.example:8443/docs?q=1",
				"$host":"shop.example:8443","$ip":"203.0.113.7","$segment_message_type":"page"}`,
		},
		{
			"page", `{"userId":"u","properties":null,"context":{"page":{"url":"https://a.example/x","path":"/x","referrer":"","title":"","search":"?q"},
				"userAgent":"UA","locale":"en-GB","timezone":"Europe/Berlin","os":{"name":"","version":"14"},"screen":{"width":1024,"height":768,"density":2},
				"device":{"id":"d","manufacturer":"m","model":"mo","name":"n","type":"ios"},"network":{"carrier":"c","wifi":true},
				"campaign":{"source":"s","medium":"m","name":"n","term":"t","content":"c"},"sessionId":1795227339444,"groupId":"acme","unknown":{"x":1},
				"app":{"name":"an","version":"av","build":"ab","namespace":"ns"}}}`,
			"$pageview", "u",
			`{"$current_url":"https://a.example/x","$pathname":"/x","$referrer":"$direct","$referring_domain":"$direct","$search":"?q","$host":"a.example",
				"$raw_user_agent":"UA","$locale":"en-GB","$timezone":"Europe/Berlin","$os_version":"14","$screen_width":1024,"$screen_height":768,
				"$screen_density":2,"$device_id":"d","$device_manufacturer":"m","$device_model":"mo","$device_name":"n","$device_type":"ios",
				"$network_carrier":"c","$network_wifi":true,"utm_source":"s","utm_medium":"m","utm_campaign":"n","utm_term":"t","utm_content":"c",
				"$session_id":"1795227339444","$groups":{"company":"acme"},"$ip":"203.0.113.7","$segment_message_type":"page",
				"$app_name":"an","$app_version":"av","$app_build":"ab","$app_namespace":"ns"}`,
		},
		{
			"screen", `{"userId":"u","name":"Home","context":{"page":{"referrer":"https://news.example/a"}},"integrations":{"All":true}}`,
			"$screen", "u",
			`{"$screen_name":"Home","$referrer":"https://news.example/a","$referring_domain":"news.example","$ip":"203.0.113.7","$segment_message_type":"screen"}`,
		},
		{
			"identify", `{"userId":"u1","anonymousId":"a1","traits":{"plan":"pro"},"context":{"traits":{"plan":"free","email":"e"}},"properties":{"x":1},
				"integrations":{"All":false,"Slack":true}}`,
			"$identify", "u1",
			`{"$set":{"plan":"pro","email":"e"},"$anon_distinct_id":"a1","$ip":"203.0.113.7","$segment_message_type":"identify",
				"$integrations":{"All":false,"Slack":true}}`,
		},
		{
			"group", `{"userId":"","anonymousId":"a1","groupId":7,"traits":{"type":"team","n":123456789012345678901}}`,
			"$groupidentify", "a1",
			`{"$group_type":"team","$group_key":"7","$group_set":{"type":"team","n":123456789012345678901},"$groups":{"team":"7"},
				"$ip":"203.0.113.7","$segment_message_type":"group"}`,
		},
		{
			"alias", `{"userId":"new","previousId":"old","originalTimestamp":"2026-03-01T10:00:00Z"}`,
			"$create_alias", "new",
			`{"alias":"old","$ip":"203.0.113.7","$segment_message_type":"alias","$original_timestamp":"2026-03-01T10:00:00Z"}`,
		},
		{
			"merge", `{"userId":"u","mergeProperties":[{"type":"email","value":"ada@initech.example"},{"type":"phone","value":4930},{"type":"x","value":"y"}]}`,
			"$merge_dangerously", "ada@initech.example",
			`{"alias":"4930","$ip":"203.0.113.7","$segment_message_type":"merge"}`,
		},
	} {
		t.Run(test.message, func(t *testing.T) {
			s := new(wire.Scratch)
			if err := Decode(request(test.kind), []byte(test.message), s); err != nil {
				t.Fatal(err)
			}
			e := s.Events[0]
			if e.Name != test.name || e.DistinctID != test.id || e.Source != "site" {
				t.Errorf("event\n  got  %q of %q from %q\n  want %q of %q from site", e.Name, e.DistinctID, e.Source, test.name, test.id)
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, properties(t, e)); diff != "" {
				t.Errorf("properties (-want +got):\n%s\n%s", diff, e.Properties)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct{ kind, key, body, code string }{
		{"track", "wk", `{"event":"e"}`, "missing_user_id"},
		{"track", "wk", `{"event":"e","userId":" ","anonymousId":null}`, "missing_user_id"},
		{"track", "wk", `{"event":"e","userId":{"a":1}}`, "missing_user_id"},
		{"track", "wk", `{"event":" ","userId":"u"}`, "missing_event_name"},
		{"track", "wk", `{"event":"e","userId":"u","properties":[]}`, "invalid_properties"},
		{"identify", "wk", `{"userId":"u","traits":"x"}`, "invalid_traits"},
		{"identify", "wk", `{"userId":"u","context":7}`, "invalid_context"},
		{"group", "wk", `{"userId":"u"}`, "missing_group_id"},
		{"alias", "wk", `{"userId":"u","anonymousId":"u"}`, "missing_previous_id"},
		{"track", "wk", `[]`, "invalid_payload"},
		{"track", "wk", `{`, "invalid_json"},
		{Batch, "wk", `{}`, "invalid_batch"},
		{Batch, "wk", `{"batch":{}}`, "invalid_batch"},
		{Batch, "wk", `{"batch":[]}`, "empty_batch"},
		{Batch, "wk", `{"batch":[{"userId":"u"}]}`, "missing_type"},
		{Batch, "wk", `{"batch":[{"type":"delete","userId":"u"}]}`, "unknown_type"},
		{Batch, "wk", `{"batch":[{"type":"merge","userId":"u"}]}`, "missing_merge_properties"},
		{"merge", "wk", `{"mergeProperties":[{"type":"email","value":"a"}]}`, "missing_merge_properties"},
		{"merge", "wk", `{"mergeProperties":[{"type":"email","value":"a"},{"type":"phone","value":" "}]}`, "missing_merge_properties"},
		{Batch, "wk", `{"batch":[1]}`, "invalid_message"},
		{Batch, "wk", `{"batch":[1,2,3,4,5,6]}`, "too_many_events"},
		{"track", "wk", `{"event":"e","userId":"u","properties":{"p":"` + string(bytes.Repeat([]byte("x"), 4000)) + `"}}`, "event_too_large"},
		{"track", "", `{"event":"e","userId":"u"}`, "missing_write_key"},
		{"track", "", `{"event":"e","userId":"u","writeKey":"other"}`, "unknown_write_key"},
		{"track", "other", `{"event":"e","userId":"u","writeKey":"wk"}`, "unknown_write_key"},
	} {
		t.Run(test.code+" "+test.body[:min(len(test.body), 60)], func(t *testing.T) {
			req := request(test.kind)
			req.WriteKey = test.key
			var refusal *wire.Refusal
			s := new(wire.Scratch)
			if err := Decode(req, []byte(test.body), s); !errors.As(err, &refusal) || refusal.Code != test.code || len(s.Events) > 0 {
				t.Errorf("got %v with %d events\nwant %s", err, len(s.Events), test.code)
			}
		})
	}
}

func TestBatchKeepsValidMessages(t *testing.T) {
	body := []byte(`{"writeKey":"wk","sentAt":"2026-03-01T11:50:00Z","context":{"ip":"198.51.100.1","locale":"de"},"batch":[
		{"type":"track","event":"a","userId":"u","timestamp":"2026-03-01T11:49:00Z","context":{"locale":"en"}},
		{"type":"track","userId":"u"},
		{"type":"page","anonymousId":"x","messageId":"m-1"},
		"no message"]}`)
	s := new(wire.Scratch)
	req := request(Batch)
	req.WriteKey, req.Historical = "", true
	if err := Decode(req, body, s); err != nil {
		t.Fatal(err)
	}
	var problems []string
	for _, p := range s.Problems {
		problems = append(problems, string(rune('0'+p.Index))+" "+p.Code)
	}
	if diff := cmp.Diff([]string{"1 missing_event_name", "3 invalid_message"}, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if len(s.Events) != 2 {
		t.Fatalf("got %d events, want 2", len(s.Events))
	}
	if got, want := s.Events[0].Timestamp, time.Date(2026, 3, 1, 11, 59, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("timestamp\n  got  %s\n  want %s", got, want)
	}
	if !s.Events[1].Timestamp.Equal(now) {
		t.Errorf("a message without a time is of now, got %s", s.Events[1].Timestamp)
	}
	p := properties(t, s.Events[0])
	if p["$ip"] != "198.51.100.1" || p["$locale"] != "en" || p["$historical_migration"] != true {
		t.Errorf("the batch's context is not under the message's own: %v", p)
	}
}

func TestUUIDFromMessageID(t *testing.T) {
	const id = "0196b2d0-0000-7000-8000-00000000000A"
	const lower = "0196b2d0-0000-7000-8000-00000000000a"
	uuidOf := func(messageID, source string) string {
		req := request("page")
		req.Source = func(string) (string, bool) { return source, true }
		s := new(wire.Scratch)
		if err := Decode(req, []byte(`{"userId":"u","messageId":`+messageID+`}`), s); err != nil {
			t.Fatal(err)
		}
		return s.Events[0].UUID
	}
	for _, messageID := range []string{`"` + id + `"`, `"node-next-1795225848957-` + id + `"`, `"ajs-next-1795225848957-` + id + `"`} {
		if got := uuidOf(messageID, "a"); got != lower {
			t.Errorf("%s\n  got  %s\n  want %s", messageID, got, lower)
		}
	}
	for _, other := range []string{"paid-" + id, "node-next-" + id, "node-next--" + id, "node-next-1x-" + id} {
		if a, b := uuidOf(`"created-`+id+`"`, "a"), uuidOf(`"`+other+`"`, "a"); a == b || b == lower {
			t.Errorf("%s\n  got  %s\n  want a uuid of its own", other, b)
		}
	}
	if a, b := uuidOf(`"m-1"`, "a"), uuidOf(`"m-1"`, "a"); a != b {
		t.Errorf("the same message id gives %s and %s", a, b)
	}
	if a, b := uuidOf(`"m-1"`, "a"), uuidOf(`"m-1"`, "b"); a == b {
		t.Errorf("two sources share the uuid %s", a)
	}
	if a, b := uuidOf(`null`, "a"), uuidOf(`""`, "a"); a == b {
		t.Errorf("messages without id share the uuid %s", a)
	}
}

// RudderStack's SDK for Node says when it was called beside the time that it was given.
func TestTimeThatTheCallerSets(t *testing.T) {
	for body, want := range map[string]time.Time{
		`{"timestamp":"2025-03-04T05:06:07Z","originalTimestamp":"2026-03-01T11:49:00Z","sentAt":"2026-03-01T11:50:00Z"`: time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC),
		`{"timestamp":"2025-03-04T05:06:07Z","sentAt":"2026-03-01T11:50:00Z"`:                                            time.Date(2025, 3, 4, 5, 16, 7, 0, time.UTC),
		`{"timestamp":"soon","originalTimestamp":"2026-03-01T11:49:00Z","sentAt":"2026-03-01T11:50:00Z"`:                 time.Date(2026, 3, 1, 11, 59, 0, 0, time.UTC),
	} {
		s := new(wire.Scratch)
		req := request("track")
		req.WriteKey = "wk"
		if err := Decode(req, []byte(body+`,"event":"e","userId":"u"}`), s); err != nil {
			t.Fatal(err)
		}
		if got := s.Events[0].Timestamp; !got.Equal(want) {
			t.Errorf("%s\n got %s\nwant %s", body, got, want)
		}
	}
}
