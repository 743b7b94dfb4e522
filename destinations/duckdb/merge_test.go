package duckdb

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// TestMergeHistory merges random loads, some of them twice, against a model of what the newest state of each key is.
func TestMergeHistory(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer func() { closed(t, w) }()
	type row struct {
		n       int
		version int64
		deleted bool
	}
	model := map[string]row{}
	for step := range 60 {
		load := pipeline.Load{Source: "shop", Cursor: pipeline.Cursor(fmt.Sprint(step))}
		for range r.IntN(12) {
			key, version, n := fmt.Sprint("k", r.IntN(8)), r.Int64N(1000), r.IntN(4)
			// Versions differ, as the allocator of versions makes them; what equal ones do is for the contract suite.
			if slices.ContainsFunc(load.Records, func(r pipeline.Record) bool { return r.Key == key && r.Version == version }) || model[key].version == version {
				continue
			}
			rec := pipeline.Record{Stream: "items", Key: key, Version: version, At: time.Unix(version, 0), Data: fmt.Appendf(nil, `{"n":%d}`, n)}
			if r.IntN(4) == 0 {
				rec.Deleted, rec.Data = true, nil
			}
			load.Records = append(load.Records, rec)
		}
		for _, rec := range load.Records {
			if have, ok := model[rec.Key]; !ok || rec.Version > have.version {
				now := row{n: have.n, version: rec.Version, deleted: rec.Deleted}
				if !rec.Deleted {
					fmt.Sscanf(string(rec.Data), `{"n":%d}`, &now.n)
				}
				model[rec.Key] = now
			}
		}
		for range 1 + r.IntN(2) {
			if _, err := w.Merge(t.Context(), load); err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
		}
		if len(model) == 0 {
			continue
		}
		var want []string
		for key, m := range model {
			want = append(want, fmt.Sprintf("%s|%d|%v", key, m.version, m.deleted))
			if !m.deleted {
				want = append(want, fmt.Sprintf("%s|n|%d", key, m.n))
			}
		}
		slices.Sort(want)
		got := slices.Concat(
			pipelinetest.Table(t, w, "SELECT _sync_key, _sync_version, _sync_deleted FROM shop_items__all"),
			pipelinetest.Table(t, w, "SELECT _sync_key, 'n', n FROM shop_items"))
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("step %d, load %+v (-want +got):\n%s", step, load.Records, diff)
		}
	}
}

// TestManyColumns has more fields than a table takes; none may be lost.
func TestManyColumns(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	data := []byte(`{"id":"a"`)
	for n := range 1200 {
		data = fmt.Appendf(data, `,"property_%d":%d`, n, n)
	}
	load := pipeline.Load{Source: "crm", Records: []pipeline.Record{{Stream: "contacts", Key: "a", Version: 1, Data: append(data, '}')}}}
	if _, err := w.Merge(t.Context(), load); err != nil {
		t.Fatal(err)
	}
	got := pipelinetest.Table(t, w, `SELECT property_0, property_988, _sync_extra->>'property_989', _sync_extra->>'property_1199',
		(SELECT count(*) FROM duckdb_columns() WHERE table_name = 'crm_contacts') FROM crm_contacts`)
	if diff := cmp.Diff([]string{"0|988|989|1199|993"}, got); diff != "" {
		t.Errorf("first and last fields (-want +got):\n%s", diff)
	}
}

// TestTablesWithOneName has two streams that would both have the table a_b_c.
func TestTablesWithOneName(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	for range 2 {
		for _, names := range [][2]string{{"a_b", "c"}, {"a", "b_c"}} {
			load := pipeline.Load{Source: names[0], Records: []pipeline.Record{{Stream: names[1], Key: names[0], Version: 1, Data: []byte(`{}`)}}}
			if _, err := w.Merge(t.Context(), load); err != nil {
				t.Fatal(err)
			}
		}
	}
	second := warehouse.SecondTableName("a", "b_c")
	got := pipelinetest.Table(t, w, "SELECT (SELECT string_agg(_sync_key, ',') FROM a_b_c), (SELECT string_agg(_sync_key, ',') FROM "+second+")")
	if diff := cmp.Diff([]string{"a_b|a"}, got); diff != "" {
		t.Errorf("keys of both tables (-want +got):\n%s", diff)
	}
}
