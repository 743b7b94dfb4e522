package main

import (
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
)

// What runs is named when it begins, webhooks too.
func TestStartLines(t *testing.T) {
	var out strings.Builder
	printStart(&out, control.Status{
		Project: "shop", Capture: "http://127.0.0.1:8000", Webhooks: []string{"github", "stripe"},
		Pipelines: []control.PipelineStatus{{Name: "web", Destinations: []control.DestinationStatus{{Name: "warehouse"}, {Name: "slack"}}}},
		Sources:   []control.SourceStatus{{Name: "stripe"}},
	}, 12*time.Millisecond)
	const want = `shop is ready after 12 ms, capturing on http://127.0.0.1:8000
  webhook github at /webhooks/github
  webhook stripe at /webhooks/stripe
  pipeline web -> warehouse, slack
  source stripe
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
