package control_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline/control"
)

var erasure = control.Erasure{Hash: "ab", IDs: 2, Verified: true, Places: []control.ErasedPlace{{Place: "warehouse", What: "events", Count: 3}}}

func (b *backend) Erase(_ context.Context, r control.EraseRequest, progress func(string)) (control.Erasure, error) {
	progress("checking")
	b.asked = append(b.asked, r)
	return erasure, b.fails
}

func (b *backend) Erasures(context.Context) ([]control.Erasure, error) {
	return []control.Erasure{erasure}, b.fails
}

func (b *backend) WarehouseStatus(context.Context) ([]control.WarehouseStatus, error) {
	return []control.WarehouseStatus{{Name: "warehouse", Store: "DuckDB", Events: 7}}, b.fails
}

func (b *backend) Compact(context.Context) error {
	b.asked = append(b.asked, "compact")
	return b.fails
}

func TestWarehouseOverTheSocket(t *testing.T) {
	b := &backend{}
	c := connected(t, b, t.TempDir())
	if all, err := c.WarehouseStatus(t.Context()); err != nil || len(all) != 1 || all[0].Events != 7 {
		t.Errorf("WarehouseStatus\n got %+v, %v", all, err)
	}
	if err := c.Compact(t.Context()); err != nil || len(b.asked) != 1 {
		t.Errorf("Compact\n got %v, asked %v", err, b.asked)
	}
}

func TestEraseOverTheSocket(t *testing.T) {
	b := &backend{}
	c := connected(t, b, t.TempDir())
	r := control.EraseRequest{ID: "ann", Distinct: true, DryRun: true}
	var steps []string
	got, err := c.Erase(t.Context(), r, func(step string) { steps = append(steps, step) })
	if diff := cmp.Diff(erasure, got); diff != "" || err != nil || len(steps) != 1 || b.asked[0] != r {
		t.Errorf("Erase: %v, steps %v, asked %v (-want +got):\n%s", err, steps, b.asked, diff)
	}
	all, err := c.Erasures(t.Context())
	if diff := cmp.Diff([]control.Erasure{erasure}, all); diff != "" || err != nil {
		t.Errorf("Erasures: %v (-want +got):\n%s", err, diff)
	}
}
