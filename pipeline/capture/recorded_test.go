package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// recordedCase is one file of testdata/recorded. The format is described where the recordings are made; the fields here are what the
// tests use.
type recordedCase struct {
	Requests []recordedRequest `json:"requests"`

	// Of hand-made cases.
	Clock   string          `json:"clock"`
	Request recordedRequest `json:"request"`
	Expect  expectation     `json:"expect"`
}

type recordedRequest struct {
	Method   string          `json:"method"`
	Path     string          `json:"path"`
	RawQuery string          `json:"raw_query"`
	Headers  [][2]string     `json:"headers"`
	Body     string          `json:"body_b64"`
	Decoded  json.RawMessage `json:"decoded"`
}

type expectation struct {
	Status         int               `json:"status"`
	IncludesStatus bool              `json:"json_includes_status"`
	BodyLen        *int              `json:"body_len"`
	Headers        map[string]string `json:"headers"`
	MethodsInclude []string          `json:"methods_include"`
	UUIDGenerated  bool              `json:"uuid_generated"`
	Events         []map[string]any  `json:"events"`

	// Of capture mode v1, by uuid.
	Results map[string]map[string]any `json:"results"`
}

// build makes the request as the SDK sent it.
func (r recordedRequest) build(t *testing.T) *http.Request {
	t.Helper()
	body, err := base64.StdEncoding.DecodeString(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	target := r.Path
	if r.RawQuery != "" {
		target += "?" + r.RawQuery
	}
	req := httptest.NewRequest(r.Method, target, bytes.NewReader(body))
	for _, h := range r.Headers {
		switch strings.ToLower(h[0]) {
		case "host", "connection", "content-length":
		default:
			req.Header.Add(h[0], h[1])
		}
	}
	return req
}

// header is the value of a header, or "".
func (r recordedRequest) header(name string) string {
	for _, h := range r.Headers {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

// recordings loads the cases of testdata/recorded that pattern matches, by name.
func recordings(t *testing.T, pattern string) map[string]recordedCase {
	t.Helper()
	root := filepath.Join("testdata", "recorded")
	paths, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings match %s: %v", pattern, err)
	}
	cases := map[string]recordedCase{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var c recordedCase
		decode(t, text, &c)
		name, _ := filepath.Rel(root, path)
		cases[filepath.ToSlash(name)] = c
	}
	return cases
}

// decode is json.Unmarshal that keeps all digits of numbers.
func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
}

func decodeObject(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var v map[string]any
	decode(t, text, &v)
	return v
}

func parseTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// missing lists what got lacks of want; objects are compared as subsets.
func missing(want, got any, path string) []string {
	w, isObject := want.(map[string]any)
	g, gotObject := got.(map[string]any)
	if !isObject || !gotObject {
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if string(a) != string(b) {
			return []string{path + ":\n  got  " + string(b) + "\n  want " + string(a)}
		}
		return nil
	}
	var out []string
	for key, value := range w {
		out = append(out, missing(value, g[key], path+"."+key)...)
	}
	return out
}
