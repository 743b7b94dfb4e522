package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestReportErrors(t *testing.T) {
	if _, err := replace("no marks", ""); err == nil {
		t.Error("a document without marks is accepted")
	}
	for _, text := range []string{"", `{"case":`} {
		if _, err := read(strings.NewReader(text)); err == nil {
			t.Errorf("results %q are accepted", text)
		}
	}
}
