package clickhouse

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// A merge that ends between noting what a table is to be and its views is finished by the next one, wherever it ended.
func TestEvolveGoesOn(t *testing.T) {
	w := opened(t)
	at := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	load := func(version int, data string) pipeline.Load {
		return pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: "a", Version: int64(version), At: at, Data: []byte(data)}}}
	}
	if _, err := w.Merge(t.Context(), load(1, `{"n":1}`)); err != nil {
		t.Fatal(err)
	}
	for i, altered := range []bool{false, true} {
		field := fmt.Sprint("f", i)
		data := fmt.Sprintf(`{"n":1,"%s":"x%d"}`, field, i)
		unfinished, err := w.loadTable(t.Context(), "shop", "items")
		if err != nil {
			t.Fatal(err)
		}
		next := load(i+2, data)
		unfinished.Fit(nil, warehouse.Reduce(next.Records))
		if err := w.recordColumns(t.Context(), unfinished, true); err != nil {
			t.Fatal(err)
		}
		if altered {
			if err := w.exec(t.Context(), w.changes(unfinished, nil)...); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Merge(t.Context(), next); err != nil {
			t.Fatalf("with the column there: %v\n got %v\nwant it merged", altered, err)
		}
		want := []string{fmt.Sprint("x", i)}
		if diff := cmp.Diff(want, pipelinetest.Table(t, w, "SELECT "+field+" FROM shop_items")); diff != "" {
			t.Errorf("with the column there: %v (-want +got):\n%s", altered, diff)
		}
	}
}
