package configs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
)

// TestBounds loads files that are made to fill the memory; each ends in one plain mistake.
func TestBounds(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString("project: {name: x}\na: &a [x, x, x, x, x, x, x, x, x, x]\n")
	for c := 'b'; c <= 'j'; c++ {
		fmt.Fprintf(&laughs, "%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10), ", "))
	}
	env := map[string]string{"BIG": strings.Repeat("x", 100_000)}
	for name, test := range map[string]struct{ text, want string }{
		"laughs":    {laughs.String(), "the project has more than 100000 values, counting each use of an alias"},
		"flow":      {"data: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "exceeded max depth of 100"},
		"block":     {strings.Repeat("- ", 200), "exceeded max depth of 100"},
		"aliases":   {aliasChain(150), "values are nested more than 100 deep"},
		"text":      {"a: &a " + strings.Repeat("x", 500_000) + "\nb: [" + strings.Repeat("*a, ", 100_000) + "]", "longer than 16 MB"},
		"variables": {"a: " + strings.Repeat("${BIG}", 100_000), "longer than 16 MB"},
		"file":      {strings.Repeat("#", 1<<20+1), "the file is larger than 1024 KB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configs.Load(project(t, test.text), options(env))
			errs := configs.AsErrors(err)
			if len(errs) != 1 || !strings.Contains(errs[0].Message, test.want) {
				t.Errorf("got  %d errors, %.300v\nwant 1, %s", len(errs), err, test.want)
			}
		})
	}
}

// aliasChain nests by aliases what is flat on the page.
func aliasChain(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 x\n")
	for i := range n {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d]\n", i+1, i+1, i)
	}
	return b.String()
}

// TestManyMistakes: all are reported, the first hundred with their lines.
func TestManyMistakes(t *testing.T) {
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "u%d: 1\n", i)
	}
	_, err := configs.Load(project(t, b.String()), options(nil))
	errs := configs.AsErrors(err)
	if len(errs) != 20_000 {
		t.Fatalf("got  %d errors\nwant 20000", len(errs))
	}
	if errs[99].Snippet == "" || errs[100].Snippet != "" {
		t.Errorf("snippets: got %q and %q, want one and none", errs[99].Snippet, errs[100].Snippet)
	}
}

// TestCodePlaces finds every character of a piece of code again in the file, by pipeline.Code.At.
func TestCodePlaces(t *testing.T) {
	const head = "pipelines:\n  web:\n    destinations: [stdout]\n    transforms:\n"
	for _, item := range []string{
		"      - filter: a == 1 && b == 2",
		"      - filter: é == \"ü\" || ok",
		"      - filter: \"a == 'é' && b\"",
		"      - filter: 'a == \"é\"'",
		"      - filter: |\n          a == 1 &&\n            b == 'é' ||\n\n          c",
		"      - filter: |-\n\n          a\n          b",
		"      - filter: |2 # comment\n            a\n          b",
		"      - filter: |\r\n          a\r\n          b\r\n",
		"      - filter: >\n          a == 1",
		"      - filter: &x !!str \"a\"",
		"      - filter: !!str &x\n          a",
		"      - filter: &x # comment\n          'a'",
		"      - {filter: {when: \"é\"}}",
		"      - filter:\n          when: |\n            a\n              b",
		"      - filter: ! a",
	} {
		t.Run(item, func(t *testing.T) {
			text := head + item + "\n"
			p, err := configs.Load(project(t, text), options(nil))
			if err != nil {
				t.Fatal(err)
			}
			var c filterConfig
			if err := p.Pipelines[0].Transforms[0].Decode(&c); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
			for offset, r := range c.When.Text {
				pos := c.When.At(offset)
				line := []rune(lines[pos.Line-1])
				if r == '\n' {
					if pos.Col-1 < len(line) && strings.TrimSpace(string(line)) != "" {
						t.Errorf("newline at %v, want it at the end of %q", pos, string(line))
					}
					continue
				}
				if pos.Col < 1 || pos.Col > len(line) || line[pos.Col-1] != r {
					t.Fatalf("%q at offset %d: not at %v", r, offset, pos)
				}
			}
		})
	}
}

func TestLoadNil(t *testing.T) {
	for name, path := range map[string]string{
		"missing": filepath.Join(t.TempDir(), "x"),
		"broken":  project(t, "a: [\n"),
		"empty":   project(t, ""),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := configs.Load(path, options(nil))
			if p != nil || err == nil {
				t.Errorf("got %v, %v; want nil and an error", p, err)
			}
		})
	}
}

// TestLoadPartly: what could be read comes beside the error, so that all mistakes are found in one pass.
func TestLoadPartly(t *testing.T) {
	path := project(t, "x: 1\nsources:\n  stripe: {key: a}\n  strip: {key: b}\n")
	p, err := configs.Load(path, options(nil))
	if err == nil || p == nil {
		t.Fatalf("got %v, %v; want a project and an error", p, err)
	}
	var names []string
	for _, s := range p.Sources {
		names = append(names, s.Name)
	}
	if want := []string{"stripe"}; !slices.Equal(names, want) {
		t.Errorf("got  %v\nwant %v", names, want)
	}
	if want := []string{path}; !slices.Equal(p.Files, want) {
		t.Errorf("got  %v\nwant %v", p.Files, want)
	}
}

// TestOtherTypes: without lists of known types every type is taken, and the environment is the process's own.
func TestOtherTypes(t *testing.T) {
	t.Setenv("CONFIGS_TEST", "kafka")
	path := project(t, "pipelines: {web: {transforms: [own], destinations: [{\"x\": {a: 1}}, \"${CONFIGS_TEST}\"]}}\nsources: {any: {}}\nwarehouse: mine\n")
	p, err := configs.Load(path, configs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{p.Pipelines[0].Transforms[0].Type, p.Pipelines[0].Destinations[0].Type, p.Pipelines[0].Destinations[1].Type,
		p.Sources[0].Type, p.Warehouse.Type}
	if want := []string{"own", "x", "kafka", "any", "mine"}; !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestAbsoluteData(t *testing.T) {
	dir := t.TempDir()
	p, err := configs.Load(project(t, "data: "+dir+"/state/\nsources: {stripe: {}}\n"), options(nil))
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "state"); p.Data != want {
		t.Errorf("got  %q\nwant %q", p.Data, want)
	}
}

func TestByteOrderMark(t *testing.T) {
	_, err := configs.Load(project(t, "\ufeffx: 1\n"), options(nil))
	errs := configs.AsErrors(err)
	if len(errs) != 1 || errs[0].Pos.Col != 1 || errs[0].Snippet != "x: 1\n^" {
		t.Errorf("got %v, want one error in column 1", err)
	}
}

func TestNotRegular(t *testing.T) {
	path := project(t, "include: "+os.DevNull+"\n")
	_, err := configs.Load(path, options(nil))
	if err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestDecodeWithoutProject(t *testing.T) {
	c := stripeConfig{Tables: []string{"a"}}
	err := configs.Component{Type: "stripe", Pos: pipeline.Pos{File: "f", Line: 1, Col: 1}}.Decode(&c)
	if got, want := fmt.Sprint(err), `f:1:1: "key" is missing; add key: …`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDecodeUnsupported(t *testing.T) {
	p, err := configs.Load(project(t, "sources: {stripe: {key: a}}\n"), options(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if got, want := recover(), "configs: a configuration cannot hold chan int"; got != want {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}()
	var c struct {
		Key chan int `yaml:"key"`
	}
	_ = p.Sources[0].Decode(&c) // panics
}

func TestBatchOver(t *testing.T) {
	def := pipeline.Batch{Events: 100, Bytes: 1000, Wait: time.Second}
	var zero time.Duration
	for _, test := range []struct {
		give configs.Batch
		want pipeline.Batch
	}{
		{configs.Batch{}, def},
		{configs.Batch{Events: 5}, pipeline.Batch{Events: 5, Bytes: 1000, Wait: time.Second}},
		{configs.Batch{Bytes: 7, Wait: &zero}, pipeline.Batch{Events: 100, Bytes: 7}},
	} {
		if got := test.give.Over(def); got != test.want {
			t.Errorf("%+v:\ngot  %+v\nwant %+v", test.give, got, test.want)
		}
	}
}
