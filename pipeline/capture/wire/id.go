package wire

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// MaxNameLength is how many characters of an event's name and of a distinct id are kept.
const MaxNameLength = 200

// DistinctID is FullID cut to MaxNameLength characters.
func DistinctID(value []byte) string { return Cut(FullID(value), MaxNameLength) }

// FullID reads an id: a string as it is, anything else as its compact JSON text with keys sorted. It returns "" when the value is absent,
// null or blank (spec 2.6). Of an object or a list that is longer than any id it returns the begin of the text as it was sent.
func FullID(value []byte) string {
	if !Present(value) {
		return ""
	}
	id, isText := rawjson.String(value)
	if !isText {
		id = compact(value)
	}
	if strings.TrimSpace(id) == "" {
		return ""
	}
	return id
}

// longestCompact is how many bytes an object or a list may have that is decoded: that takes fifty times as much memory.
const longestCompact = 8 << 10

func compact(value []byte) string {
	if kind := rawjson.KindOf(value); kind != rawjson.Object && kind != rawjson.Array {
		return string(value)
	}
	if len(value) > longestCompact {
		return strings.ToValidUTF8(string(value[:longestCompact]), "")
	}
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return ""
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// Cut returns the first n characters of s.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// UUID returns s in canonical form: 36 characters, lower case. It reports false when s is no UUID.
func UUID(s string) (canonical string, ok bool) {
	id, err := uuid.Parse(s)
	if err != nil {
		return "", false
	}
	if isCanonical(s) {
		return s, true
	}
	return id.String(), true
}

func isCanonical(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'F' {
			return false
		}
	}
	return true
}
