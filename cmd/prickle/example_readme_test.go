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
	t.Setenv("PRICKLE_LISTEN", "127.0.0.1:0")
	dir := copiedExample(t, "reliability")
	before := read(t, dir, "functions/mask.hog")
	p, printed := follow(t, "reliability", dir)
	inOrder(t, printed,
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

// What the README of the example about imports says is done.
func TestImportExample(t *testing.T) {
	t.Setenv("PRICKLE_LISTEN", "127.0.0.1:0")
	_, printed := follow(t, "import", copiedExample(t, "import"))
	inOrder(t, printed, "2 events stored", "2 events stored", "1 rejected",
		"2025-08-20", "history", "signed_up", "0017", "$pageview", "ada", "Order Completed", "2025-08-21", "0018", "4 rows")
}

// copiedExample is an example in a folder of its own.
func copiedExample(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("../../configs/examples", name))); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil { // of someone who tried the example in place
		t.Fatal(err)
	}
	return dir
}

// follow does what an example's README says, and returns what its commands printed.
func follow(t *testing.T, name, dir string) (p *instance, printed string) {
	t.Helper()
	var out strings.Builder
	for _, b := range blocks(read(t, dir, "README.md")) {
		if b.language == "hog" {
			write(t, dir, b.file(), b.text)
			continue
		}
		for line := range strings.Lines(b.text) {
			for _, args := range commandLines(strings.ReplaceAll(line, "configs/examples/"+name, dir)) {
				if args[0] == "run" {
					p = startWith(t, args[1], args[2:])
					continue
				}
				code, text, errOut := run(t, args...)
				if code != 0 {
					t.Fatalf("prickle %s: exit code %d\n%s%s", strings.Join(args, " "), code, text, errOut)
				}
				out.WriteString("$ " + line + text)
				p.settled()
			}
		}
	}
	return p, out.String()
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
