package warehouse

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
)

const day = 24 * time.Hour

func TestCheckSources(t *testing.T) {
	long := strings.Repeat("a_long_name_", 5)
	for _, test := range []struct {
		table string
		want  bool
	}{
		{"stripe_charges", true},
		{"stripe_left_behind", true},
		{"hub_spot_contacts", true},
		{"t_24_orders", true},
		{TableName(long, "orders"), true},
		{SecondTableName(long, "orders"), true},
		{SecondTableName("stripe", "charges"), true},
		{AllTables, true},
		{passesTable, true},
		{"sync_streams", false},
		{"stripe", false},
		{"stripes_charges", false},
		{"hubspot_contacts", false},
		{"a_long_name", false},
	} {
		r := Retentions{test.table: {Deleted: day}}
		if err := r.Validate(); err != nil {
			t.Errorf("Validate of %s: %v", test.table, err)
		}
		if err := r.CheckSources([]string{"stripe", "hub-Spot", "24", long}); (err == nil) != test.want {
			t.Errorf("CheckSources of %s\n got %v\nwant no error: %v", test.table, err, test.want)
		}
		if err := r.CheckSources(nil); err == nil {
			t.Errorf("CheckSources of %s in a store that no source fills\n got no error\nwant one", test.table)
		}
	}
}

// What is told of passes goes by its age, although the table is Prickle's own.
func TestPassesExpire(t *testing.T) {
	table := &Table{Name: passesTable}
	table.Add(Column{Name: "ended_at", Field: "ended_at", Type: pipeline.Instant, Declared: true})
	kept := Retentions{passesTable: {Rows: day, By: "ended_at"}}
	if e := kept.Expiry("_sync", table, time.Now()); e.None() {
		t.Error("nothing of it is past its retention")
	}
	if got := kept.Warnings([]SourceTable{{"_sync", table}}); got != nil {
		t.Errorf("warnings\n got %q\nwant none", got)
	}
}

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 8, 31, 0, 0, 0, 999, time.UTC)
	table := &Table{Name: "shop_items"}
	table.Add(Column{Name: "created", Field: "Created", Type: pipeline.Instant, Declared: true})
	table.Add(Column{Name: "n", Field: "n", Type: pipeline.Integer})
	spell := func(at time.Time) string { return at.Format("Jan2") }
	byAge, deleted := Retention{Rows: 30 * day, By: "created"}, Retention{Deleted: 10 * day}
	both := Retention{Rows: 30 * day, By: "created", Deleted: 20 * day}
	for _, test := range []struct {
		kept            Retentions
		source          string
		condition, past string // the latter are the keys of states
		warning         string
	}{
		{nil, "shop", "", "", ""},
		{Retentions{"shop_others": both}, "shop", "", "", ""},
		{Retentions{"shop_items": byAge}, "shop", `("created" < Aug1)`, "old deadOld", ""},
		{Retentions{"shop_items": deleted}, "shop", "(_sync_deleted AND _sync_deleted_at < Aug21)", "deadOld deadLong", ""},
		{Retentions{AllTables: deleted}, "shop", "(_sync_deleted AND _sync_deleted_at < Aug21)", "deadOld deadLong", ""},
		{Retentions{AllTables: deleted}, "_profiles", "", "", ""},
		{Retentions{"shop_items": byAge}, "_profiles", "", "", ""},
		{Retentions{AllTables: deleted, "shop_items": both}, "shop", `("created" < Aug1 OR _sync_deleted AND _sync_deleted_at < Aug11)`, "old deadOld", ""},
		{Retentions{AllTables: deleted, "shop_items": byAge}, "shop", `("created" < Aug1 OR _sync_deleted AND _sync_deleted_at < Aug21)`, "old deadOld deadLong", ""},
		{Retentions{"shop_items": {Rows: day, By: "Created"}}, "shop", "", "", "shop_items has no column Created: name one of its times (created) as by"},
		{Retentions{"shop_items": {Rows: day, By: "n"}}, "shop", "", "", "the column n of shop_items is of the type integer and has no times: name one of its times (created) as by"},
	} {
		e := test.kept.Expiry(test.source, table, now)
		if got := strings.TrimPrefix(e.Condition(spell), "()"); got != test.condition || e.None() != (test.condition == "") {
			t.Errorf("condition of %v\n got %s\nwant %s", test.kept, got, test.condition)
		}
		if !strings.Contains(e.warning, test.warning) || test.warning == "" && e.warning != "" {
			t.Errorf("warning of %v\n got %s\nwant %s", test.kept, e.warning, test.warning)
		}
		at := func(d int) time.Time { return time.Date(2026, 8, d, 0, 0, 0, 0, time.UTC) }
		states := Reduce([]pipeline.Record{
			{Key: "old", Data: []byte(`{"Created":"2026-07-31T23:59:59.999999Z"}`), At: at(1)},
			{Key: "edge", Data: []byte(`{"Created":"2026-08-01T00:00:00Z"}`), At: at(1)},
			{Key: "null", Data: []byte(`{"n":1}`), At: at(1)},
			{Key: "unfit", Data: []byte(`{"Created":"long ago"}`), At: at(1)},
			{Key: "deadOld", Data: []byte(`{"Created":1}`), At: at(1), Deleted: true},
			{Key: "deadLong", At: at(20), Deleted: true},
			{Key: "deadEdge", At: at(21), Deleted: true},
		})
		e.Mark(table, states)
		var past []string
		for i := range states {
			if states[i].Past {
				past = append(past, states[i].Key)
			}
		}
		if got := strings.Join(past, " "); got != test.past {
			t.Errorf("states past %v\n got %s\nwant %s", test.kept, got, test.past)
		}
	}
}

// A table is gone through until nothing of it is past its retention, and one that fails keeps nothing from the others.
func TestExpire(t *testing.T) {
	left := map[string]int{"a": 25, "b": 15, "c": 20}
	calls := map[string]int{}
	tables := []SourceTable{{"shop", &Table{Name: "a"}}, {"shop", &Table{Name: "b"}}, {"shop", &Table{Name: "c"}}}
	var log bytes.Buffer
	err := Expire(tables, 10, slog.New(slog.NewTextHandler(&log, nil)), func(st SourceTable) (int, error) {
		calls[st.Name]++
		if st.Name == "b" && calls["b"] == 2 {
			return 0, errors.New("locked")
		}
		n := min(left[st.Name], 10)
		left[st.Name] -= n
		return n, nil
	})
	if err == nil || err.Error() != "b: locked" {
		t.Errorf("error\n got %v\nwant that of b alone, with its name", err)
	}
	if diff := cmp.Diff(map[string]int{"a": 0, "b": 5, "c": 0}, left); diff != "" {
		t.Errorf("what is left\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"a": 3, "b": 2, "c": 3}, calls); diff != "" {
		t.Errorf("calls\n%s", diff)
	}
	for _, line := range []string{"table=a rows=25", "table=b rows=10", "table=c rows=20"} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("log\n got %s\nwant %s", log.String(), line)
		}
	}
}
