package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/exprs"
)

// A block that begins with the comment `# prickle.yaml` is a project; other blocks of the page that begin with a path are its further files.
func TestDocsProjects(t *testing.T) {
	n := 0
	for _, path := range pages(t) {
		others := map[string]string{}
		for _, b := range blocks(page(t, path)) {
			if name := b.file(); name != "" && name != "prickle.yaml" {
				others[name] = b.text
			}
		}
		for _, b := range blocks(page(t, path)) {
			if b.language != "yaml" || b.file() != "prickle.yaml" {
				continue
			}
			n++
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(path), b.line), func(t *testing.T) {
				files := map[string]string{"prickle.yaml": b.text}
				for name, text := range others {
					files[name] = text
				}
				if strings.Contains(b.text, "places.mmdb") { // which is no text that a page could show
					database, err := os.ReadFile("../../configs/examples/enrich/places.mmdb")
					if err != nil {
						t.Fatal(err)
					}
					files["places.mmdb"] = string(database)
				}
				for _, m := range regexp.MustCompile(`[^$]\$\{(\w+)\}`).FindAllStringSubmatch(b.text, -1) {
					t.Setenv(m[1], madeUp(m[1]))
				}
				if code, _, errOut := run(t, "check", project(t, files)); code != 0 {
					t.Errorf("check: exit code %d\n%s", code, errOut)
				}
			})
		}
	}
	if n < 10 {
		t.Errorf("only %d projects found", n)
	}
}

// madeUp is a value for a variable of a documented project.
func madeUp(name string) string {
	switch {
	case strings.HasSuffix(name, "URL"):
		return "http://127.0.0.1:1"
	case strings.HasPrefix(name, "STRIPE"):
		return "rk_test_made_up"
	}
	return "made-up-" + strings.ToLower(name)
}

// Every ```hog block compiles. When a ```text block follows, that is what it prints. Every line of an ```expr block is a condition.
func TestDocsCode(t *testing.T) {
	compared, conditions := 0, 0
	for _, path := range pages(t) {
		all := blocks(page(t, path))
		for i, b := range all {
			where := fmt.Sprintf("%s:%d", filepath.Base(path), b.line)
			switch b.language {
			case "hog":
				compileBlock(t, where, b)
				if i+1 < len(all) && all[i+1].language == "text" {
					compared++
					runBlock(t, where, b, all[i+1].text)
				}
			case "expr":
				for line := range strings.Lines(b.text) {
					conditions++
					if _, err := exprs.Compile(pipeline.Code{Text: strings.TrimSpace(line)}); err != nil {
						t.Errorf("%s: %s: %v", where, strings.TrimSpace(line), err)
					}
				}
			}
		}
	}
	if compared < 4 || conditions < 5 {
		t.Errorf("only %d programs with output and %d conditions found", compared, conditions)
	}
}

func compileBlock(t *testing.T, where string, b block) {
	t.Helper()
	options := []hog.Option{hog.WithGlobals("event", "project", "source", "request"), hog.WithFunctions("cleanNullValues", "fetch", "sleep", "postHogCapture")}
	if _, err := hog.Compile(where, b.text, options...); err != nil {
		t.Errorf("%v", err)
	}
}

func runBlock(t *testing.T, where string, b block, want string) {
	t.Helper()
	dir := project(t, map[string]string{"f.hog": b.text})
	code, out, errOut := run(t, "hog", "run", filepath.Join(dir, "f.hog"))
	if diff := cmp.Diff(want, out+strings.ReplaceAll(errOut, dir+"/", "")); diff != "" {
		t.Errorf("%s: exit code %d (-want +got)\n%s", where, code, diff)
	}
}

// Every statement of a ```sql block runs on a warehouse that has events and the tables of Stripe.
func TestDocsSQL(t *testing.T) {
	p := start(t, project(t, map[string]string{"prickle.yaml": fmt.Sprintf(`
capture: {listen: "127.0.0.1:0", keys: [k]}
pipelines: {web: {destinations: [warehouse]}}
sources: {stripe: {key: sk_test_123, url: %q, rate: 100}}
`, stripeMock(t))}))
	if code, out, errOut := run(t, "send", "-p", p.dir); code != 0 {
		t.Fatalf("send: exit code %d\n%s%s", code, out, errOut)
	}
	p.settled()
	if code, out, errOut := run(t, "sync", "-p", p.dir, "stripe"); code != 0 {
		t.Fatalf("sync: exit code %d\n%s%s", code, out, errOut)
	}
	n := 0
	for _, path := range pages(t) {
		for _, b := range blocks(page(t, path)) {
			if b.language != "sql" {
				continue
			}
			for statement := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(b.text), ";"), ";\n") {
				n++
				if code, _, errOut := run(t, "query", "-p", p.dir, "--", statement); code != 0 {
					t.Errorf("%s: %s\n%s", filepath.Base(path), statement, errOut)
				}
			}
		}
	}
	if n < 4 {
		t.Errorf("only %d statements found", n)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}
