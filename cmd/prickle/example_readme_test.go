package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the README of the example about reliability says is done, command by command.
func TestReliabilityExample(t *testing.T) {
	const example = "configs/examples/reliability"
	source, dir := filepath.Join("../..", example), t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil { // of someone who tried the example in place
		t.Fatal(err)
	}
	t.Setenv("PRICKLE_LISTEN", "127.0.0.1:0")
	before := read(t, dir, "functions/mask.hog")
	var p *instance
	var printed strings.Builder
	for _, b := range blocks(read(t, source, "README.md")) {
		if b.language == "hog" {
			write(t, dir, b.file(), b.text)
			continue
		}
		for line := range strings.Lines(b.text) {
			for _, args := range commandLines(strings.ReplaceAll(line, example, dir)) {
				if args[0] == "run" {
					p = startWith(t, args[1], args[2:])
					continue
				}
				code, out, errOut := run(t, args...)
				if code != 0 {
					t.Fatalf("prickle %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errOut)
				}
				printed.WriteString("$ " + line + out)
				p.settled()
			}
		}
	}
	inOrder(t, printed.String(),
		"purchase", "3 rows",
		"$ prickle dead count", "mask.thrown", "1 dead letter\n",
		"$ prickle dead list", "mask.thrown",
		"$ prickle dead show", `"class": "mask.thrown"`, `"grace@example.org"`,
		"$ prickle dead export", `"grace@example.org"`,
		"$ prickle dead replay", "1 dead letter replayed",
		"$ prickle dead count", "0 dead letters",
		"nothing was sent: of 8 events, 8 would be sent",
		"replay 1 is done: of 8 events, 8 were sent through pipeline web: 8 passed",
		"$ prickle config list", "functions/mask.hog",
		"$ prickle config diff", "+if (typeof(e.properties.email) == 'array')",
		"$ prickle config rollback", "functions/mask.hog",
	)
	if rows := p.query("SELECT count(*), count(DISTINCT uuid) FROM events WHERE properties::VARCHAR NOT LIKE '%@%'"); fmt.Sprint(rows) != "[[4 4]]" {
		t.Errorf("rows and events without an address\n got %v\nwant 4 and 4", rows)
	}
	if after := read(t, dir, "functions/mask.hog"); after != before {
		t.Errorf("after the rollback\n got %s\nwant %s", after, before)
	}
}

// inOrder wants texts in another, one behind the other.
func inOrder(t *testing.T, text string, wants ...string) {
	t.Helper()
	rest := text
	for _, want := range wants {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("want %q after what was found, in\n%s", want, text)
		}
		rest = after
	}
}
