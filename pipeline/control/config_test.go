package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline/control"
)

var version = control.ConfigVersion{Number: 3, At: time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC), Cause: "start", Changed: []string{"a.yaml"}, InForce: true}

func (b *backend) Configs(context.Context) ([]control.ConfigVersion, error) {
	return []control.ConfigVersion{version}, b.fails
}

func (b *backend) DiffConfigs(_ context.Context, from, to int) (control.ConfigDiff, error) {
	return control.ConfigDiff{From: from, To: to, Files: []control.FileDiff{{Name: "a.yaml", Diff: "-a <b>\n"}}}, b.fails
}

func (b *backend) RollbackConfig(_ context.Context, r control.RollbackRequest) (control.Rollback, error) {
	b.asked = append(b.asked, r)
	return control.Rollback{Written: []string{"a"}, Removed: []string{"b"}, Number: 4, Changes: control.Changes{Added: []string{"c"}}}, b.fails
}

func TestConfigRoundTrips(t *testing.T) {
	b := &backend{}
	c := connected(t, b, t.TempDir())
	all, err := c.Configs(t.Context())
	if diff := cmp.Diff([]control.ConfigVersion{version}, all); err != nil || diff != "" {
		t.Errorf("list: %v\n%s", err, diff)
	}
	d, err := c.DiffConfigs(t.Context(), 1, 2)
	want, _ := b.DiffConfigs(t.Context(), 1, 2)
	if diff := cmp.Diff(want, d); err != nil || diff != "" {
		t.Errorf("diff: %v\n%s", err, diff)
	}
	request := control.RollbackRequest{Number: 3, Force: true}
	done, err := c.RollbackConfig(t.Context(), request)
	wantDone, _ := b.RollbackConfig(t.Context(), request)
	if diff := cmp.Diff(wantDone, done); err != nil || diff != "" {
		t.Errorf("rollback: %v\n%s", err, diff)
	}
	if diff := cmp.Diff([]any{request, request}, b.asked); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
}
