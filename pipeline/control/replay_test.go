package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline/control"
)

func (b *backend) replays(asked any) (control.ReplayJob, error) {
	b.asked = append(b.asked, asked)
	return b.job, b.fails
}

func (b *backend) StartReplay(_ context.Context, r control.ReplayRequest) (control.ReplayJob, error) {
	return b.replays(r)
}

func (b *backend) TryReplay(_ context.Context, r control.ReplayRequest, progress func(control.ReplayJob)) (control.ReplayJob, error) {
	progress(control.ReplayJob{Read: 1})
	return b.replays(r)
}

func (b *backend) Replays(context.Context) ([]control.ReplayJob, error) {
	return []control.ReplayJob{b.job, b.job}, b.fails
}

func (b *backend) FollowReplay(_ context.Context, id int, progress func(control.ReplayJob)) (control.ReplayJob, error) {
	progress(control.ReplayJob{Read: 1})
	return b.replays(id)
}

func (b *backend) ResumeReplay(_ context.Context, id int) (control.ReplayJob, error) {
	return b.replays(id)
}
func (b *backend) CancelReplay(_ context.Context, id int) (control.ReplayJob, error) {
	return b.replays(-id)
}

func TestReplayRoundTrips(t *testing.T) {
	at := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	request := control.ReplayRequest{Pipeline: "web", Destination: "crm", Since: at, Until: at.Add(time.Hour), Where: "true", Rate: 1.5}
	b := &backend{job: control.ReplayJob{ID: 3, ReplayRequest: request, State: "done", Waiting: "w", Error: "e", Read: 9, Total: 10, Sent: 8, Missed: 1, Created: at}}
	c := connected(t, b, t.TempDir())
	same := func(what string, got control.ReplayJob, err error) {
		t.Helper()
		if diff := cmp.Diff(b.job, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", what, err, diff)
		}
	}
	j, err := c.StartReplay(t.Context(), request)
	same("start", j, err)
	var reports []int64
	report := func(j control.ReplayJob) { reports = append(reports, j.Read) }
	j, err = c.TryReplay(t.Context(), request, report)
	same("try", j, err)
	j, err = c.FollowReplay(t.Context(), 3, report)
	same("follow", j, err)
	j, err = c.ResumeReplay(t.Context(), 3)
	same("resume", j, err)
	j, err = c.CancelReplay(t.Context(), 3)
	same("cancel", j, err)
	if jobs, err := c.Replays(t.Context()); err != nil || len(jobs) != 2 {
		t.Errorf("list\n got %v, %v\nwant two", jobs, err)
	}
	if diff := cmp.Diff([]any{request, request, 3, 3, -3}, b.asked); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]int64{1, 9, 1, 9}, reports); diff != "" {
		t.Errorf("reports (-want +got)\n%s", diff)
	}
}
