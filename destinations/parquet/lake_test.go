package parquet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(asVictim); dir != "" {
		victim(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// at is the clock of lakes under test, which only moves when a test moves it.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Date(2026, 8, 20, 12, 0, 0, 0, time.UTC)} }

// opened is a lake whose pieces are only put together when the test does it.
func opened(t *testing.T, config Config, c *clock) *Lake {
	t.Helper()
	config.Partition = max(config.Partition, Day)
	if config.File.Bytes == 0 {
		config.File.Bytes = leastFile
	}
	config.File.Every = time.Hour
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	l := New(config, pipeline.Env{Now: func() time.Time { return c.now }, Project: pipeline.Project{ID: 1}})
	if err := l.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// uuids are those of the live files, one for each row.
func (l *Lake) uuids(t *testing.T) []string {
	t.Helper()
	names, err := l.live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, name := range names {
		err := l.eachRow(t.Context(), name, func(rows []row) error {
			for i := range rows {
				ids = append(ids, uuid.UUID(rows[i].UUID).String())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

func badJSON(e pipeline.Event) pipeline.Event {
	e.Properties = pipeline.Properties(`{"a":}`)
	return e
}

func TestContract(t *testing.T) {
	pipelinetest.Destination(t, func(t *testing.T) pipelinetest.DestinationHarness {
		l := opened(t, Config{Path: filepath.Join(t.TempDir(), "lake")}, newClock())
		return pipelinetest.DestinationHarness{Destination: l, Received: l.uuids, Poison: badJSON, ExactlyOnce: true}
	})
}

func send(t *testing.T, l *Lake, events []pipeline.Event) {
	t.Helper()
	if err := l.Send(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("%s (-want +got)\n%.2000s", what, diff)
	}
}

// spread puts events on days that follow each other, n on each.
func spread(events []pipeline.Event, n int) []pipeline.Event {
	for i := range events {
		events[i].Timestamp = events[i].Timestamp.AddDate(0, 0, i/n)
	}
	return events
}

func TestCompact(t *testing.T) {
	for _, by := range []Partition{Day, Month} {
		dir, c := filepath.Join(t.TempDir(), "lake"), newClock()
		l := opened(t, Config{Path: dir, Partition: by}, c)
		all := spread(pipelinetest.Events(0, 400), 20) // on 20 days, more than are written at once
		for part := range slices.Chunk(all, 50) {
			send(t, l, part)
		}
		send(t, l, all[60:90]) // again, in a batch of its own
		if n := len(l.uuids(t)); n != 430 {
			t.Errorf("%s: rows before: %d", by, n)
		}
		for round := range 3 {
			if err := l.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("%s: round %d", by, round), pipelinetest.UUIDs(all), l.uuids(t))
			c.now = c.now.Add(2 * grace)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*", "project=1", string(by)+"=*", "*.parquet"))
		want := map[Partition]int{Day: 20, Month: 1}[by]
		if by == Month {
			want = 2 // 20 days from 20 August on
		}
		if err != nil || len(files) != want {
			t.Errorf("%s: %d files, %v\nwant %d", by, len(files), err, want)
		}
		if left, err := filepath.Glob(filepath.Join(dir, incomingFolder, "*")); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind: %q, %v", by, left, err)
		}
		// More of the same day grows the file that is there.
		more := pipelinetest.Events(400, 420)
		send(t, l, more)
		if err := l.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		same(t, string(by)+": more", pipelinetest.UUIDs(append(slices.Clone(all), more...)), l.uuids(t))
		if m, err := l.manifest(t.Context()); err != nil || len(m.Files) != want {
			t.Errorf("%s: %d files in the manifest, %v\nwant %d", by, len(m.Files), err, want)
		}
	}
}

// noise is a text that does not compress.
func noise(n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(uuid.NewString())
	}
	return b.String()
}

// Files do not grow beyond their size, and large ones are left alone.
func TestFileSize(t *testing.T) {
	c := newClock()
	l := opened(t, Config{Path: t.TempDir()}, c)
	var all []string
	for part := range 12 {
		events := pipelinetest.Events(part*100, part*100+100)
		for i := range events {
			events[i].Properties = pipeline.Properties(`{"noise":"` + noise(6000) + `"}`)
		}
		send(t, l, events)
		all = append(all, pipelinetest.UUIDs(events)...)
	}
	if err := l.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "rows", all, l.uuids(t))
	m, err := l.manifest(t.Context())
	if err != nil || len(m.Files) < 3 {
		t.Fatalf("%d files, %v", len(m.Files), err)
	}
	large := 0
	for _, f := range m.Files {
		if f.Bytes > 3*leastFile {
			t.Errorf("%s has %d bytes", f.Name, f.Bytes)
		}
		if f.Bytes >= leastFile/2 {
			large++
		}
	}
	send(t, l, pipelinetest.Events(5000, 5001))
	if err := l.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, err := l.manifest(t.Context()); err != nil || len(again.Files) < large || !slices.Contains(again.Files, m.Files[0]) {
		t.Errorf("a large file was written again: %v, %v", again.Files, err)
	}
}

// crashing is a store that ends at some step, as a killed process does.
type crashing struct {
	store
	left int // steps
}

var errKilled = fmt.Errorf("killed")

func (c *crashing) step() error {
	if c.left--; c.left < 0 {
		return errKilled
	}
	return nil
}

func (c *crashing) remove(ctx context.Context, name string) error {
	if err := c.step(); err != nil {
		return err
	}
	return c.store.remove(ctx, name)
}

func (c *crashing) swap(ctx context.Context, body []byte, tag string) error {
	if err := c.step(); err != nil {
		return err
	}
	if err := c.store.swap(ctx, body, tag); err != nil {
		return err
	}
	return c.step() // it has come into force and nobody was told
}

// Whatever step of putting files together is the last one, every event is live exactly once, and later nothing is left that does not count.
func TestCompactDiesAnywhere(t *testing.T) {
	for steps := range 12 {
		dir, c := t.TempDir(), newClock()
		l := opened(t, Config{Path: dir}, c)
		want := spread(pipelinetest.Events(0, 60), 20)
		for part := range slices.Chunk(want, 15) {
			send(t, l, part)
		}
		whole := l.store
		dying := &crashing{whole, steps}
		l.store = dying
		for range 3 {
			_ = l.Compact(t.Context()) // it may be killed
			l.store = whole
			same(t, fmt.Sprintf("after %d steps", steps), pipelinetest.UUIDs(want), l.uuids(t))
			l.store = dying
			c.now = c.now.Add(2 * grace)
			more := pipelinetest.Events(1000+len(want), 1005+len(want))
			want = append(want, more...)
			send(t, l, more)
		}
		l.store = whole
		c.now = time.Now().Add(2 * orphanAge) // files have the times of the system
		for range 2 {
			if err := l.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.now = c.now.Add(2 * grace)
		}
		same(t, fmt.Sprintf("at last, after %d steps", steps), pipelinetest.UUIDs(want), l.uuids(t))
		found, err := whole.list(t.Context(), "")
		m, failed := l.manifest(t.Context())
		if err != nil || failed != nil || len(found) != len(m.Files)+1 {
			t.Errorf("after %d steps: %d files, the manifest has %d and one is empty: %v, %v", steps, len(found), len(m.Files), err, failed)
		}
	}
}

// What a process that was killed in the middle of a write has left of a file goes, once nobody can be at it any more.
func TestPartsOfFilesGo(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	l := opened(t, Config{Path: dir}, c)
	send(t, l, pipelinetest.Events(0, 20))
	var parts []string
	for _, folder := range []string{incomingFolder, eventsFolder, "_prickle"} {
		part := filepath.Join(dir, folder, ".0001.parquet.123"+partSuffix)
		if err := os.WriteFile(part, []byte("rows of somebody"), 0o600); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	own := filepath.Join(dir, ".mine"+partSuffix)
	if err := os.WriteFile(own, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, age := range []time.Duration{0, orphanAge + time.Minute} {
		c.now = time.Now().Add(age)
		if err := l.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			if _, err := os.Stat(part); (err == nil) != (age == 0) {
				t.Errorf("after %s, %s: %v", age, part, err)
			}
		}
	}
	if _, err := os.Stat(own); err != nil {
		t.Errorf("a file of somebody else's: %v", err)
	}
	same(t, "rows", pipelinetest.UUIDs(pipelinetest.Events(0, 20)), l.uuids(t))
}

// Of two processes that put the same pieces together, one changes nothing.
func TestTwoCompact(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	one, two := opened(t, Config{Path: dir}, c), opened(t, Config{Path: dir}, c)
	send(t, one, pipelinetest.Events(0, 50))
	send(t, two, pipelinetest.Events(50, 100))
	m, err := one.manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pieces, _, err := one.choose(t.Context(), &m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.absorb(t.Context(), &m, task{pieces: pieces, by: Day, drop: keepAll}); err != nil {
		t.Fatal(err)
	}
	if err := two.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := one.commit(t.Context(), m); err == nil {
		t.Error("the second has replaced the manifest of the first")
	}
	same(t, "rows", pipelinetest.UUIDs(pipelinetest.Events(0, 100)), one.uuids(t))
}

func TestRefusesForeignManifests(t *testing.T) {
	for text, want := range map[string]string{`{"version":2}`: "use the newer prickle", `[]`: "not a manifest"} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "_prickle"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, manifestName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l := New(Config{Path: dir}, pipeline.Env{})
		if err := l.Open(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

// What is sent again in other pieces makes a file of the same rows as one that was absorbed, which is removed while the new one stays.
func TestSameRowsAgain(t *testing.T) {
	c := newClock()
	l := opened(t, Config{Path: t.TempDir()}, c)
	events := pipelinetest.Events(0, 20)
	for _, again := range [][]pipeline.Event{events, events[:5], events[5:12]} {
		send(t, l, again)
		if err := l.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		c.now = c.now.Add(2 * grace)
		if err := l.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		same(t, "rows", pipelinetest.UUIDs(events), l.uuids(t))
	}
}

// Files stay for those who have begun to read them, and a file that no manifest names yet for the one who is making it.
func TestFilesStay(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	c.now = time.Now()
	l := opened(t, Config{Path: dir}, c)
	send(t, l, pipelinetest.Events(0, 20))
	m, err := l.manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pieces, _, err := l.choose(t.Context(), &m)
	if err != nil || len(pieces) != 1 {
		t.Fatalf("pieces: %q, %v", pieces, err)
	}
	made, err := l.merge(t.Context(), 7, task{pieces: pieces, by: l.config.Partition, drop: keepAll}, []string{"project=1/day=2026-08-20"}, pieces)
	if err != nil || len(made) != 1 {
		t.Fatalf("files made: %v, %v", made, err)
	}
	want := append(pieces, made[0].Name)
	for _, step := range []time.Duration{0, grace / 2, orphanAge} {
		c.now = c.now.Add(step)
		if step == orphanAge {
			want = nil
		}
		for range 2 {
			if err := l.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range append(pieces, made[0].Name) {
			if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != slices.Contains(want, name) {
				t.Errorf("after %s: %s\n got %v\nwant it to be there: %v", step, name, err, slices.Contains(want, name))
			}
		}
	}
	same(t, "rows", pipelinetest.UUIDs(pipelinetest.Events(0, 20)), l.uuids(t))
}
