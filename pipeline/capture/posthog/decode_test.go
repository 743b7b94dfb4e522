package posthog

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

func decodeOne(t *testing.T, change func(*Request), text string) (pipeline.Event, map[string]any) {
	t.Helper()
	req := testRequest()
	if change != nil {
		change(&req)
	}
	body := []byte(text)
	if err := wire.CheckJSON(body); err != nil {
		t.Fatal(err)
	}
	s := new(wire.Scratch)
	if err := Decode(req, body, s); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if len(s.Events) != 1 {
		t.Fatalf("%d events, want 1", len(s.Events))
	}
	var properties map[string]any
	if err := json.Unmarshal(s.Events[0].Properties, &properties); err != nil {
		t.Fatalf("%v: %s", err, s.Events[0].Properties)
	}
	return s.Events[0], properties
}

func TestProperties(t *testing.T) {
	const ip = `"$ip":"203.0.113.7"`
	for _, test := range []struct{ event, want string }{
		{`"properties":{"a":1}`, `{"a":1,` + ip + `}`},
		{`"properties":null`, `{` + ip + `}`},
		{`"x":1`, `{` + ip + `}`},
		{`"properties":{"$ip":"192.0.2.1","token":"other"}`, `{"$ip":"192.0.2.1"}`},
		{`"properties":{"$ip":null}`, `{"$ip":null}`},
		{`"properties":{"capture_internal":true}`, `{"capture_internal":true,"$ip":"127.0.0.1"}`},
		{`"properties":{"$geoip_disable":true}`, `{"$geoip_disable":true,` + ip + `}`},
		{`"properties":{"$set":{"a":1},"$set_once":{"b":1}},"$set":{"c":1},"$set_once":{"b":2}`, `{"$set":{"a":1,"c":1},"$set_once":{"b":2},` + ip + `}`},
		{`"$set":null,"properties":{"$set":{"a":1}}`, `{"$set":{"a":1},` + ip + `}`},
		{`"$unset":["a"],"properties":{"$unset":{"b":1}}`, `{"$unset":["b","a"],` + ip + `}`},
		{`"$unset":{"a":""}`, `{"$unset":["a"],` + ip + `}`},
		{`"properties":{"$unset":{"b":1}}`, `{"$unset":{"b":1},` + ip + `}`},
		{
			`"properties":{"$session_id":"0196B2D0-0000-7000-8000-00000000000A","$window_id":"0196B2D0-0000-7000-8000-00000000000A"}`,
			`{"$session_id":"0196b2d0-0000-7000-8000-00000000000a","$window_id":"0196B2D0-0000-7000-8000-00000000000A",` + ip + `}`,
		},
		{`"properties":{"$session_id":"NOT-A-UUID"}`, `{"$session_id":"NOT-A-UUID",` + ip + `}`},
		{`"properties":{"a":"\u0000\ud800x"}`, `{"a":"��x",` + ip + `}`},
		{`"properties":{"a":1,"a":2}`, `{"a":2,` + ip + `}`},
	} {
		t.Run(test.event, func(t *testing.T) {
			_, got := decodeOne(t, nil, `{"token":"phc_test","event":"e","distinct_id":"d",`+test.event+`}`)
			var want map[string]any
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What capture sets stands in the object once, whatever the client had put there: readers differ on which of two keys counts.
func TestNothingIsAddedTwice(t *testing.T) {
	for id, want := range map[string]map[string]int{
		"d":          {"$sent_at": 1, "$historical_migration": 1, "$set": 1, "$set_once": 1, "$unset": 1, "$ip": 1, "$process_person_profile": 1},
		cookielessID: {"$sent_at": 1, "$historical_migration": 1, "$ip": 1, "$process_person_profile": 1},
	} {
		event, _ := decodeOne(t, nil, `{"api_key":"phc_test","sent_at":"2026-03-01T12:00:00Z","historical_migration":true,"batch":[{
			"event":"e","distinct_id":"`+id+`","$set":{"a":1},"$set_once":{"a":1},"$unset":["a"],
			"properties":{"$sent_at":1,"$historical_migration":false,"$set":{"b":1},"$set_once":{"b":1},"$unset":["b"],"$ip":"192.0.2.1",
				"$process_person_profile":true,"token":1,"token":2}}]}`)
		count := map[string]int{}
		for key := range rawjson.Members(event.Properties) {
			count[string(wire.Name(key))]++
		}
		if diff := cmp.Diff(want, count); diff != "" {
			t.Errorf("members of an event of %s (-want +got):\n%s\n%s", id, diff, event.Properties)
		}
	}
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	event, _ := decodeOne(t, nil, `{"token":"phc_test","event":"e","distinct_id":"d","properties":{"n":123456789012345678901234567890.10}}`)
	if got, want := string(event.Properties), `"n":123456789012345678901234567890.10`; !strings.Contains(got, want) {
		t.Errorf("got  %s\nwant %s in it", got, want)
	}
}

func TestTimestamps(t *testing.T) {
	sent := func(r *Request) { r.Sent = r.Now.Add(-10 * time.Minute) }
	for _, test := range []struct {
		name   string
		change func(*Request)
		event  string
		want   string
	}{
		{"none", nil, `"a":1`, "2026-03-01T12:00:00Z"},
		{"as stated", nil, `"timestamp":"2026-03-01T11:49:00Z"`, "2026-03-01T11:49:00Z"},
		{"corrected", sent, `"timestamp":"2026-03-01T11:49:00Z"`, "2026-03-01T11:59:00Z"},
		{"uncorrected on request", sent, `"timestamp":"2026-03-01T11:49:00Z","properties":{"$ignore_sent_at":true}`, "2026-03-01T11:49:00Z"},
		{"only true counts", sent, `"timestamp":"2026-03-01T11:49:00Z","properties":{"$ignore_sent_at":"true"}`, "2026-03-01T11:59:00Z"},
		{"unreadable", sent, `"timestamp":"soon"`, "2026-03-01T12:00:00Z"},
		{"offset wins", sent, `"timestamp":"2026-03-01T11:49:00Z","offset":1500`, "2026-03-01T11:59:58.5Z"},
		{"too far ahead", nil, `"timestamp":"2026-03-02T12:00:00Z"`, "2026-03-01T12:00:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			event, _ := decodeOne(t, test.change, `{"token":"phc_test","event":"e","distinct_id":"d",`+test.event+`}`)
			if got := event.Timestamp.Format(time.RFC3339Nano); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestEnvelope(t *testing.T) {
	long := strings.Repeat("ü", 250)
	for _, test := range []struct{ text, name, id string }{
		{`{"token":"phc_test","event":"` + long + `","distinct_id":"d"}`, strings.Repeat("ü", 200), "d"},
		{`[{"properties":{"token":"phc_test","distinct_id":7},"event":"e"}]`, "e", "7"},
		{`{"$token":" phc_test ","$distinct_id":"d","event":"e"}`, "e", "d"},
		{`{"batch":[{"event":"e","distinct_id":null,"properties":{"distinct_id":"p"},"token":"phc_test"}]}`, "e", "p"},
		{`{"\u0065vent":"e","distinct\u005fid":"d","token":"phc_test"}`, "e", "d"},
	} {
		event, _ := decodeOne(t, nil, test.text)
		if event.Name != test.name || event.DistinctID != test.id || event.Source != "web" || !event.ReceivedAt.Equal(testRequest().Now) {
			t.Errorf("%s\n  got  %q of %q from %q", test.text, event.Name, event.DistinctID, event.Source)
		}
	}
}

func TestEngage(t *testing.T) {
	engage := func(r *Request) { r.Engage = true }
	event, properties := decodeOne(t, engage, `{"$set":{"a":1},"$token":"phc_test","$distinct_id":"d"}`)
	if event.Name != "$identify" || event.DistinctID != "d" || properties["$set"] == nil {
		t.Errorf("got %q of %q with %v", event.Name, event.DistinctID, properties)
	}
}

func TestCookielessEventsHaveNoPerson(t *testing.T) {
	_, properties := decodeOne(t, nil, `{"token":"phc_test","event":"e","distinct_id":"$posthog_cookieless","properties":{"$cookieless_mode":true}}`)
	if properties["$process_person_profile"] != false {
		t.Errorf("properties %v", properties)
	}
}

func TestSentTimeOfBatch(t *testing.T) {
	late := func(r *Request) { r.Sent = r.Now.Add(-time.Hour) }
	event, properties := decodeOne(t, late, `{"api_key":"phc_test","historical_migration":true,"sent_at":"2026-03-01T11:50:00Z",
		"batch":[{"event":"e","distinct_id":"d","timestamp":"2026-03-01T11:49:00Z"}]}`)
	if got := event.Timestamp.Format(time.RFC3339); got != "2026-03-01T11:59:00Z" {
		t.Errorf("the body's sent_at wins over the query's: got %s", got)
	}
	if properties["$sent_at"] != "2026-03-01T11:50:00.000Z" || properties["$historical_migration"] != true {
		t.Errorf("properties %v", properties)
	}
}

func TestArrayTokens(t *testing.T) {
	for text, code := range map[string]string{
		`[{"event":"e","distinct_id":"d"}]`: "missing_token",
		`[{"event":"e","distinct_id":"d","token":"a"},{"event":"e","distinct_id":"d","token":"b"}]`: "several_tokens",
		`{"batch":[{"event":"e","distinct_id":"d","token":7}]}`:                                     "missing_token",
		`{"api_key":7,"batch":[{"event":"e","distinct_id":"d","token":"phc_test"}]}`:                "missing_token",
		`{"api_key":"phx_a","batch":[{"event":"e","distinct_id":"d"}]}`:                             "personal_key",
		`{"api_key":"  ","batch":[{"event":"e","distinct_id":"d"}]}`:                                "missing_token",
		`[]`: "empty_batch",
	} {
		var refusal *wire.Refusal
		if err := Decode(testRequest(), []byte(text), new(wire.Scratch)); !errors.As(err, &refusal) || refusal.Code != code {
			t.Errorf("%s\n  got  %v\n  want %s", text, err, code)
		}
	}
}
