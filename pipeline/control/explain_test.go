package control_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline/control"
)

func (b *backend) Explain(_ context.Context, r control.ExplainRequest, progress func(control.ExplainProgress)) (control.Story, error) {
	b.asked = append(b.asked, r)
	progress(control.ExplainProgress{Done: 1, Total: 2})
	return control.Story{ID: r.ID, Event: json.RawMessage(`{"a":"<b>"}`), Pipelines: []control.PipelineStory{{Name: "web", State: "passed"}}}, b.fails
}

func TestExplainRoundTrip(t *testing.T) {
	b := &backend{}
	r := control.ExplainRequest{ID: "u", Since: time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)}
	var reports []control.ExplainProgress
	got, err := connected(t, b, t.TempDir()).Explain(t.Context(), r, func(p control.ExplainProgress) { reports = append(reports, p) })
	want, _ := b.Explain(t.Context(), r, func(control.ExplainProgress) {})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("story: %v\n%s", err, diff)
	}
	if diff := cmp.Diff([]any{r, r}, b.asked); diff != "" || len(reports) != 1 || reports[0].Total != 2 {
		t.Errorf("asked (-want +got)\n%s\nreports %v", diff, reports)
	}
}
