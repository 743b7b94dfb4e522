package app

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/profiles"
)

// ledger is a warehouse that notes whose events it is to erase.
type ledger struct {
	pipeline.Warehouse
	ids []string
}

func (l *ledger) Erase(_ context.Context, e pipeline.Erasure) (pipeline.Erased, error) {
	if !e.Count {
		l.ids = append(l.ids, e.DistinctIDs...)
	}
	return pipeline.Erased{}, nil
}

// An id that the person gets while the erasure begins goes along.
func TestEraseWhileIdentified(t *testing.T) {
	b := openBus(t, t.TempDir())
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	store, err := b.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	identify := func(anonymous string, sequence uint64) {
		w := profiles.NewFolder(profiles.Deps{Store: store, Project: 1, Log: slog.New(slog.DiscardHandler)}).Watch("p")
		properties := pipeline.Properties(`{"$anon_distinct_id":"` + anonymous + `"}`)
		w.Event(&pipeline.Event{Name: "$identify", DistinctID: "ann", Properties: properties, Timestamp: time.Now()}, 0, sequence, 0)
		if err := w.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	identify("anon-1", 1)
	stored := &ledger{}
	a := &App{bus: b, warehouse: stored, project: &configs.Project{}, options: Options{Log: slog.New(slog.DiscardHandler)}}
	a.project.Project.ID = 1
	late := func(step string) {
		if step == "hiding what is in the log" && len(stored.ids) == 0 {
			identify("anon-2", 2)
		}
	}
	done, err := a.Erase(t.Context(), control.EraseRequest{ID: "anon-1"}, late)
	if err != nil || !done.Verified || done.IDs != 3 {
		t.Errorf("erase\n got %+v, %v\nwant 3 ids, verified", done, err)
	}
	slices.Sort(stored.ids)
	if want := []string{"ann", "anon-1", "anon-2"}; !slices.Equal(slices.Compact(stored.ids), want) {
		t.Errorf("ids whose events were erased\n got %q\nwant %q", stored.ids, want)
	}
	for _, id := range []string{"ann", "anon-1", "anon-2"} {
		event := pipeline.Event{DistinctID: id, ReceivedAt: done.At.Add(-time.Second)}
		if !b.Erasures().Has(&event) {
			t.Errorf("what was captured of %s before\n got to be seen\nwant it hidden", id)
		}
	}
}
