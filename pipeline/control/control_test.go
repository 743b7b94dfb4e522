package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/query"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend answers from what the test put in and notes what it was asked.
type backend struct {
	changes control.Changes
	status  control.Status
	columns []query.Column
	rows    [][]any
	fails   error
	letters []control.DeadLetter
	tailing chan struct{}
	asked   []any
	job     control.ReplayJob
}

func (b *backend) Reload(context.Context) (control.Changes, error) { return b.changes, b.fails }

func (b *backend) Status(context.Context) (control.Status, error) { return b.status, b.fails }

func (b *backend) Query(_ context.Context, q query.Request, result query.Result) error {
	b.asked = append(b.asked, q)
	if b.columns != nil {
		if err := result.Columns(b.columns); err != nil {
			return err
		}
	}
	for _, r := range b.rows {
		if err := result.Row(r); err != nil {
			return err
		}
	}
	return b.fails
}

func (b *backend) Tail(ctx context.Context, where string, yield func(json.RawMessage) error) error {
	b.asked = append(b.asked, where)
	if err := yield(json.RawMessage(`{"event":"e"}`)); err != nil {
		return err
	}
	close(b.tailing)
	<-ctx.Done()
	return ctx.Err()
}

func (b *backend) Sync(_ context.Context, source string, progress func(control.Progress)) error {
	b.asked = append(b.asked, source)
	progress(control.Progress{Done: 1, Total: 2, Records: map[string]int{"customers": 100}})
	return b.fails
}

func (b *backend) DeadLetters(_ context.Context, f control.DeadFilter, yield func(control.DeadLetter) error) error {
	b.asked = append(b.asked, f)
	for _, l := range b.letters {
		if err := yield(l); err != nil {
			return err
		}
	}
	return b.fails
}

func (b *backend) CountDead(_ context.Context, f control.DeadFilter) ([]control.DeadCount, error) {
	b.asked = append(b.asked, f)
	return []control.DeadCount{{Pipeline: "web", Class: "mask.limit", Letters: 3}}, b.fails
}

func (b *backend) ReplayDead(_ context.Context, r control.DeadReplay, progress func(control.DeadProgress)) (int, error) {
	b.asked = append(b.asked, r)
	progress(control.DeadProgress{Done: 1})
	return 0, b.fails
}

func (b *backend) DropDead(_ context.Context, f control.DeadFilter, progress func(control.DeadProgress)) (int, error) {
	b.asked = append(b.asked, f)
	for done := range 3 {
		progress(control.DeadProgress{Done: done + 1})
	}
	return 3, b.fails
}

// connected serves b on a socket and returns a client of it.
func connected(t *testing.T, b *backend, dir string) *control.Client {
	t.Helper()
	s := control.NewServer(b, dir)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, s.Close()); err != nil {
			t.Error(err)
		}
	})
	c, err := control.Dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// kept is a result in memory.
type kept struct {
	columns []query.Column
	rows    [][]any
}

func (k *kept) Columns(columns []query.Column) error {
	k.columns = columns
	return nil
}

func (k *kept) Row(values []any) error {
	k.rows = append(k.rows, values)
	return nil
}

func TestRoundTrips(t *testing.T) {
	b := &backend{
		status:  control.Status{Project: "shop", Captured: 12, Pipelines: []control.PipelineStatus{{Name: "web", In: 3}}},
		columns: []query.Column{{Name: "n", Type: "float"}, {Name: "big", Type: "decimal", Decimals: 2}, {Name: "text"}, {Name: "none"}},
		rows:    [][]any{{1.5, int64(9007199254740993), "a\nb", nil}, {0.0, int64(0), "", nil}},
		letters: []control.DeadLetter{{ID: 7, Reason: "no", Response: &control.DeadResponse{Status: "422"}, Event: json.RawMessage(`{"event":"e"}`)}},
	}
	c := connected(t, b, t.TempDir())
	if st, err := c.Status(t.Context()); err != nil || cmp.Diff(b.status, st) != "" {
		t.Errorf("status: %v\n%s", err, cmp.Diff(b.status, st))
	}
	asked := query.Request{SQL: "SELECT 1", Params: query.Params{int64(9007199254740993), 0.5, "x", true, nil}, Limit: 7}
	got := &kept{}
	err := c.Query(t.Context(), asked, got)
	if diff := cmp.Diff(b.columns, got.columns); diff != "" {
		t.Errorf("columns (-want +got)\n%s", diff)
	}
	want := [][]any{{json.Number("1.5"), json.Number("9007199254740993"), "a\nb", nil}, {json.Number("0"), json.Number("0"), "", nil}}
	if diff := cmp.Diff(want, got.rows); diff != "" || err != nil {
		t.Errorf("rows: %v\n%s", err, diff)
	}
	f := control.DeadFilter{
		IDs: []uint64{7}, Pipeline: "web", Class: "gave_up", Reason: "no", Event: "e", Person: "u", Since: time.Unix(1, 0).UTC(), Until: time.Unix(2, 0).UTC(), Limit: 5,
	}
	var letters []control.DeadLetter
	err = c.DeadLetters(t.Context(), f, func(l control.DeadLetter) error {
		letters = append(letters, l)
		return nil
	})
	if diff := cmp.Diff(b.letters, letters); diff != "" || err != nil {
		t.Errorf("dead letters: %v\n%s", err, diff)
	}
	if counts, err := c.CountDead(t.Context(), f); err != nil || len(counts) != 1 || counts[0].Letters != 3 {
		t.Errorf("counts\n got %v, %v", counts, err)
	}
	again := control.DeadReplay{DeadFilter: f, To: "crm", Rate: 2.5}
	if n, err := c.ReplayDead(t.Context(), again, func(control.DeadProgress) {}); n != 0 || err != nil {
		t.Errorf("replay\n got %d, %v\nwant 0", n, err)
	}
	if n, err := c.DropDead(t.Context(), f, func(control.DeadProgress) {}); n != 3 || err != nil {
		t.Errorf("drop\n got %d, %v\nwant 3", n, err)
	}
	var progress []control.Progress
	if err := c.Sync(t.Context(), "stripe", func(p control.Progress) { progress = append(progress, p) }); err != nil || len(progress) != 1 || progress[0].Records["customers"] != 100 {
		t.Errorf("sync: %v, %v", progress, err)
	}
	if diff := cmp.Diff([]any{asked, f, f, again, f, "stripe"}, b.asked); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
}

// A dead letter's event arrives as it was sent.
func TestDeadLetterKeepsItsEvent(t *testing.T) {
	event := `{"event":"e","properties":{"a":"<b>&","n":18446744073709551617,"f":1.0,"u":"\u0041\/"}}`
	b := &backend{letters: []control.DeadLetter{{ID: 1, Event: json.RawMessage(event)}}}
	var got string
	err := connected(t, b, t.TempDir()).DeadLetters(t.Context(), control.DeadFilter{}, func(l control.DeadLetter) error {
		got = string(l.Event)
		return nil
	})
	if err != nil || got != event {
		t.Errorf("\n got %s, %v\nwant %s", got, err, event)
	}
}

func TestErrorsArrive(t *testing.T) {
	b := &backend{fails: errors.New("table is gone"), columns: []query.Column{{Name: "n"}}, rows: [][]any{{1}}}
	c := connected(t, b, t.TempDir())
	rows := 0
	for what, err := range map[string]error{
		"status": func() error { _, err := c.Status(t.Context()); return err }(),
		"query": c.Query(t.Context(), query.Request{SQL: "x"}, query.EachRow(func([]any) error {
			rows++
			return nil
		})),
		"sync": c.Sync(t.Context(), "x", func(control.Progress) {}),
		"dead": func() error {
			_, err := c.DropDead(t.Context(), control.DeadFilter{}, func(control.DeadProgress) {})
			return err
		}(),
		"replay": func() error { _, err := c.StartReplay(t.Context(), control.ReplayRequest{}); return err }(),
		"follow": func() error { _, err := c.FollowReplay(t.Context(), 1, func(control.ReplayJob) {}); return err }(),
	} {
		if err == nil || err.Error() != "table is gone" {
			t.Errorf("%s\n got %v\nwant table is gone", what, err)
		}
	}
	if rows != 1 {
		t.Errorf("rows before the error\n got %d\nwant 1", rows)
	}
}

func TestTailEndsWithItsReader(t *testing.T) {
	b := &backend{tailing: make(chan struct{})}
	c := connected(t, b, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	var lines []string
	err := c.Tail(ctx, "true", func(line json.RawMessage) error {
		lines = append(lines, string(line))
		<-b.tailing
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || len(lines) != 1 || lines[0] != `{"event":"e"}` {
		t.Errorf("tail\n got %q, %v", lines, err)
	}
}

func TestNotRunning(t *testing.T) {
	dir := t.TempDir()
	if _, err := control.Dial(t.Context(), dir); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("without a socket\n got %v\nwant %v", err, control.ErrNotRunning)
	}
	// A socket that a killed process left behind is as good as none, and is replaced.
	if err := os.WriteFile(filepath.Join(dir, "prickle.sock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Dial(t.Context(), dir); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("with a dead socket\n got %v\nwant %v", err, control.ErrNotRunning)
	}
	connected(t, &backend{}, dir)
}

func TestSocket(t *testing.T) {
	short := t.TempDir()
	connected(t, &backend{}, short)
	info, err := os.Stat(control.SocketPath(short))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket\n got %v, %v\nwant mode 0600", info, err)
	}
	long := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	if path := control.SocketPath(long); len(path) > 100 || path != control.SocketPath(long+"/.") {
		t.Errorf("socket of a long path is %s", path)
	}
}

// Where the socket cannot be in the data folder, nobody else may be able to put one in its place.
func TestForeignFolder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	long := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	dir := filepath.Dir(control.SocketPath(long))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Dial(t.Context(), long); err == nil || !strings.Contains(err.Error(), "open to others") {
		t.Errorf("dial\n got %v\nwant a refusal", err)
	}
	if err := control.NewServer(&backend{}, long).Listen(); err == nil || !strings.Contains(err.Error(), "open to others") {
		t.Errorf("listen\n got %v\nwant a refusal", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	connected(t, &backend{}, long)
}

func TestReload(t *testing.T) {
	b := &backend{changes: control.Changes{Added: []string{`destination "crm" of pipeline "web"`}, Removed: []string{`source "stripe"`}}}
	c := connected(t, b, t.TempDir())
	got, err := c.Reload(t.Context())
	if want := `added destination "crm" of pipeline "web"; removed source "stripe"`; err != nil || got.String() != want {
		t.Errorf("reload\n got %s, %v\nwant %s", got, err, want)
	}
	if got := (control.Changes{}).String(); got != "no pipeline, destination or source" {
		t.Errorf("no changes\n got %s", got)
	}
	b.fails = errors.New("prickle.yaml:3:1: no")
	if _, err := c.Reload(t.Context()); err == nil || err.Error() != b.fails.Error() {
		t.Errorf("a refused reload\n got %v\nwant %v", err, b.fails)
	}
}
