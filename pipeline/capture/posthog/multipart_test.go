package posthog

import (
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// FuzzParts gives Decode what is made of forms that are made up by chance.
func FuzzParts(f *testing.F) {
	part := func(name, kind, data string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\nContent-Type: " + kind + "\r\n\r\n" + data + "\r\n"
	}
	event, properties := part("event", "application/json", `{"event":"$ai_span","distinct_id":"d"}`), part("event.properties", "application/json", `{"$ai_model":"m","a":1}`)
	f.Add([]byte(event + properties + "--x--"))
	f.Add([]byte(event + properties + part("event.properties.a", "application/json", `[{"b":"\u0000"}]`) + part("event.properties.c", "text/plain", "\xff\x00") + "--x--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		text, parts, err := ReadParts("multipart/form-data; boundary=x", body)
		if err != nil || wire.CheckJSON(text) != nil {
			return
		}
		req := testRequest()
		req.Key = "phc_test"
		s := new(wire.Scratch)
		if err := Decode(req, text, s); err != nil {
			return
		}
		if len(s.Events) > 1 || len(parts) == 0 {
			t.Errorf("%d events of %d parts", len(s.Events), len(parts))
		}
		for i := range s.Events {
			if !strings.HasPrefix(s.Events[i].Name, "$ai_") {
				t.Errorf("an event %q", s.Events[i].Name)
			}
			if err := wire.CheckJSON(s.Events[i].Properties); err != nil {
				t.Errorf("%v: %s", err, s.Events[i].Properties)
			}
		}
	})
}
