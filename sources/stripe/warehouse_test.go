package stripe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/sources/stripe/stripefake"
)

const testKey = "rk_test_4eC39HqLyjWDarjtT1zdp7dc"

// warehouse merges as a pipeline.Warehouse does, in memory. fail may veto a merge, before or after it has happened.
type warehouse struct {
	mu      sync.Mutex
	rows    map[string]map[string]pipeline.Record
	cursor  pipeline.Cursor
	batches int
	inEmit  bool
	failed  bool          // the pass's last emit
	slow    time.Duration // how long an emit takes
	late    int           // emits after one that failed
	fail    func() (before, after error)
}

func newWarehouse() *warehouse {
	return &warehouse{rows: map[string]map[string]pipeline.Record{}, fail: func() (error, error) { return nil, nil }}
}

func (w *warehouse) emit(ctx context.Context, b pipeline.SourceBatch) error {
	w.mu.Lock()
	if w.inEmit {
		w.mu.Unlock()
		return fmt.Errorf("two batches are emitted at once")
	}
	w.inEmit = true
	w.mu.Unlock()
	if w.slow > 0 {
		pause(w.slow)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inEmit = false
	if w.failed {
		w.late++
	}
	before, after := w.fail()
	w.failed = before != nil || after != nil
	if before != nil {
		return before
	}
	for _, r := range b.Records {
		if err := w.merge(r); err != nil {
			return err
		}
	}
	var spaced bytes.Buffer // a store may change the spacing of a document
	if err := json.Indent(&spaced, b.Cursor, "", " "); err != nil {
		return err
	}
	w.cursor = spaced.Bytes()
	w.batches++
	return after
}

func (w *warehouse) merge(r pipeline.Record) error {
	if r.Key == "" || r.Version <= 0 || r.At.IsZero() || (len(r.Data) == 0) != r.Deleted {
		return fmt.Errorf("bad record %+v", r)
	}
	if w.rows[r.Stream] == nil {
		w.rows[r.Stream] = map[string]pipeline.Record{}
	}
	if r.Version < r.At.UnixMicro() {
		return fmt.Errorf("record %+v has a version before its time", r)
	}
	old, ok := w.rows[r.Stream][r.Key]
	if ok && r.Version == old.Version && (r.Deleted != old.Deleted || !bytes.Equal(r.Data, old.Data)) {
		return fmt.Errorf("two states of one version:\n%s\n%s", old.Data, r.Data)
	}
	if !ok || r.Version >= old.Version {
		w.rows[r.Stream][r.Key] = r
	}
	return nil
}

// alive returns the data of a table's rows that are no tombstones.
func (w *warehouse) alive(table string) map[string]string {
	out := map[string]string{}
	for id, r := range w.rows[table] {
		if !r.Deleted {
			out[id] = string(r.Data)
		}
	}
	return out
}

// wantSame compares the warehouse with the account, table by table and as JSON values.
func wantSame(t *testing.T, w *warehouse, account *stripefake.Server, names ...string) {
	t.Helper()
	if len(names) == 0 {
		names = tableNames()
	}
	for _, name := range names {
		want, got := account.Objects(name), w.alive(name)
		for id := range maps.Keys(want) {
			if _, ok := got[id]; !ok {
				t.Errorf("%s %s\n got nothing\nwant %s", name, id, want[id])
			}
		}
		for id, text := range got {
			if want[id] == "" {
				t.Errorf("%s %s\n got %s\nwant nothing", name, id, text)
			} else if a, b := decoded(t, want[id]), decoded(t, text); !reflect.DeepEqual(a, b) {
				t.Errorf("%s %s (-want +got)\n%s", name, id, cmp.Diff(a, b))
			}
		}
	}
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return v
}

// newSource makes a source for account on the bubble's clock.
func newSource(t *testing.T, account *stripefake.Server, change func(*Config)) *Source {
	t.Helper()
	c := Spec.NewConfig().(*Config)
	c.Key, c.BaseURL = testKey, "http://stripe.test"
	if change != nil {
		change(c)
	}
	s, err := New(c, pipeline.Env{HTTP: stripefake.Client(account, nil), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sync makes one pass that must succeed.
func (w *warehouse) sync(t *testing.T, s *Source) {
	t.Helper()
	if err := w.run(t.Context(), s); err != nil {
		t.Fatalf("Run: %v", err)
	}
}

// run makes one pass.
func (w *warehouse) run(ctx context.Context, s *Source) error {
	w.failed = false
	return s.Run(ctx, w.cursor, w.emit)
}

// pause moves the bubble's clock.
func pause(d time.Duration) { <-time.After(d) }
