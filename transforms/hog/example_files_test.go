package hog_test

import (
	"path/filepath"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms/hog"
)

// The functions of the example projects do what their projects say.
func TestExampleProjects(t *testing.T) {
	files, err := filepath.Glob("../../configs/examples/*/functions/*.hog")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			h, err := hog.New(&hog.Config{File: pipeline.File{Name: file, Path: file}}, pipeline.Env{})
			if err != nil {
				t.Fatal(err)
			}
			if out, err := h.Apply(t.Context(), event(t), nil); err != nil || len(out) > 1 {
				t.Errorf("%d events, %v", len(out), err)
			}
		})
	}
}

func TestQuickstart(t *testing.T) {
	const file = "../../configs/examples/quickstart/functions/enrich.hog"
	h, err := hog.New(&hog.Config{File: pipeline.File{Name: file, Path: file}}, pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.Apply(t.Context(), event(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"amount":1500,"email":"ada@Example.org","tier":"large","currency":"EUR","email_domain":"example.org"}`
	if len(out) != 1 || string(out[0].Properties) != want {
		t.Errorf("\n got %s\nwant %s", out[0].Properties, want)
	}
}
