package duckdb

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// TestCompression stores what suits the columns' compression, and what does not, and reads it back from the file.
func TestCompression(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w := open(t, path)
	events := pipelinetest.Events(0, 5000)
	if err := w.Send(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if err := w.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := pipelinetest.Table(t, w, `SELECT column_name, string_agg(DISTINCT compression) FROM pragma_storage_info('events__rows')
		WHERE column_name IN ('uuid', 'event', 'properties') AND segment_type <> 'VALIDITY' GROUP BY 1 ORDER BY 1`)
	if diff := cmp.Diff([]string{"event|Dictionary", "properties|FSST", "uuid|Uncompressed"}, got); diff != "" {
		t.Errorf("how columns are stored (-want +got)\n%s", diff)
	}
	odd := pipelinetest.Events(5000, 8000)
	for i := range odd {
		odd[i].Name = fmt.Sprintf("%s %d", strings.Repeat("a name of its own ", 1+i%9), i)
		odd[i].DistinctID = strings.Repeat("x", 1+i%190) + fmt.Sprint(i)
		odd[i].Properties = pipeline.Properties(fmt.Sprintf(`{"utm_content":"%s%d","long":"%s"}`, strings.Repeat("é", i%500), i, strings.Repeat("y", 20*(i%500))))
	}
	if err := w.Send(t.Context(), odd); err != nil {
		t.Fatal(err)
	}
	closed(t, w)
	w = open(t, path)
	defer closed(t, w)
	got = pipelinetest.Table(t, w, `SELECT event || '|' || distinct_id || '|' || CAST(properties AS VARCHAR) FROM events WHERE contains(event, 'of its own')
		ORDER BY CAST(regexp_extract(event, '[0-9]+$') AS INTEGER)`)
	if len(got) != len(odd) {
		t.Fatalf("events\n got %d\nwant %d", len(got), len(odd))
	}
	for i := range odd {
		if want := strings.Join([]string{odd[i].Name, odd[i].DistinctID, string(odd[i].Properties)}, "|"); got[i] != want {
			t.Fatalf("event %d\n got %.300s\nwant %.300s", i, got[i], want)
		}
	}
}
