package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzCheckJSON compares what is accepted and how escapes are repaired with encoding/json.
func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":"\ud800"}`, `"\u0000"`, `"\\u0000"`, `"\ud83d\ude00"`, `"\ude00\ud83d"`, `"\ud800\ud800\udc00"`, `"\uD83D\uDE0"`, `["\/\"\\\ud800x"]`,
		"\"\xff\"", `[[[[]]]]`, `{"a":1e400,"b":-0.0}`, ` `, `nul`, `1 2`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		repaired := bytes.Clone(text)
		err := CheckJSON(repaired)
		if json.Valid(text) && utf8.Valid(text) && strings.Count(string(text), "[")+strings.Count(string(text), "{") < 128 {
			if err != nil {
				t.Fatalf("refused %q: %v", text, err)
			}
		}
		if err != nil {
			return
		}
		var before, after any
		decode(t, text, &before)
		decode(t, repaired, &after)
		if diff := cmp.Diff(withoutNUL(before), after); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", text, diff)
		}
	})
}

// withoutNUL is what the repair means. encoding/json itself reads a lone surrogate as U+FFFD.
func withoutNUL(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", "\uFFFD")
	case []any:
		for i := range v {
			v[i] = withoutNUL(v[i])
		}
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			out[withoutNUL(key).(string)] = withoutNUL(value)
		}
		return out
	}
	return v
}

func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		t.Fatalf("accepted %q: %v", text, err)
	}
}

// FuzzLZString checks that no data makes the decoder panic or pass its limit.
func FuzzLZString(f *testing.F) {
	f.Add([]byte("N4IgDghgJhDGIFMDOAXCBLA9gJxALhAAYBGAdgGYQAaEeWAJwFMBXBAFwQDsAGAXwF8gA"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 12
		text, err := new(Scratch).LZString(data, limit)
		if err == nil && (len(text) > limit || !utf8.Valid(text)) {
			t.Fatalf("%d bytes of %q", len(text), data)
		}
	})
}
