package transforms_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms"
)

// build loads a project with these transforms and makes them. Mistakes are joined.
func build(t *testing.T, yaml string) ([]pipeline.Transform, error) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("prickle.yaml", "pipelines:\n  web:\n    transforms:\n"+yaml+"    destinations: [stdout]\n")
	write("enrich.hog", "let e := event\ne.properties.enriched := true\nreturn e\n")
	write("wrong.hog", "return evnt\n")
	project, err := configs.Load(dir, configs.Options{Env: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	var out []pipeline.Transform
	var errs []error
	for _, part := range project.Pipelines[0].Transforms {
		i := slices.IndexFunc(transforms.All(), func(s pipeline.Spec[pipeline.Transform]) bool { return s.Type == part.Type })
		if i < 0 {
			t.Fatalf("there is no transform %q", part.Type)
		}
		spec := transforms.All()[i]
		config := spec.NewConfig()
		if err := part.Decode(config); err != nil {
			errs = append(errs, err)
			continue
		}
		made, err := spec.New(config, pipeline.Env{Project: project.Project})
		errs = append(errs, err)
		out = append(out, made)
	}
	return out, project.Explain(errors.Join(errs...))
}

// The transforms as users write them, one after the other on one event.
func TestFromYAML(t *testing.T) {
	list, err := build(t, `      - filter: event.name != "$heartbeat"
      - filter: {keep: event.properties.amount > 100}
      - map:
          event.properties.total: event.properties.amount * 2
          event.properties.vip: true
          event.name: '"bought"'
        on_error: keep
      - hog: enrich.hog
      - hog: {file: enrich.hog, limits: {time: 100ms, memory: 1MB}}
      - hash: [event.properties.email]
      - hash: {fields: [event.distinct_id], salt: pepper}
      - drop_properties: [event.properties.$ip, 'event.properties["first-name"]']
`)
	if err != nil {
		t.Fatal(err)
	}
	e, err := pipeline.ParseEvent([]byte(`{"uuid":"u","event":"purchase","distinct_id":"d","properties":` +
		`{"amount":250,"email":"abc","$ip":"127.0.0.1","first-name":"Ada"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for i, transform := range list {
		out, err := transform.Apply(t.Context(), e, nil)
		if err != nil || len(out) != 1 {
			t.Fatalf("transform %d: %d events, %v", i, len(out), err)
		}
		e = out[0]
	}
	want := `bought {"amount":250,"email":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","total":500,"vip":true,"enriched":true}`
	if got := e.Name + " " + string(e.Properties); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if len(e.DistinctID) != 64 {
		t.Errorf("got distinct id %q", e.DistinctID)
	}
}

// Mistakes point at the character in the file, in plain, quoted and block texts.
func TestMistakesInYAML(t *testing.T) {
	_, err := build(t, `      - filter: evnt.name == "x"
      - filter: 'event.nam == "x"'
      - filter: >-
          event.name == "x" &&
          evnt.name == "y"
      - filter: |
          event.name == "x" &&
          evnt.name == "y"
      - map: {event.properties.a: uper(event.name), total: "1"}
      - hash: [email]
      - hog: wrong.hog
      - drop_properties: {propertes: [event.properties.a]}
`)
	want := []string{
		`prickle.yaml:4:17: unknown name evnt; did you mean event?`,
		`prickle.yaml:5:24: event has no field nam; did you mean event.name?`,
		`unknown name evnt`, // a folded text has lost its lines: the column may be off
		`prickle.yaml:11:11: unknown name evnt; did you mean event?`,
		`prickle.yaml:12:35: unknown function uper; did you mean upper?`,
		`prickle.yaml:12:53: want a field of the event, got "total"; did you mean event.properties.total?`,
		`prickle.yaml:13:16: want a field of the event, got "email"; did you mean event.properties.email?`,
		`wrong.hog:1:8: `,
		`unknown key "propertes"`,
	}
	if err == nil {
		t.Fatal("no mistakes")
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("there is no mistake %s", text)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}
