package posthog

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

func testRequest() Request {
	return Request{Request: wire.Request{
		Now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), ClientIP: "203.0.113.7", MaxEvents: 1000,
		Source: func(token string) (string, bool) { return "web", token == "phc_test" },
	}}
}

// FuzzProperties compares the properties that Decode keeps with what encoding/json makes of them.
func FuzzProperties(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"a":1,"token":"x","b":[1,2,{"c":null}]}`, `null`},
		{`{"token":"x"}`, `{"a":1}`},
		{`{"$set":{"a":1,"b":1},"n":12345678901234567890.123e40}`, `{"b":2,"c":{"d":"\ud800"}}`},
		{` { "tok\u0065n" : 1 , "\u0000" : "\u0000\\u0000" , "a" : 1, "a" : 2 } `, `{"\u0061":1,"a":2}`},
		{`{"$ip":null,"$sent_at":1,"$session_id":"0196B2D0-0000-7000-8000-00000000000F","$set":5}`, `{}`},
		{`null`, `{"x":"y"}`},
		{`{"$elements":[{"tag_name":"a","attr__class":"b c","$el_text":"\"x\"","nth_child":1}],"$elements_chain":null}`, `null`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, properties, set []byte) {
		if !json.Valid(properties) || !json.Valid(set) {
			t.Skip()
		}
		text := []byte(`{"api_key":"phc_test","sent_at":"2026-03-01T12:00:00Z","batch":[{"event":"e","distinct_id":"d","properties":` +
			string(properties) + `,"$set":` + string(set) + `}]}`)
		if wire.CheckJSON(text) != nil {
			t.Skip() // too deep, or not UTF-8
		}
		var root struct {
			Batch []struct {
				Properties any `json:"properties"`
				Set        any `json:"$set"`
			}
		}
		decodeNumbers(t, text, &root) // before Decode, which owns text
		s := new(wire.Scratch)
		err := Decode(testRequest(), text, s)
		want, acceptable := normalised(root.Batch[0].Properties, root.Batch[0].Set)
		if (err == nil) != acceptable {
			t.Fatalf("got error %v, acceptable %v: %s", err, acceptable, text)
		}
		if err != nil {
			return
		}
		var got map[string]any
		decodeNumbers(t, s.Events[0].Properties, &got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("properties (-want +got):\n%s\n%s", diff, text)
		}
	})
}

// normalised is what spec 6.1 makes of an event's properties, over maps.
func normalised(properties, set any) (want map[string]any, acceptable bool) {
	object, isObject := properties.(map[string]any)
	over, setIsObject := set.(map[string]any)
	if !isObject && properties != nil || !setIsObject && set != nil {
		return nil, false
	}
	if mode, ok := object["$cookieless_mode"]; ok && mode != nil {
		if _, isBool := mode.(bool); !isBool {
			return nil, false
		}
	}
	want = map[string]any{}
	maps.Copy(want, object)
	delete(want, "token")
	if setIsObject {
		merged := map[string]any{}
		base, _ := object["$set"].(map[string]any)
		maps.Copy(merged, base)
		maps.Copy(merged, over)
		want["$set"] = merged
	}
	if _, ok := want["$ip"]; !ok {
		want["$ip"] = "203.0.113.7"
		if want["capture_internal"] == true {
			want["$ip"] = "127.0.0.1"
		}
	}
	if list, ok := want["$elements"].([]any); ok {
		delete(want, "$elements")
		if _, own := want["$elements_chain"].(string); !own {
			text, _ := json.Marshal(list) // what was decoded can be encoded
			want["$elements_chain"] = elementsChain(text)
		}
	}
	want["$sent_at"] = "2026-03-01T12:00:00.000Z"
	if id, ok := want["$session_id"].(string); ok && len(id) == 36 {
		if parsed, err := uuid.Parse(id); err == nil {
			want["$session_id"] = parsed.String()
		}
	}
	return want, true
}

func decodeNumbers(t *testing.T, text []byte, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// FuzzDecode sends any bytes through the whole way and checks what every event must be.
func FuzzDecode(f *testing.F) {
	for _, body := range recordedBodies(f) {
		f.Add(body, "", "application/json", "")
	}
	f.Add([]byte("data=eyJhIjoxfQ=="), "compression=base64", "application/x-www-form-urlencoded", "")
	f.Add(compress(batchOf(2)), "compression=gzip-js", "text/plain", "gzip")
	f.Add([]byte(`[1,{},{"event":3},null,"x"]`), "", "", "identity")
	f.Add([]byte(`[{"event":"$snapshot","distinct_id":1,"properties":{"$session_id":"s","$lib":{},"$snapshot_data":[1,{}]}},{"event":"e","distinct_id":1,"properties":{"$snapshot_data":{}}}]`), "", "", "")
	f.Fuzz(func(t *testing.T, body []byte, compression, contentType, contentEncoding string) {
		s := new(wire.Scratch)
		text, err := Payload{
			Body: body, Query: map[string][]string{"compression": {compression}}, ContentType: contentType,
			ContentEncoding: contentEncoding, Base64Again: true, MaxBytes: 1 << 16,
		}.Text(s)
		if err != nil {
			return
		}
		if !json.Valid(text) || !utf8.Valid(text) || int64(len(text)) > max(1<<16, int64(len(body))) {
			t.Fatalf("text is not JSON: %q", text)
		}
		req := testRequest()
		req.Source = func(string) (string, bool) { return "web", true }
		if Decode(req, text, s) != nil {
			return
		}
		if kept := new(wire.Scratch); Decode(Request{Request: req.Request, Recording: KeepRecordings}, bytes.Clone(text), kept) == nil {
			if len(kept.Events) != 1 || !json.Valid(kept.Events[0].AppendJSON(nil)) {
				t.Fatalf("bad recording: %+v", kept.Events)
			}
		}
		for _, e := range s.Events {
			if _, err := uuid.Parse(e.UUID); err != nil || e.Name == "" || e.DistinctID == "" || e.Source != "web" ||
				utf8.RuneCountInString(e.Name) > 200 || utf8.RuneCountInString(e.DistinctID) > 200 || e.Timestamp.IsZero() {
				t.Fatalf("bad envelope: %+v", e)
			}
			if !json.Valid(e.AppendJSON(nil)) {
				t.Fatalf("bad line: %s", e.AppendJSON(nil))
			}
		}
	})
}

// FuzzV1 sends any bytes through capture mode v1 and checks what every event and result must be.
func FuzzV1(f *testing.F) {
	for _, body := range recordedBodies(f) {
		for _, encoding := range append([]string{""}, wire.Encodings...) {
			f.Add(body, encoding)
		}
	}
	const head = `{"created_at":"2026-03-01T12:00:00Z","batch":[{"event":"e","uuid":"0196b2d0-0000-7000-8000-00000000000f","timestamp":"2026-03-01","distinct_id":`
	f.Add([]byte(head+`0,"options":{"process_person_profile":"1","product_tour_id":7},"session_id":"S","properties":{"$lib":1,"$session_id":2}}]}`), "")
	f.Add([]byte(head+`"","options":{"cookieless_mode":{}},"properties":[]}]}`), "")
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		s := new(wire.Scratch)
		text, err := s.Decompress(encoding, body, 1<<16)
		if err != nil {
			return
		}
		if len(text) > 1<<16 {
			t.Fatalf("%d bytes of text", len(text))
		}
		req := V1Request{Request: testRequest().Request, Head: Head{Source: "web", SDK: `a"b`, Version: "1.2.3", Sent: testRequest().Now}}
		results, err := DecodeV1(req, text, s)
		if err != nil {
			return
		}
		stored, dropped := map[string]pipeline.Event{}, 0
		for _, e := range s.Events {
			stored[e.UUID] = e
			line := e.AppendJSON(nil)
			if !json.Valid(line) || e.Name == "" || e.DistinctID == "" || e.Source != "web" || utf8.RuneCountInString(e.DistinctID) > 200 {
				t.Fatalf("bad event: %s", line)
			}
		}
		for _, r := range results {
			id, ok := wire.UUID(r.UUID)
			_, kept := stored[id]
			if !ok || kept != (r.Result != ResultDrop) || (r.Result == ResultOK) != (r.Details == "") {
				t.Fatalf("bad result: %+v, stored %v", r, kept)
			}
			if !kept {
				dropped++
			}
		}
		if len(results) == 0 || dropped != len(s.Problems)+s.Filtered || len(stored)+dropped != len(results) {
			t.Fatalf("%d results, %d stored, %d problems, %d filtered", len(results), len(stored), len(s.Problems), s.Filtered)
		}
	})
}

// recordedBodies are the bodies of the recordings of all PostHog SDKs.
func recordedBodies(f *testing.F) (bodies [][]byte) {
	paths, err := filepath.Glob("../testdata/recorded/posthog-*/*.json")
	if err != nil || len(paths) == 0 {
		f.Fatal("no recordings", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		var c struct {
			Requests []struct {
				Body string `json:"body_b64"`
			}
		}
		if err := json.Unmarshal(text, &c); err != nil {
			f.Fatal(err)
		}
		for _, r := range c.Requests {
			if body, _ := base64.StdEncoding.DecodeString(r.Body); len(body) > 0 {
				bodies = append(bodies, body)
			}
		}
	}
	return bodies
}
