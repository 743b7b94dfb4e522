package sdks

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	page  = "../../docs/sdks.md"
	begin = "<!-- sdks: begin -->\n"
	end   = "<!-- sdks: end -->"
)

// The page says what the tests hold, and shows the snippets that they run.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s lacks the marks %q and %q", page, begin, end)
	}
	want := before + begin + "\n" + table() + "\n" + snippets(t) + end + after
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the tests hold: run `make sdks`", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// table is made of what the tests expect, so that it holds where they pass.
func table() string {
	var b strings.Builder
	b.WriteString("| SDK | version | calls | events | 429, 429 | 503, 503 | connection reset | answer lost |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, s := range sdks {
		fmt.Fprintf(&b, "| `%s` | %s | %s | all %d as they should be |", s.name, s.version(), s.calls, len(s.session(s.parts[0])))
		for _, f := range faults {
			b.WriteString(" " + s.outcome(f) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// outcome is what becomes of events under a fault.
func (s sdk) outcome(f fault) string {
	if r, ok := s.rules[f.name]; ok {
		return r.says
	}
	return "each once"
}

func snippets(t *testing.T) string {
	var b strings.Builder
	for _, s := range sdks {
		language := strings.NewReplacer(".", "", "mjs", "js").Replace(filepath.Ext(s.snippet()))
		fmt.Fprintf(&b, "### %s\n\n```%s\n%s```\n\n", s.name, language, s.snippetText(t))
	}
	return b.String()
}
