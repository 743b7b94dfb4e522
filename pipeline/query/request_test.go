package query

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParams(t *testing.T) {
	var q Request
	if err := json.Unmarshal([]byte(`{"sql":"x","params":[9007199254740993,1.5,"1",true,null]}`), &q); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Params{int64(9007199254740993), 1.5, "1", true, nil}, q.Params); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, bad := range []string{`[[1]]`, `[{"a":1}]`, `5`, `"x"`} {
		if err := json.Unmarshal([]byte(bad), new(Params)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestParam(t *testing.T) {
	for text, want := range map[string]any{
		"42": int64(42), "-1.5e3": -1500.0, "true": true, "null": nil, `"42"`: "42", "": "", "pro": "pro", "2026-08-20": "2026-08-20", "007": "007",
		"9223372036854775808": "9223372036854775808", "[1]": "[1]", "1 2": "1 2", `"a" b`: `"a" b`, " 1": " 1", "True": "True", "1,5": "1,5",
	} {
		if got := Param(text); got != want {
			t.Errorf("%q\n got %T %v\nwant %T %v", text, got, got, want, want)
		}
	}
}
