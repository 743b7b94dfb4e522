package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/admin"
	"github.com/prickle-dev/prickle/pipeline/app"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/profiles"
	"github.com/prickle-dev/prickle/pipeline/query"
	"github.com/prickle-dev/prickle/pipeline/schema"
	"github.com/prickle-dev/prickle/pipeline/trace"
	"github.com/prickle-dev/prickle/pipeline/webhooks"
)

const docs = "../../docs/"

// page reads a page of the documentation.
func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages are the paths of all pages, and of the README.
func pages(t *testing.T) []string {
	t.Helper()
	paths := []string{"../../README.md"}
	for _, pattern := range []string{"*.md", "*/*.md"} {
		found, err := filepath.Glob(docs + pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	if len(paths) < 12 {
		t.Fatalf("only %d pages found", len(paths))
	}
	return paths
}

// block is one fenced block of a page.
type block struct {
	language, text string
	line           int
}

// file is the path in a block's first line when that is a comment with nothing but the path, else "".
func (b block) file() string {
	first, _, _ := strings.Cut(b.text, "\n")
	m := regexp.MustCompile(`^(?:#|//) ([\w./-]+\.(?:yaml|hog))$`).FindStringSubmatch(first)
	if m == nil {
		return ""
	}
	return m[1]
}

func blocks(text string) []block {
	var out []block
	var open *block
	n := 0
	for line := range strings.Lines(text) {
		n++
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open == nil:
			open = &block{language: fence, line: n + 1}
		case isFence:
			out = append(out, *open)
			open = nil
		case open != nil:
			open.text += line
		}
	}
	return out
}

// Every kind of component and every key that it takes is in its page, as `key`.
func TestDocsKeys(t *testing.T) {
	all := components()
	for _, s := range all.Transforms {
		checkKeys(t, "transforms.md", s.Type, s.NewConfig())
	}
	for _, s := range all.Destinations {
		checkKeys(t, "destinations.md", s.Type, s.NewConfig())
	}
	for _, s := range all.Warehouses {
		checkKeys(t, "destinations.md", s.Type, s.NewConfig())
	}
	checkKeys(t, "destinations.md", "tables", &warehouse.Retention{}) // maps of them are not looked into
	for _, s := range all.Sources {
		checkKeys(t, "sources.md", s.Type, s.NewConfig())
	}
	c, b := capture.DefaultConfig(), bus.DefaultConfig()
	checkKeys(t, "configuration.md", "capture", &c)
	checkKeys(t, "configuration.md", "bus", &b, "dir") // the data folder decides
	w := webhooks.DefaultConfig()
	checkKeys(t, "webhooks.md", "verify", &w)
	a, o := admin.DefaultConfig(), trace.DefaultConfig()
	checkKeys(t, "configuration.md", "admin", &a)
	checkKeys(t, "configuration.md", "telemetry", &o)
	q := query.DefaultConfig()
	checkKeys(t, "query.md", "query", &q)
	p := profiles.DefaultConfig()
	checkKeys(t, "configuration.md", "profiles", &p)
	s, contracts := schema.DefaultConfig(), schema.DefaultContracts()
	checkKeys(t, "configuration.md", "schema", &s)
	checkKeys(t, "configuration.md", "contracts", &contracts)
	for _, part := range []any{&schema.EventContract{}, &schema.PropertyContract{}} { // maps of them are not looked into
		checkKeys(t, "configuration.md", "contracts", part)
	}
	u := app.DefaultUpkeep()
	checkKeys(t, "configuration.md", "upkeep", &u)
}

func checkKeys(t *testing.T, name, component string, config any, except ...string) {
	t.Helper()
	text := page(t, docs+name)
	for _, key := range append([]string{component}, keysOf(reflect.TypeOf(config).Elem())...) {
		if !strings.Contains(text, "`"+key+"`") && !strings.Contains(strings.Join(except, " "), key) {
			t.Errorf("docs/%s: `%s` of %s is missing", name, key, component)
		}
	}
}

// keysOf are the names of a Config's fields in YAML, those of its parts included.
func keysOf(typ reflect.Type) []string {
	var keys []string
	for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || typ.PkgPath() == reflect.TypeFor[pipeline.Tree]().PkgPath() {
		return nil
	}
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("yaml"), ",")
		if name != "" {
			keys = append(append(keys, name), keysOf(typ.Field(i).Type)...)
		}
	}
	return keys
}

// Every link from a page to another file of the repository leads somewhere.
func TestDocsLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, path := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(page(t, path), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			to := filepath.Join(filepath.Dir(path), target)
			if target == "" {
				to = path
			}
			if !exists(t, to) {
				t.Errorf("%s: %s leads nowhere", filepath.Base(path), m[1])
				continue
			}
			if anchor != "" && !strings.Contains(anchors(page(t, to)), "#"+anchor+"\n") {
				t.Errorf("%s: %s has no heading for #%s", filepath.Base(path), target, anchor)
			}
		}
	}
}

// anchors are the anchors of a page's headings, as GitHub makes them, a line each.
func anchors(text string) string {
	var b strings.Builder
	dropped := regexp.MustCompile("[^a-z0-9 _-]")
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && line[0] == '#' {
			b.WriteString("#" + strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), ""), " ", "-") + "\n")
		}
	}
	return b.String()
}

// docs/hog/functions.md is made of the library's own table; -update rewrites it.
func TestDocsHogFunctions(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Functions of Hog\n\nMade from the library's table by `go test ./cmd/prickle -run TestDocsHogFunctions -update`. Every example is run as a test.\n" +
		"Each result is written as Hog writes values. [The language](README.md) has a page of its own.\n\n" +
		"| function | arguments | what it gives | examples |\n| --- | --- | --- | --- |\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, f := range hog.LibraryFunctions() {
		if f.Async() {
			continue
		}
		arguments := fmt.Sprintf("%d to %d", f.Min, f.Max)
		switch {
		case f.Max < 0:
			arguments = fmt.Sprintf("%d or more", f.Min)
		case f.Min == f.Max:
			arguments = fmt.Sprint(f.Min)
		}
		var examples []string
		for _, e := range f.Examples {
			examples = append(examples, fmt.Sprintf("`%s` is `%s`", e.Code, e.Result))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, arguments, cell.Replace(f.Doc), cell.Replace(strings.Join(examples, "<br>")))
	}
	golden(t, docs+"hog/functions.md", b.String())
}
