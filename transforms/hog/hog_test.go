package hog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms/hog"
)

func event(t testing.TB) pipeline.Event {
	t.Helper()
	e, err := pipeline.ParseEvent([]byte(`{"uuid":"u","event":"purchase","distinct_id":"d","properties":{"amount":1500,"email":"ada@Example.org"}}`))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func build(t testing.TB, text string) pipeline.Transform {
	t.Helper()
	config := hog.Spec.NewConfig().(*hog.Config)
	config.Code = pipeline.Code{Text: text, Pos: pipeline.Pos{File: "p.yaml", Line: 3, Col: 9}}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	h, err := hog.Spec.New(config, pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestApply(t *testing.T) {
	for text, want := range map[string]string{
		`return event`: `{"amount":1500,"email":"ada@Example.org"}`,
		`let e := event; e.properties.tier := e.properties.amount > 1000 ? 'large' : 'small'; return e`: `{"amount":1500,"email":"ada@Example.org","tier":"large"}`,
		`return null`: ``,
	} {
		t.Run(text, func(t *testing.T) {
			prior := pipeline.Event{UUID: "before"}
			out, err := build(t, text).Apply(t.Context(), event(t), []pipeline.Event{prior})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(out) == 2 {
				got = string(out[1].Properties)
			}
			if got != want || out[0].UUID != "before" {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestApplyFails(t *testing.T) {
	out, err := build(t, `throw Error('no plan')`).Apply(t.Context(), event(t), nil)
	if err == nil || !strings.HasPrefix(err.Error(), "p.yaml:3:9: ") || !strings.Contains(err.Error(), "no plan") || len(out) != 0 {
		t.Errorf("got %v, %d events", err, len(out))
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.hog")
	if err := os.WriteFile(path, []byte("return event"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := hog.Spec.NewConfig().(*hog.Config)
	*config.Short().(*pipeline.File) = pipeline.File{Name: "f.hog", Path: path}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	h, err := hog.Spec.New(config, pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := h.Apply(t.Context(), event(t), nil); err != nil || len(out) != 1 {
		t.Errorf("%d events, %v", len(out), err)
	}
}

func TestValidate(t *testing.T) {
	for name, config := range map[string]hog.Config{
		"neither": {},
		"both":    {File: pipeline.File{Path: "f.hog"}, Code: pipeline.Code{Text: "return event"}},
	} {
		if err := config.Validate(); err == nil || err.Error() != "want either a file or code; write for example hog: functions/enrich.hog" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	h := build(b, `let e := event; e.properties.tier := e.properties.amount > 1000 ? 'large' : 'small'; return e`)
	e := event(b)
	out := make([]pipeline.Event, 0, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Apply(b.Context(), e, out); err != nil {
			b.Fatal(err)
		}
	}
}
