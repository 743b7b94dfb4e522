package configs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
)

// project writes one file and returns its path.
func project(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "prickle.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestNoSecretInErrors puts a secret, by a variable and literally, in places where something is wrong with it or beside it.
func TestNoSecretInErrors(t *testing.T) {
	const secret = "hunter2-hunter2"
	env := map[string]string{"S": secret, "JSON": `{"a": "` + secret + `"}`}
	for i, text := range []string{
		// Variables.
		"sources: {stripe: {key: \"${S}\", tabels: [a]}}",
		"sources:\n  stripe: ${S}",
		"sources:\n  stripe:\n    key: k\n    every: ${S}",
		"sources:\n  stripe:\n    type: ${S}",
		"sources:\n  stripe:\n    key: k\n    tables: ${S}",
		"project:\n  name: n\n  id: ${S}",
		"include: [\"${S}.yaml\"]",
		"data: ${S}\nwarehouse: ${S}",
		"pipelines: {web: {destinations: [\"${S}\"]}}",
		"pipelines:\n  web:\n    destinations:\n      - ${S}: {}\n      - slack: ${S}",
		"pipelines: {web: {destinations: [{webhook: {url: u, port: \"${S}\", ratio: \"${S}\", compress: \"${S}\", timeout: \"${S}\"}}]}}",
		"pipelines: {web: {destinations: [{stdout: {name: \"${S}!\", batch: {bytes: \"${S}\"}, retry: {factor: \"${JSON}\"}}}]}}",
		"pipelines: {web: {transforms: [{filter: a, on_error: \"${S}\"}, {filter: b, name: \"a ${S}\"}], destinations: [stdout]}}",
		// Literals.
		"sources: {stripe: {key: " + secret + ", tabels: [a]}}",
		"sources: {stripe: {kye: " + secret + "}}",
		"sources: {stripe: {what_is_this: \"" + secret + "\"}}",
		"sources: {strip: {key: '" + secret + "'}}",
		"sources: {stripe: {\"key\": \"" + secret + "\", \"x\": 1}}",
		"sources: {stripe: {key: \"${NONE:-" + secret + "}\", x: 1}}",
		"sources: {stripe: {key: " + secret + ", x: 1}",
		"sources:\n  stripe: " + secret,
		"sources:\n  stripe: {x: 1, key: \"" + secret,
		"sources:\n  stripe: {key: k, tables: [a], key: " + secret + "}",
		"bus: nats://user:" + secret + "@nats",
		"bus: {url: nats://user:" + secret + "@nats, x: 1}",
		"bus: {ulr: \"nats://user:" + secret + "@nats\"}",
		"capture: {keys: [" + secret + "], x: 1}",
		"capture: {keys: " + secret + "}",
		"pipelines: {web: {destinations: [{slack: " + secret + "}]}}",
		"pipelines: {web: {destinations: [{slack: {token: " + secret + ", channel: nope}}]}}",
		"pipelines: {web: {destinations: [{slak: {token: " + secret + "}}]}}",
		"pipelines: {web: {destinations: [{webhook: {headers: {Some: " + secret + "}}}]}}",
		"sources: {stripe: {what_is_this: [{a: [" + secret + "]}]}}",
		"webhooks: {in: " + secret + "}",
		"webhooks: {in: {scrt: " + secret + "}}",
		"webhooks: {in: {codes: " + secret + ", x: 1}}",
		"webhooks: {in: {codes: [a, " + secret + "], x: 1}}",
		"pipelines: {web: {destinations: [{webhook: {url: u, headers: " + secret + "}}]}}",
		"pipelines: {web: {destinations: [{webhook: {headres: {Some: " + secret + "}}}]}}",
		"pipelines: {web: {destinations: [{webhook: {url: u, headers: " + secret + "}}]}}",
		"pipelines: {web: {destinations: [{webhook: {headres: " + secret + "}}]}}",
		"pipelines: {web: {destinations: [{webhook: {url: u, keys: [" + secret + "], x: 1}}]}}",
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) { // the text would become part of the file's name
			_, err := decode(project(t, text), options(env))
			if err == nil {
				t.Fatalf("no error for %s", text)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("the error shows the secret:\n%v", err)
			}
		})
	}
}

// TestNoSecretOfSeveralLines: a mistake may stand on any line of a secret, such as a private key.
func TestNoSecretOfSeveralLines(t *testing.T) {
	path := project(t, `sources:
  stripe:
    key: |
      hunter2
      hunter3
    tables: [a]
  two:
    type: stripe
    key: "hunter2
      hunter3"
  three:
    type: stripe
    key: hunter2
      hunter3
`)
	p, err := decode(path, options(nil))
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	for line := range 15 {
		errs = append(errs, pipeline.Errorf(pipeline.Pos{File: path, Line: line + 1, Col: 9}, "wrong"))
	}
	err = p.Explain(errors.Join(errs...))
	if strings.Contains(err.Error(), "hunter") {
		t.Errorf("the error shows the secret:\n%v", err)
	}
	if !strings.Contains(err.Error(), "tables: [a]") {
		t.Errorf("the line after the secret is hidden too:\n%v", err)
	}
}

// TestExplainScrubs is about messages that other packages made out of text with variables put in.
func TestExplainScrubs(t *testing.T) {
	path := project(t, "sources: {stripe: {key: \"${A}\", tables: [\"${B}\"]}}\n")
	p, err := decode(path, options(map[string]string{"A": "line\none-and-more", "B": "short"}))
	if err != nil {
		t.Fatal(err)
	}
	at := pipeline.Pos{File: path, Line: 1, Col: 1}
	raw := &pipeline.ConfigError{Pos: at, Message: "bad line\none-and-more", Hint: fmt.Sprintf("not %q or short", "line\none-and-more"),
		Snippet: "line\none-and-more"}
	got := p.Explain(raw).Error()
	want := at.String() + ": bad ${A}; not \"${A}\" or short\nsources: {stripe: {key: \"${A}\", tables: [\"${B}\"]}}\n^"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if raw.Message != "bad line\none-and-more" {
		t.Errorf("Explain changed its argument: %q", raw.Message)
	}
}

// TestExplainSorts puts the project's files first, then others, then what has no place, and says nothing twice.
func TestExplainSorts(t *testing.T) {
	path := project(t, "sources: {stripe: {key: k}}\n")
	p, err := configs.Load(path, options(nil))
	if err != nil {
		t.Fatal(err)
	}
	at := func(file string, line, col int) error {
		return pipeline.Errorf(pipeline.Pos{File: file, Line: line, Col: col}, "wrong")
	}
	err = p.Explain(errors.Join(errors.New("no place"), at("z.hog", 1, 1), at("a.hog", 2, 1), at("a.hog", 1, 9), at(path, 1, 2),
		at(path, 1, 1), at("a.hog", 1, 9)))
	var got []string
	for _, e := range configs.AsErrors(err) {
		got = append(got, e.Pos.String())
	}
	want := []string{path + ":1:1", path + ":1:2", "a.hog:1:9", "a.hog:2:1", "z.hog:1:1", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestExplainKeepsForeignSnippets(t *testing.T) {
	p := &configs.Project{}
	hog := &pipeline.ConfigError{Pos: pipeline.Pos{File: "f.hog", Line: 1, Col: 2}, Message: "bad", Snippet: "x y\n ^"}
	got := p.Explain(hog).Error()
	want := "f.hog:1:2: bad\nx y\n ^"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if err := p.Explain(nil); err != nil {
		t.Errorf("Explain(nil) = %v, want nil", err)
	}
}
