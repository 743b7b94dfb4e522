package oracle

import "testing"

func TestSameValues(t *testing.T) {
	for name, c := range map[string]struct {
		sent, got string
		want      bool
	}{
		"numbers":            {`{"a":1.0,"b":-0,"c":1e2,"d":0.1e-7}`, `{"a":1,"b":0,"c":100,"d":1e-8}`, true},
		"escapes and spaces": {`{"\u0061" : "\/\u00e9"}`, `{"a":"/é"}`, true},
		"out of all bounds":  {`{"a":1e400}`, `{"a":null}`, true},
		"a number":           {`{"a":1}`, `{"a":2}`, false},
		"a large number":     {`{"a":18446744073709551617}`, `{"a":18446744073709551616}`, false},
		"a number gone":      {`{"a":1}`, `{"a":null}`, false},
		"order":              {`{"a":1,"b":2}`, `{"b":2,"a":1}`, false},
		"cut":                {`{"a":1,"b":2}`, `{"a":1}`, false},
		"no JSON":            {`{"a":1}`, `{"a":`, false},
	} {
		if got := SameValues([]byte(c.sent), []byte(c.got)); got != c.want {
			t.Errorf("%s\n got %v\nwant %v", name, got, c.want)
		}
	}
}
