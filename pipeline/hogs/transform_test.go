package hogs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/hogs"
)

func compile(t testing.TB, text string) *hogs.Transform {
	t.Helper()
	transform, err := hogs.CompileTransform(code(text), hog.Limits{}, env())
	if err != nil {
		t.Fatal(err)
	}
	return transform
}

// What becomes of {"a":1,"b":[1,2],"id":9007199254740993}: name, distinct id, properties; "dropped"; or an error that begins so.
func TestTransform(t *testing.T) {
	const properties = `{"a":1,"b":[1,2],"id":9007199254740993}`
	tests := map[string]string{
		`return event`: `purchase u1 ` + properties,
		`let e := event; e.properties.c := e.properties.a + 1; return e`:                        `purchase u1 {"a":1,"b":[1,2],"id":9007199254740993,"c":2}`,
		`let e := event; e.event := 'bought'; return e`:                                         `bought u1 ` + properties,
		`let e := event; e.name := 'bought'; return e`:                                          `bought u1 ` + properties,
		`let e := event; e.distinct_id := 'u2'; return e`:                                       `purchase u2 ` + properties,
		`let e := event; e.distinct_id := 5; e.uuid := 'x'; return e`:                           `purchase u1 ` + properties,
		`return {'properties': {'x': event.properties.a}}`:                                      `purchase u1 {"x":1}`,
		`return {'properties': cleanNullValues({'x': null, 'y': {'z': null, 'w': [null, 1]}})}`: `purchase u1 {"y":{"w":[1]}}`,
		`let e := event; e.properties.id := e.properties.id + 2; return e`:                      `purchase u1 {"a":1,"b":[1,2],"id":9007199254740994}`,
		`return null`:  `dropped`,
		`return false`: `dropped`,
		`let x := 1`:   `dropped`,
		`if (event.properties.none == null) { return null } return event`: `dropped`,
		`return true`:                             `prickle.yaml: want the event, or null to drop it, as the result, got boolean`,
		`return 'x'`:                              `prickle.yaml: want the event, or null to drop it, as the result, got string`,
		`return {'event': 'x'}`:                   `prickle.yaml: want an object properties in the result, got null`,
		`return {'properties': [1]}`:              `prickle.yaml: want an object properties in the result, got array`,
		`let e := event; e.event := ''; return e`: `prickle.yaml: event of the result: want a text of 1 to 200 characters`,
		"\nthrow Error('no plan')":                `prickle.yaml:6:`,
		`return jsonParse('[')`:                   `prickle.yaml:5:`,
		`while (true) {} return event`:            `prickle.yaml:5:`,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			transform, err := hogs.CompileTransform(code(text), hog.Limits{Time: 50 * time.Millisecond}, env())
			if err != nil {
				t.Fatal(err)
			}
			e := *event(t)
			e.Properties = pipeline.Properties(properties)
			changed, keep, err := transform.Apply(t.Context(), e)
			got := changed.Name + " " + changed.DistinctID + " " + string(changed.Properties)
			switch {
			case err != nil && strings.HasPrefix(err.Error(), want) && !keep:
				return
			case err != nil:
				got = err.Error()
			case !keep:
				got = "dropped"
			}
			if got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if string(e.Properties) != properties {
				t.Errorf("the original has become %s", e.Properties)
			}
		})
	}
}

func TestTransformKinds(t *testing.T) {
	for text, want := range map[string]struct {
		kind  hog.ErrorKind
		class string
	}{
		`throw Error('x')`: {"thrown", "thrown"},
		`while (true) {}`:  {"steps", "limit"},
	} {
		transform, err := hogs.CompileTransform(code(text), hog.Limits{Steps: 1000}, env())
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = transform.Apply(t.Context(), *event(t))
		var failed *hogs.RunError
		if !errors.As(err, &failed) || failed.Kind != want.kind || pipeline.ErrorClass(fmt.Errorf("x: %w", err)) != want.class {
			t.Errorf("%s\n got %v\nwant %v", text, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := compile(t, `return event`).Apply(ctx, *event(t)); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTransformFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "enrich.hog")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := pipeline.File{Name: "functions/enrich.hog", Path: path, Pos: pipeline.Pos{File: "prickle.yaml", Line: 9, Col: 14}}

	write("let e := event\ne.properties.seen := true\nreturn e\n")
	transform, err := hogs.CompileTransformFile(file, hog.Limits{}, env())
	if err != nil {
		t.Fatal(err)
	}
	changed, keep, err := transform.Apply(t.Context(), *event(t))
	if err != nil || !keep || changed.Properties.String("plan") != "pro" || !strings.Contains(string(changed.Properties), `"seen":true`) {
		t.Errorf("got %s %v %v", changed.Properties, keep, err)
	}

	write("let e := event\nreturn evnt\n")
	_, err = hogs.CompileTransformFile(file, hog.Limits{}, env())
	if got := firstMistake(t, err); !strings.HasPrefix(got, path+":2:8: ") || !strings.Contains(got, "return evnt\n       ^") {
		t.Errorf("got %s, want the place, the line and a caret", got)
	}

	file.Path += ".none"
	_, err = hogs.CompileTransformFile(file, hog.Limits{}, env())
	if want := `prickle.yaml:9:14: hog file "functions/enrich.hog": no such file or directory`; err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestPrint(t *testing.T) {
	var logged bytes.Buffer
	e := env()
	e.Log = slog.New(slog.NewTextHandler(&logged, nil))
	transform, err := hogs.CompileTransform(code(`for (let i := 0; i < 100; i := i + 1) { print('line', i) } return event`), hog.Limits{}, e)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := transform.Apply(t.Context(), *event(t)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(logged.String(), "\n"); n != 25 || !strings.Contains(logged.String(), "level=WARN") {
		t.Errorf("%d lines are logged, want 24 and a warning:\n%s", n, logged.String())
	}
}

func BenchmarkTransform(b *testing.B) {
	for name, text := range map[string]string{
		"unchanged": `return event`,
		"enrich":    `let e := event; e.properties.total := e.properties.price * e.properties.amount; return e`,
		"drop":      `if (event.event == 'purchase') { return null } return event`,
	} {
		b.Run(name, func(b *testing.B) {
			transform := compile(b, text)
			e := *event(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := transform.Apply(b.Context(), e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
