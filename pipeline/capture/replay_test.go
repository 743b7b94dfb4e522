package capture

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
)

// expected is what one recorded event must become, worked out from the recording's decoded payload.
type expected struct {
	name, distinctID, uuid string
	at                     time.Time      // zero: the time of the request
	properties             map[string]any // all of them must be there
	exactly                bool           // and nothing else but what capture adds
}

func TestReplay(t *testing.T) {
	cases := recordings(t, "*-*/*.json")
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			for _, r := range c.Requests {
				for _, shift := range []time.Duration{0, time.Hour, -time.Hour} {
					replay(t, fx, r, shift)
				}
			}
		})
	}
}

// replay sends one recorded request with the server's clock shifted against the client's.
func replay(t *testing.T, fx *fixture, r recordedRequest, shift time.Duration) {
	t.Helper()
	var events []expected
	if len(r.Decoded) > 0 && !strings.Contains(r.Path, "/flags") && !strings.Contains(r.Path, "/decide") {
		events = expect(t, fx, r, shift)
	}
	if r.Path == "/s/" {
		events = nil // recordings are answered with success and dropped
	}
	answer := fx.do(r.build(t))
	got := fx.log.take(t)
	if strings.HasPrefix(r.Path, "/i/v1/") {
		checkResults(t, answer, events)
	}
	want := http.StatusOK
	switch {
	case strings.Contains(r.RawQuery, "beacon=1"):
		want = http.StatusNoContent
	case r.Method == http.MethodGet && strings.Trim(r.Path, "/") == "e":
		want = http.StatusBadRequest // these clients lose their payload
	}
	if answer.Code != want {
		t.Errorf("%s %s\n  got  %d %s\n  want %d", r.Method, r.Path, answer.Code, answer.Body, want)
	}
	checkMirroredHeaders(t, r, answer.Header())
	if len(got) != len(events) {
		t.Fatalf("%s %s: got %d events, want %d", r.Method, r.Path, len(got), len(events))
	}
	for i, e := range events {
		e.check(t, fx, got[i])
	}
}

func checkMirroredHeaders(t *testing.T, r recordedRequest, got http.Header) {
	t.Helper()
	sent := http.Header{}
	for _, h := range r.Headers {
		sent.Add(h[0], h[1])
	}
	for asked, allowed := range map[string]string{
		"Origin":                         "Access-Control-Allow-Origin",
		"Access-Control-Request-Headers": "Access-Control-Allow-Headers",
	} {
		if got.Get(allowed) != sent.Get(asked) {
			t.Errorf("%s\n  got  %q\n  want %q", allowed, got.Get(allowed), sent.Get(asked))
		}
	}
}

// expect sets the fixture's clock for the request and works out its events.
func expect(t *testing.T, fx *fixture, r recordedRequest, shift time.Duration) []expected {
	t.Helper()
	if strings.Contains(r.Path, "/v1/") && !strings.HasPrefix(r.Path, "/i/") {
		return expectSegment(t, fx, decodeObject(t, r.Decoded), shift)
	}
	var payload any
	decode(t, r.Decoded, &payload)
	list, _ := payload.([]any)
	var sent time.Time
	query, _ := url.ParseQuery(r.RawQuery)
	if ms, err := strconv.ParseInt(query.Get("_"), 10, 64); err == nil {
		sent = time.UnixMilli(ms).UTC()
	}
	if at := r.header("PostHog-Request-Timestamp"); at != "" {
		sent = parseTime(t, at)
	}
	historical := false
	if object, ok := payload.(map[string]any); ok {
		list = []any{object}
		if batch, ok := object["batch"].([]any); ok {
			list = batch
			historical = object["historical_migration"] == true
			if s, ok := object["sent_at"].(string); ok {
				sent = parseTime(t, s)
			}
		}
	}
	fx.now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	if !sent.IsZero() {
		fx.now = sent.Add(shift)
	}
	var events []expected
	for _, item := range list {
		e := expectPostHog(t, item.(map[string]any))
		if strings.HasPrefix(r.Path, "/i/v1/") {
			e.addV1(r, item.(map[string]any))
		}
		switch offset := item.(map[string]any)["offset"].(type) {
		case interface{ Int64() (int64, error) }:
			ms, _ := offset.Int64()
			e.at = fx.now.Add(-time.Duration(ms) * time.Millisecond)
		default:
			if !e.at.IsZero() && !sent.IsZero() {
				e.at = e.at.Add(shift)
			}
		}
		if historical {
			e.properties["$historical_migration"] = true
		}
		events = append(events, e)
	}
	return events
}

// addV1 adds the properties that stand beside an event's own in capture mode v1.
func (e expected) addV1(r recordedRequest, event map[string]any) {
	e.properties["$lib"], e.properties["$lib_version"], _ = strings.Cut(r.header("PostHog-Sdk-Info"), "/")
	for name, value := range event["options"].(map[string]any) {
		e.properties["$"+name] = value
	}
}

// checkResults wants success for every event.
func checkResults(t *testing.T, answer *httptest.ResponseRecorder, events []expected) {
	t.Helper()
	results := decodeObject(t, answer.Body.Bytes())["results"]
	want := map[string]any{}
	for _, e := range events {
		want[e.uuid] = map[string]any{"result": "ok"}
	}
	if diff := cmp.Diff(any(want), results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func expectPostHog(t *testing.T, event map[string]any) expected {
	t.Helper()
	properties, _ := event["properties"].(map[string]any)
	if properties == nil {
		properties = map[string]any{}
	}
	e := expected{name: "$identify", properties: properties, exactly: true}
	for _, id := range []any{properties["distinct_id"], event["$distinct_id"], event["distinct_id"]} {
		if id, ok := id.(string); ok {
			e.distinctID = id
		}
	}
	if name, ok := event["event"].(string); ok {
		e.name = name
	}
	e.uuid, _ = event["uuid"].(string)
	if at, ok := event["timestamp"].(string); ok {
		e.at = parseTime(t, at)
	}
	delete(properties, "token")
	for _, key := range []string{"$set", "$set_once"} {
		if over, ok := event[key].(map[string]any); ok {
			base, _ := properties[key].(map[string]any)
			merged := maps.Clone(over)
			for k, v := range base {
				if _, taken := over[k]; !taken {
					merged[k] = v
				}
			}
			properties[key] = merged
		}
	}
	if unset, ok := event["$unset"]; ok {
		properties["$unset"] = unset
	}
	if e.distinctID == "$posthog_cookieless" {
		properties["$process_person_profile"] = false
		delete(properties, "$ip")
		delete(properties, "$raw_user_agent")
	}
	return e
}

func expectSegment(t *testing.T, fx *fixture, payload map[string]any, shift time.Duration) []expected {
	t.Helper()
	list, isBatch := payload["batch"].([]any)
	if !isBatch {
		list = []any{payload}
	}
	var events []expected
	for _, item := range list {
		message := item.(map[string]any)
		sent, ok := message["sentAt"].(string)
		if !ok {
			sent = payload["sentAt"].(string)
		}
		fx.now = parseTime(t, sent).Add(shift)
		events = append(events, expectMessage(t, message, shift))
	}
	return events
}

func expectMessage(t *testing.T, m map[string]any, shift time.Duration) expected {
	t.Helper()
	text := func(key string) string { s, _ := m[key].(string); return s }
	object := func(v any) map[string]any {
		o, _ := v.(map[string]any)
		return maps.Clone(o)
	}
	e := expected{distinctID: text("userId"), properties: object(m["properties"])}
	if e.distinctID == "" {
		e.distinctID = text("anonymousId")
	}
	stated := text("originalTimestamp")
	if stated == "" {
		stated = text("timestamp")
	}
	e.at = parseTime(t, stated).Add(shift)
	id := text("messageId")
	e.uuid = id[len(id)-36:]
	if e.properties == nil {
		e.properties = map[string]any{}
	}
	switch kind := text("type"); kind {
	case "track":
		e.name = text("event")
	case "page":
		e.name = "$pageview"
	case "screen":
		e.name, e.properties["$screen_name"] = "$screen", text("name")
	case "identify":
		e.name = "$identify"
		set := object(m["context"].(map[string]any)["traits"])
		if set == nil {
			set = map[string]any{}
		}
		maps.Copy(set, object(m["traits"]))
		e.properties = map[string]any{"$set": set}
		if a := text("anonymousId"); a != "" && a != e.distinctID {
			e.properties["$anon_distinct_id"] = a
		}
	case "group":
		e.name = "$groupidentify"
		key := text("groupId")
		e.properties = map[string]any{
			"$group_type": "company", "$group_key": key, "$groups": map[string]any{"company": key}, "$group_set": object(m["traits"]),
		}
	case "alias":
		e.name = "$create_alias"
		e.properties = map[string]any{"alias": m["previousId"]}
	default:
		t.Fatalf("recording has a message of type %q", kind)
	}
	library := m["context"].(map[string]any)["library"].(map[string]any)
	e.properties["$lib"], e.properties["$lib_version"] = library["name"], library["version"]
	e.properties["$segment_message_type"] = text("type")
	return e
}

// added are the properties that capture adds to any event.
var added = []string{"$ip", "$sent_at"}

func (e expected) check(t *testing.T, fx *fixture, got pipeline.Event) {
	t.Helper()
	if e.distinctID == "$posthog_cookieless" {
		e.distinctID = "cookieless-…"
		if strings.HasPrefix(got.DistinctID, "cookieless-") {
			e.distinctID = got.DistinctID
		}
	}
	if got.Name != e.name || got.DistinctID != e.distinctID {
		t.Errorf("event\n  got  %q of %q\n  want %q of %q", got.Name, got.DistinctID, e.name, e.distinctID)
	}
	if e.uuid != "" && got.UUID != strings.ToLower(e.uuid) {
		t.Errorf("uuid\n  got  %s\n  want %s", got.UUID, e.uuid)
	}
	if id, err := uuid.Parse(got.UUID); err != nil || e.uuid == "" && id.Version() != 7 {
		t.Errorf("uuid %q is not valid", got.UUID)
	}
	at := e.at
	if at.IsZero() {
		at = fx.now
	}
	if diff := got.Timestamp.Sub(at.Truncate(time.Millisecond)).Abs(); diff > time.Millisecond {
		t.Errorf("timestamp\n  got  %s\n  want %s", got.Timestamp, at)
	}
	properties := decodeObject(t, got.Properties)
	for _, m := range missing(any(e.properties), any(properties), "properties") {
		t.Error(m)
	}
	if !e.exactly {
		return
	}
	for _, name := range added {
		if _, ok := e.properties[name]; !ok {
			delete(properties, name)
		}
	}
	for name := range properties {
		if _, ok := e.properties[name]; !ok {
			t.Errorf("property %s comes from nowhere", name)
		}
	}
}
