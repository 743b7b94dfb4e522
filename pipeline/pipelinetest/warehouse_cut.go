package pipelinetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// mergeCutOff ends merges after ever longer times, until one comes through, and wants the cursor never to be ahead of the rows: what is skipped then would
// be lost.
func mergeCutOff(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	merge(t, w, pages(0), pipeline.Merged{Inserted: 300})
	cut := 0
	for page, allowed := 1, 50*time.Microsecond; ; page, allowed = page+1, allowed*5/4 {
		ctx, cancel := context.WithTimeout(t.Context(), allowed)
		load := pages(page)
		load.Source = "shop"
		_, err := w.Merge(ctx, load)
		cancel()
		wantNotAhead(t, w)
		if err == nil {
			break
		}
		if cut++; allowed > time.Minute {
			t.Fatalf("Merge with %s\n got %v\nwant no error", allowed, err)
		}
	}
	if cut < 5 {
		t.Errorf("merges that were cut off\n got %d\nwant some more", cut)
	}
}

// pages is a load whose cursor and records have a number.
func pages(page int) pipeline.Load {
	load := pipeline.Load{Cursor: pipeline.Cursor(fmt.Sprint(page))}
	for i := range 300 {
		load.Records = append(load.Records, record(fmt.Sprint(i), int64(page+1), fmt.Sprintf(`{"n":%d}`, page)))
	}
	return load
}

func wantNotAhead(t *testing.T, w pipeline.Warehouse) {
	t.Helper()
	cursor, err := w.Cursor(t.Context(), "shop")
	if err != nil {
		t.Fatalf("Cursor: %v", err)
	}
	wantTable(t, w, fmt.Sprintf("SELECT count(*) FROM shop_items WHERE n >= %s", cursor), "300")
}
