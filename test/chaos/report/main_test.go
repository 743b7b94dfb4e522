package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/test/chaos/result"
)

func TestReport(t *testing.T) {
	dir := t.TempDir()
	results, into := filepath.Join(dir, "results"), filepath.Join(dir, "doc.md")
	lines := `{"case":"a","runs":1,"acknowledged":10,"lost":3}
{"case":"b","runs":2,"acknowledged":20,"delivered":60,"dead":1,"repeated":4,"overtaken":5,"recovery":1500000000,"slowest":2000000000,"note":"n"}
{"case":"a","runs":50,"acknowledged":500}
`
	document := "# Title\n" + begin + "old\n" + end + "\nmore\n"
	for path, text := range map[string]string{results: lines, into: document} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // a second time changes nothing
		if err := run(results, into); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(into)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	wantA := "| a | 50 | 500 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0.0 s, 0.0 s |\n| b (n) | 2 | 20 | 60 | 1 | 0 | 0 | 4 | 0 | 5 | 1.5 s, 2.0 s |\n"
	if !strings.Contains(got, wantA) || strings.Contains(got, "old") || !strings.HasPrefix(got, "# Title\n") || !strings.HasSuffix(got, end+"\nmore\n") {
		t.Errorf("got\n%s", got)
	}
}

// What did not run keeps its row and its place, also one with a note.
func TestReportKeepsOtherCases(t *testing.T) {
	row := func(name string, runs int) string {
		return fmt.Sprintf("| %s | %d | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0.0 s, 0.0 s |\n", name, runs)
	}
	document := begin + "\n" + heading + row("first (a note)", 50) + row("second (needed 3)", 50) + row("third", 50) + "\n" + end
	got, err := update(document, []result.Row{{Case: "new", Runs: 1}, {Case: "second", Runs: 7}})
	if err != nil {
		t.Fatal(err)
	}
	want := begin + "\n" + heading + row("first (a note)", 50) + row("second", 7) + row("third", 50) + row("new", 1) + "\n" + end
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the document (-want +got)\n%s", diff)
	}
}

func TestReportErrors(t *testing.T) {
	if _, err := update("no marks", nil); err == nil {
		t.Error("a document without marks is accepted")
	}
	for _, text := range []string{"", `{"case":`} {
		if _, err := read(strings.NewReader(text)); err == nil {
			t.Errorf("results %q are accepted", text)
		}
	}
}
