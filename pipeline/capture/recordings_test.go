package capture

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
)

func withRecordings(what string) func(*Config) { return func(c *Config) { c.Recordings = what } }

// part is a part of a recording, with properties laid over the usual ones; "absent" takes one away.
func part(root, properties string) string {
	return strings.Replace(`{"token":"`+projectToken+`","event":"$snapshot","uuid":"`+largeUUID+`",`+root+`"properties":{"distinct_id":"ada",`+properties+`}}`, ",}", "}", 1)
}

const session = `"$session_id":"0196B2D0-0000-7000-8000-00000000000A",`

func TestRecordingsAreChecked(t *testing.T) {
	good := part(``, session+`"$snapshot_data":[1]`)
	for _, test := range []struct{ row, body, code string }{
		{"2.12 $session_id", part(``, `"$snapshot_data":[]`), "invalid_session_id"},
		{"2.12 $session_id", part(``, `"$session_id":"a b","$snapshot_data":[]`), "invalid_session_id"},
		{"2.12 $session_id", part(``, `"$session_id":"`+strings.Repeat("a", 71)+`","$snapshot_data":[]`), "invalid_session_id"},
		{"2.12 $snapshot_data", part(``, session), "missing_snapshot_data"},
		{"2.12 $snapshot_data", part(``, session+`"$snapshot_data":"x"`), "missing_snapshot_data"},
		{"2.12 $snapshot_data", `[` + good + `,` + part(``, ``) + `]`, "missing_snapshot_data"},
		{"2.12 distinct_id", part(``, session+`"distinct_id":" ","$snapshot_data":[]`), "missing_distinct_id"},
	} {
		t.Run(test.row, func(t *testing.T) {
			for _, what := range []string{RecordingsDrop, RecordingsKeep} {
				fx := newFixture(t, withRecordings(what))
				checkError(t, fx.post("/s/", test.body), 400, test.code)
				if n := len(fx.log.take(t)); n != 0 {
					t.Errorf("%d events stored", n)
				}
			}
		})
	}
	t.Run("2.12 dropped", func(t *testing.T) {
		fx := newFixture(t)
		answer := fx.post("/s/", "["+good+","+good+"]")
		if answer.Code != 200 || answer.Body.String() != string(posthogSuccess) || len(fx.log.take(t)) != 0 || fx.Stats().Filtered.Load() != 2 {
			t.Errorf("got %d %s, %d filtered", answer.Code, answer.Body, fx.Stats().Filtered.Load())
		}
	})
}

func TestRecordingsKept(t *testing.T) {
	t.Run("2.12 stored as", func(t *testing.T) {
		fx := newFixture(t, withRecordings(RecordingsKeep))
		first := part(`"timestamp":"2026-03-01T11:00:00Z",`, session+`"$window_id":"w","$snapshot_source":"mobile","$lib":"web","other":1,"$snapshot_data":[{"a":1},2]`)
		second := part(``, session+`"$snapshot_data":{"b":[3]}`)
		if answer := fx.post("/s/", "["+first+","+second+","+part(``, `"$snapshot_data":[]`)+"]"); answer.Code != 200 {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
		events := fx.log.take(t)
		if len(events) != 1 || events[0].Name != "$snapshot" || events[0].DistinctID != "ada" || events[0].UUID != largeUUID || events[0].Source != "posthog" ||
			events[0].Timestamp.Format(pipeline.TimeFormat) != "2026-03-01T11:00:00.000Z" {
			t.Fatalf("got %+v", events)
		}
		want := `{"distinct_id":"ada","$session_id":"0196b2d0-0000-7000-8000-00000000000a","$window_id":"w","$snapshot_source":"mobile","$lib":"web",
			"$snapshot_data":[{"a":1},2,{"b":[3]}],"$ip":"192.0.2.1"}`
		if diff := cmp.Diff(decodeObject(t, []byte(want)), decodeObject(t, events[0].Properties)); diff != "" {
			t.Errorf("properties (-want +got):\n%s", diff)
		}
		if s := fx.Stats(); s.Accepted.Load() != 1 || s.Filtered.Load() != 0 {
			t.Errorf("accepted %d, filtered %d", s.Accepted.Load(), s.Filtered.Load())
		}
	})
	for _, row := range []string{"2.12 $window_id", "2.12 $snapshot_source"} {
		t.Run(row, func(t *testing.T) {
			fx := newFixture(t, withRecordings(RecordingsKeep))
			fx.post("/s/", part(``, session+`"$snapshot_data":[]`))
			p := fx.log.take(t)[0].Properties
			if p.String("$window_id") != "0196b2d0-0000-7000-8000-00000000000a" || p.String("$snapshot_source") != "web" {
				t.Errorf("properties %s", p)
			}
		})
	}
	t.Run("2.9 recording", func(t *testing.T) {
		large := part(``, session+`"$snapshot_data":["`+strings.Repeat("x", 3<<20)+`"]`)
		fx := newFixture(t, withRecordings(RecordingsKeep))
		if answer := fx.post("/s/", large); answer.Code != 200 {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
		fx.deps.Events = &narrowLog{most: 2 << 20}
		checkError(t, fx.post("/s/", large), 413, "event_too_large")
		limited := newFixture(t, withRecordings(RecordingsKeep), func(c *Config) { c.Limits.Event = 2 << 20 })
		checkError(t, limited.post("/s/", large), 413, "event_too_large")
		checkError(t, fx.post("/s/", strings.Repeat(" ", 25<<20)+"x"), 413, "body_too_large")
	})
	t.Run("2.10 recordings over quota", func(t *testing.T) {
		fx := newFixture(t, withRecordings(RecordingsKeep), withQuota(1, PerDay))
		good := part(``, session+`"$snapshot_data":[1]`)
		fx.post("/s/", "["+good+","+good+"]") // one event
		if answer := fx.post("/s/", good); answer.Code != 200 || answer.Body.String() != string(posthogNoRecordings) {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
		if n := len(fx.log.take(t)); n != 1 {
			t.Errorf("%d events stored, want 1", n)
		}
	})
}

func TestRecordingsRefused(t *testing.T) {
	fx := newFixture(t, withRecordings(RecordingsRefuse))
	body := &countedReader{}
	answer := fx.do(httptest.NewRequest(http.MethodPost, "/s/", body))
	if answer.Code != 200 || answer.Body.String() != string(posthogNoRecordings) || body.reads != 0 || fx.Stats().Refused()["recordings_refused"] != 1 {
		t.Errorf("got %d %s after %d reads, refused %v", answer.Code, answer.Body, body.reads, fx.Stats().Refused())
	}
	if answer := fx.post("/e", goodEvent); answer.Body.String() != string(posthogSuccess) {
		t.Errorf("events go on: %s", answer.Body)
	}
}

// countedReader is an endless body that counts how often it is read.
type countedReader struct{ reads int }

func (r *countedReader) Read(p []byte) (int, error) {
	r.reads++
	return len(p), nil
}

// SDKs are told to record only where something is kept of it.
func TestRecordingsInRemoteConfig(t *testing.T) {
	t.Run("4.2 sessionRecording", func(t *testing.T) {
		for _, what := range []string{RecordingsDrop, RecordingsRefuse, RecordingsKeep} {
			fx := newFixture(t, withRecordings(what))
			for _, target := range []string{"/array/" + projectToken + "/config", "/flags/?v=2&config=true", "/decide/?v=3", "/decide/?v=4"} {
				got := decodeObject(t, fx.get(target).Body.Bytes())["sessionRecording"]
				if told, ok := got.(map[string]any); ok != (what == RecordingsKeep) || ok && told["endpoint"] != "/s/" || !ok && got != false {
					t.Errorf("%s with %s: %v", target, what, got)
				}
			}
			if script := fx.get("/array/" + projectToken + "/config.js").Body.String(); strings.Contains(script, `"/s/"`) != (what == RecordingsKeep) {
				t.Errorf("%s: %s", what, script)
			}
		}
	})
}

func withStatic(dir string) func(*Config) {
	return func(c *Config) { c.Static = pipeline.File{Name: "scripts", Path: dir} }
}

func TestStatic(t *testing.T) {
	dir := t.TempDir()
	inside, outside := filepath.Join(dir, "scripts"), filepath.Join(dir, "secret.js")
	for name, text := range map[string]string{
		outside: "secret", filepath.Join(inside, "array.js"): "let a", filepath.Join(inside, "1.2.3", "recorder.js"): "let r",
		filepath.Join(inside, ".env"): "secret", filepath.Join(inside, ".git", "config"): "secret", filepath.Join(inside, "a.js.map"): "{}",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(inside, "link.js")); err != nil {
		t.Fatal(err)
	}
	fx := newFixture(t, withStatic(inside))
	t.Run("4.3 files", func(t *testing.T) {
		for name, want := range map[string][3]string{
			"array.js":                  {"let a", "text/javascript; charset=utf-8", keepCurrent},
			"1.2.3/recorder.js?v=1.2.3": {"let r", "text/javascript; charset=utf-8", keepVersioned},
			"a.js.map":                  {"{}", "application/json", keepCurrent},
		} {
			r := httptest.NewRequest(http.MethodGet, "/static/"+name, nil)
			r.Header.Set("Origin", "https://shop.example")
			answer := fx.do(r)
			h := answer.Header()
			if got := [3]string{answer.Body.String(), h.Get("Content-Type"), h.Get("Cache-Control")}; answer.Code != 200 || got != want {
				t.Errorf("%s\n  got  %d %q\n  want %q", name, answer.Code, got, want)
			}
			if h.Get("Access-Control-Allow-Origin") != "https://shop.example" || h.Get("Last-Modified") == "" {
				t.Errorf("%s: headers %v", name, h)
			}
			r.Header.Set("If-Modified-Since", h.Get("Last-Modified"))
			if again := fx.do(r); again.Code != http.StatusNotModified {
				t.Errorf("%s again: %d", name, again.Code)
			}
		}
	})
	t.Run("4.3 nothing else", func(t *testing.T) {
		for _, name := range []string{
			"", "1.2.3", "1.2.3/", "none.js", ".env", ".git/config", "../secret.js", "1.2.3/../../secret.js", "%2e%2e/secret.js", "..%2fsecret.js",
			"link.js", "/etc/passwd", "1.2.3//recorder.js", "..\\secret.js", "array.js%00",
		} {
			answer := fx.get("/static/" + name)
			if answer.Code != 404 || strings.Contains(answer.Body.String(), "secret") {
				t.Errorf("%q: %d %s", name, answer.Code, answer.Body)
			}
		}
		if answer := fx.post("/static/array.js", ""); answer.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST: %d", answer.Code)
		}
	})
	t.Run("4.3 without a folder", func(t *testing.T) {
		checkError(t, newFixture(t).get("/static/array.js"), 404, "not_found")
	})
}

func TestMisuseOfRecordingsAndStatic(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		`capture.recordings: "store" is none of drop, refuse and keep`: withRecordings("store"),
		"capture.static: there is no folder scripts":                   withStatic(filepath.Join(file, "none")),
		"there is no folder scripts":                                   withStatic(file),
	} {
		config := testConfig()
		change(&config)
		if _, err := New(config, Deps{Events: &memoryLog{}, Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
