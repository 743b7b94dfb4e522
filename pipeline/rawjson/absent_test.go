package rawjson_test

import (
	"encoding/json"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

func TestAddAbsent(t *testing.T) {
	members := []rawjson.Named{{Name: "a", Value: []byte("1")}, {Name: `q"`, Value: []byte(`{"x":2}`)}, {Name: "none"}, {Name: "b", Value: []byte(`"}"`)}}
	for text, want := range map[string]string{
		`{}`:                           `{"a":1,"q\"":{"x":2},"b":"}"}`,
		`{ "z" : {} }`:                 `{ "z" : {},"a":1,"q\"":{"x":2},"b":"}"}`,
		`{"b":null,"z":[1]}`:           `{"b":null,"z":[1],"a":1,"q\"":{"x":2}}`,
		`{"q\u0022":1,"\u0061":2}`:     `{"q\u0022":1,"\u0061":2,"b":"}"}`,
		`{"a":1,"b":2,"q\"":3, "c":4}`: `{"a":1,"b":2,"q\"":3, "c":4}`,
		``:                             `{"a":1,"q\"":{"x":2},"b":"}"}`,
		`[1]`:                          `{"a":1,"q\"":{"x":2},"b":"}"}`,
	} {
		before := []byte(text)
		got := rawjson.AddAbsent(before, members)
		if string(got) != want || string(before) != text || !json.Valid(got) {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	for text, want := range map[string]string{"": "{}", "null": "{}", "{ }": "{ }", `{"a":1}`: `{"a":1}`} {
		if got := rawjson.AddAbsent([]byte(text), []rawjson.Named{{Name: "none"}}); string(got) != want {
			t.Errorf("nothing to add to %q: %s", text, got)
		}
	}
}
