package segment

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// FuzzProperties checks that a message's properties are stored as encoding/json reads them, that nothing derived replaces one, and that
// the result is an object without repeated additions.
func FuzzProperties(f *testing.F) {
	f.Add([]byte(`{"a":1,"title":"own","$set":{"x":1}}`), []byte(`{"page":{"title":"t","url":"http://a/b"},"traits":{"x":2,"y":3}}`))
	f.Add([]byte(` { "\u0024ip" : null, "a":1, "a":2 } `), []byte(`{"ip":"1.2.3.4","ip":"5.6.7.8","sessionId":1e3}`))
	f.Add([]byte(`{}`), []byte(`{"groupId":"g","campaign":{"name":"\ud800"},"os":[]}`))
	f.Fuzz(func(t *testing.T, own, context []byte) {
		if !json.Valid(own) || !json.Valid(context) {
			t.Skip()
		}
		text := []byte(`{"event":"e","userId":"u","properties":` + string(own) + `,"context":` + string(context) + `}`)
		if wire.CheckJSON(text) != nil {
			t.Skip()
		}
		var message struct {
			Properties map[string]any
			Context    any
		}
		if json.Unmarshal(text, &message) != nil {
			t.Skip() // properties are no object
		}
		req := request("track")
		req.MaxEventBytes = 0
		s := new(wire.Scratch)
		err := Decode(req, text, s)
		if _, ok := message.Context.(map[string]any); !ok && message.Context != nil {
			if err == nil {
				t.Fatalf("context taken: %s", text)
			}
			return
		}
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		got := map[string]any{}
		dec := json.NewDecoder(bytes.NewReader(s.Events[0].Properties))
		if err := dec.Decode(&got); err != nil {
			t.Fatalf("%v: %s", err, s.Events[0].Properties)
		}
		for name, want := range message.Properties {
			if set, ok := want.(map[string]any); ok && name == "$set" {
				merged, _ := got["$set"].(map[string]any)
				for key, value := range set {
					if diff := cmp.Diff(value, merged[key]); diff != "" {
						t.Fatalf("$set.%q (-want +got):\n%s\n%s", key, diff, text)
					}
				}
				continue
			}
			if diff := cmp.Diff(want, got[name]); diff != "" {
				t.Fatalf("%q (-want +got):\n%s\n%s", name, diff, text)
			}
		}
	})
}

// FuzzDecode checks that no body makes the decoder panic or yield an event that is not one.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"batch":[{"type":"track","event":"e","userId":1},{"type":"alias","userId":"a","previousId":"b"},7],"context":{"a":1}}`), true)
	f.Add([]byte(`{"groupId":"g","userId":"u","traits":{"type":"x"},"sentAt":"2026-03-01","timestamp":"1"}`), false)
	f.Fuzz(func(t *testing.T, body []byte, isBatch bool) {
		kind := "group"
		if isBatch {
			kind = Batch
		}
		s := new(wire.Scratch)
		if Decode(request(kind), body, s) != nil {
			return
		}
		for _, e := range s.Events {
			if e.UUID == "" || e.Name == "" || e.DistinctID == "" || e.Timestamp.IsZero() || !json.Valid(e.AppendJSON(nil)) {
				t.Fatalf("bad event: %s", e.AppendJSON(nil))
			}
		}
	})
}
