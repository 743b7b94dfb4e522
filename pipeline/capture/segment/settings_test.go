package segment

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

func TestSettings(t *testing.T) {
	identified, team, keep := Settings{IdentifiedOnly: true}, Settings{GroupType: "team"}, Settings{KeepContext: true}
	for _, test := range []struct {
		row           string
		settings      Settings
		kind, message string
		want          string // some of the properties; null is none
	}{
		{"9.1 identified_only", identified, "track", `{"event":"e","anonymousId":"a","context":{"traits":{"x":1}}}`, `{"$process_person_profile":false,"$set":null}`},
		{"9.1 identified_only", identified, "page", `{"userId":"","anonymousId":7}`, `{"$process_person_profile":false}`},
		{"9.1 identified_only", identified, "track", `{"event":"e","userId":"u","anonymousId":"a"}`, `{"$process_person_profile":null}`},
		{"9.1 identified_only", identified, "track", `{"event":"e","anonymousId":"a","properties":{"$process_person_profile":true,"$set":{"x":1}}}`, `{"$process_person_profile":true,"$set":{"x":1}}`},
		{"9.1 identified_only", identified, "identify", `{"anonymousId":"a","traits":{"x":1}}`, `{"$process_person_profile":null,"$set":{"x":1}}`},
		{"9.1 identified_only", identified, "group", `{"anonymousId":"a","groupId":"g"}`, `{"$process_person_profile":null,"$group_key":"g"}`},
		{"9.1 identified_only", Settings{}, "track", `{"event":"e","anonymousId":"a"}`, `{"$process_person_profile":null}`},
		{"9.1 group type of a source", team, "group", `{"userId":"u","groupId":"g"}`, `{"$group_type":"team","$groups":{"team":"g"}}`},
		{"9.1 group type of a source", team, "group", `{"userId":"u","groupId":"g","traits":{"groupType":"org"}}`, `{"$group_type":"org","$groups":{"org":"g"}}`},
		{"9.1 group type of a source", team, "track", `{"event":"e","userId":"u","context":{"groupId":"g"}}`, `{"$groups":{"team":"g"}}`},
		{"9.1 group type of a source", Settings{}, "group", `{"userId":"u","groupId":"g"}`, `{"$group_type":"company"}`},
		{"9.2 $context", keep, "track", `{"event":"e","userId":"u","context":{"ip":"192.0.2.1","sessionId":7,"groupId":"g","traits":{"x":1},"active":true,"os":{"name":"","version":"14"},
			"device":{"id":"d","token":"t"},"page":"x","app":{},"consent":{"a":[1]}}}`, `{"$device_id":"d","$context":{"active":true,"device":{"token":"t"},"page":"x","consent":{"a":[1]}}}`},
		{"9.2 $context", keep, "group", `{"userId":"u","groupId":"g","context":{"traits":{"x":1}}}`, `{"$context":{"traits":{"x":1}}}`},
		{"9.2 $context", keep, "track", `{"event":"e","userId":"u","context":{"ip":"192.0.2.1","os":{"name":"Linux"}}}`, `{"$context":null}`},
		{"9.2 $context", keep, "track", `{"event":"e","userId":"u"}`, `{"$context":null}`},
		{"9.2 $context", Settings{}, "track", `{"event":"e","userId":"u","context":{"active":true}}`, `{"$context":null}`},
	} {
		t.Run(test.row, func(t *testing.T) {
			req := request(test.kind)
			req.Settings = func() Settings { return test.settings }
			s := new(wire.Scratch)
			if err := Decode(req, []byte(test.message), s); err != nil || len(s.Events) != 1 {
				t.Fatalf("%d events, %v", len(s.Events), err)
			}
			got := properties(t, s.Events[0])
			var want map[string]any
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			for name, value := range want {
				if diff := cmp.Diff(value, got[name]); diff != "" {
					t.Errorf("%s (-want +got):\n%s\n%s", name, diff, s.Events[0].Properties)
				}
			}
		})
	}
}
