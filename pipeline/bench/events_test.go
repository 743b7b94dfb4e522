package bench

import (
	"encoding/json"
	"testing"
	"time"
)

func TestGenerator(t *testing.T) {
	g := generator{run: uint64(time.Now().UnixMilli())}
	for _, i := range []int{0, 1, 99, 1_000_000, 1<<40 + 5} {
		text := appendUUID(nil, g.id(i))
		if n, ours := g.number(text); n != i || !ours {
			t.Errorf("number(%s)\n got %d %v\nwant %d true", text, n, ours, i)
		}
		if _, ours := (generator{run: g.run + 1}).number(text); ours {
			t.Errorf("%s is taken for an id of another run", text)
		}
	}
	body := g.appendBatch(nil, "k", 0, 1000, time.Now())
	var batch struct {
		Batch []struct {
			UUID       string
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		t.Fatal(err)
	}
	if n := len(body) / 1000; n < 550 || n > 700 {
		t.Errorf("events are %d bytes on average, not about 600", n)
	}
	if n := len(batch.Batch[0].Properties); n != 18 {
		t.Errorf("events have %d properties, not 18", n)
	}
}
