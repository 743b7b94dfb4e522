package clickhouse

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// A state that comes back under the version that it had is no block that the server has already, and a deletion that comes back neither.
func TestMergeComesBack(t *testing.T) {
	w := opened(t)
	at := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	for i, data := range []string{`{"n":1}`, `{"n":2}`, `{"n":1}`, "", `{"n":1}`, ""} {
		at = at.Add(time.Second)
		load := pipeline.Load{Source: "shop", Records: []pipeline.Record{
			{Stream: "items", Key: "a", Version: 5, At: at, Data: []byte(data), Deleted: data == ""},
		}}
		if _, err := w.Merge(t.Context(), load); err != nil {
			t.Fatal(err)
		}
		want := []string{}
		if data != "" {
			want = append(want, data[5:6])
		}
		if diff := cmp.Diff(want, append([]string{}, pipelinetest.Table(t, w, "SELECT n FROM shop_items")...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", fmt.Sprint("after load ", i), diff)
		}
	}
}
