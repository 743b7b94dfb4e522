package destinations_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/destinations"
	"github.com/prickle-dev/prickle/pipeline"
)

func build(t *testing.T, yaml string) error {
	t.Helper()
	dir := t.TempDir()
	text := "pipelines:\n  web:\n    destinations:\n" + yaml
	if err := os.WriteFile(filepath.Join(dir, "prickle.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"TOKEN": "xoxb-secret-token", "HOOK": "https://example.org/hooks/secret-path"}
	project, err := configs.Load(dir, configs.Options{Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	for _, part := range project.Pipelines[0].Destinations {
		i := slices.IndexFunc(destinations.All(), func(s pipeline.Spec[pipeline.Destination]) bool { return s.Type == part.Type })
		if i < 0 {
			t.Fatalf("there is no destination %q", part.Type)
		}
		spec := destinations.All()[i]
		config := spec.NewConfig()
		if err := part.Decode(config); err != nil {
			errs = append(errs, err)
			continue
		}
		_, err := spec.New(config, pipeline.Env{Name: part.Name, Project: project.Project})
		errs = append(errs, err)
	}
	return project.Explain(errors.Join(errs...))
}

// The destinations as users write them.
func TestFromYAML(t *testing.T) {
	err := build(t, `      - stdout
      - stdout: {name: readable, format: text}
      - slack:
          when: event.name == "purchase"
          token: ${TOKEN}
          channel: "#sales"
          text: "{event.properties.name ?? event.distinct_id} bought {event.properties.plan}"
          blocks:
            - type: section
              text: {type: mrkdwn, text: "*{event.properties.plan}*"}
      - webhook:
          url: ${HOOK}
          batch: {events: 100}
          array: true
          headers: {Authorization: "Bearer ${TOKEN}", X-User: "{event.distinct_id}"}
          body: {what: "{event.name}", n: 1, list: [a, "{event.properties.total}"]}
          signing_secret: ${TOKEN}
`)
	if err != nil {
		t.Error(err)
	}
}

func TestMistakesInYAML(t *testing.T) {
	err := build(t, `      - stdout: {format: yaml}
      - slack:
          channel: "{evnt.name}"
          text: |
            hello
              {uper(event.name)}
          blocks: [{type: section, text: {type: mrkdwn, text: "{event.plan}"}}]
      - slack: {name: b, chanel: x}
      - webhook: {url: "${TOKEN}", method: GET}
      - webhook: {name: c, url: "${HOOK}", headers: {Authorization: "Bearer ${TOKEN} {person.id}"}}
`)
	if err == nil {
		t.Fatal("no mistakes")
	}
	for _, text := range []string{
		`unknown format "yaml"`,
		`prickle.yaml:6:22: Global variable not found: evnt`,
		`prickle.yaml:9:16: Hog function`,
		`prickle.yaml:10:65: event has no field plan`,
		`unknown key "chanel"`,
		`url: want an address`,
		`person is not available here`,
	} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("there is no mistake %s", text)
		}
	}
	if strings.Contains(err.Error(), "secret-") {
		t.Error("a secret is told")
	}
	if t.Failed() {
		t.Log(err)
	}
}
