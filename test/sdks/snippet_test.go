package sdks

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/test/chaos/rig"
)

// documented is the address that the snippets name.
const documented = "http://127.0.0.1:8000"

// snippet is the file with the SDK's snippet.
func (s sdk) snippet() string {
	if s.short() == "posthog-go" {
		return "posthog-go/snippet/main.go"
	}
	found, err := filepath.Glob(filepath.Join(nodeDir, "snippets", s.short()+".*js"))
	if err != nil || len(found) != 1 {
		panic("test/node/snippets has not one snippet of " + s.short())
	}
	return found[0]
}

func (s sdk) snippetText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.snippet())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// say runs the snippet as it is in the documentation, but for the address, and looks for its event.
func (s sdk) say(t *testing.T, p *rig.Prickle) {
	t.Parallel()
	text := s.snippetText(t)
	if !strings.Contains(text, documented) {
		t.Fatalf("%s does not name %s", s.snippet(), documented)
	}
	file := filepath.Join(t.TempDir(), filepath.Base(s.snippet()))
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, documented, p.URL())), 0o600); err != nil {
		t.Fatal(err)
	}
	d := s.runSnippet(t, file)
	hello := "event = 'hello from " + s.short() + "'"
	if s.event != "" {
		hello = "event = '" + s.event + "' AND (properties->>'$.\"$ai_span_name\"') = 'hello from " + s.short() + "'"
	}
	said := func() []row { return ask(t, p, "source = 'snippets' AND "+hello) }
	d.until(func() bool { return len(said()) > 0 })
	output := d.finish()
	p.Settled()
	if n := len(said()); n != 1 {
		t.Errorf("%d events of the snippet are in the warehouse, want 1. It said:\n%s", n, output)
	}
}

func (s sdk) runSnippet(t *testing.T, file string) *driver {
	t.Helper()
	switch filepath.Ext(file) {
	case ".go":
		original, err := filepath.Abs(s.snippet())
		if err != nil {
			t.Fatal(err)
		}
		overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: file}})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "overlay.json")
		if err := os.WriteFile(path, overlay, 0o600); err != nil {
			t.Fatal(err)
		}
		return golang(t, "./snippet", path)
	case ".mjs":
		return node(t, "sessions/script.mjs", file)
	}
	return browser(t, "sessions/page.mjs", file)
}
