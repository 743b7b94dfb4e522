package parquet

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/s3"
)

func inBucket(s *s3.Server, bucket string) Config {
	return Config{S3: &S3Config{
		Endpoint: s.Endpoint, Bucket: bucket, Prefix: "lakes/shop", AccessKey: s.AccessKey, SecretKey: pipeline.Secret(s.SecretKey), Insecure: true, PathStyle: true,
	}}
}

func TestContractInS3(t *testing.T) {
	pipelinetest.Destination(t, func(t *testing.T) pipelinetest.DestinationHarness {
		l := opened(t, inBucket(s3.Start(t, "lake"), "lake"), newClock())
		return pipelinetest.DestinationHarness{Destination: l, Received: l.uuids, Poison: badJSON, ExactlyOnce: true}
	})
}

func TestCompactInS3(t *testing.T) {
	s, c := s3.Start(t, "lake"), newClock()
	config := inBucket(s, "lake")
	one, two := opened(t, config, c), opened(t, config, c)
	want := spread(pipelinetest.Events(0, 90), 30)
	for i, l := range []*Lake{one, two, one} {
		send(t, l, want[i*30:i*30+30])
	}
	for round, l := range []*Lake{one, two, one} {
		if err := l.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		same(t, "rows", pipelinetest.UUIDs(want), l.uuids(t))
		c.now = c.now.Add(2 * grace)
		more := pipelinetest.Events(1000+round*10, 1010+round*10)
		send(t, two, more)
		want = append(want, more...)
	}
	same(t, "rows", pipelinetest.UUIDs(want), two.uuids(t))

	// A manifest that another has replaced is not replaced.
	m, err := one.manifest(t.Context())
	if err != nil || m.tag == "" {
		t.Fatalf("tag %q, %v", m.tag, err)
	}
	if err := two.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := one.commit(t.Context(), m); !errors.Is(err, errConflict) {
		t.Errorf("an old manifest\n got %v\nwant %v", err, errConflict)
	}
	m.tag = ""
	if err := one.commit(t.Context(), m); !errors.Is(err, errConflict) {
		t.Errorf("a first manifest beside another\n got %v\nwant %v", err, errConflict)
	}
	files, err := filepath.Glob(filepath.Join(s.Root, "lake", "lakes", "shop", "events", "project=1", "day=*", "*.parquet"))
	if err != nil || len(files) < 3 {
		t.Errorf("the bucket has %q, %v", files, err)
	}
}

// What goes wrong with a service is said, never for good, and what was not acknowledged can be sent again.
func TestS3Troubles(t *testing.T) {
	s := s3.Start(t, "lake")
	for what, change := range map[string]func(*Config){
		"there is no bucket": func(c *Config) { c.S3.Bucket = "nothing" },
		"mend s3.access_key": func(c *Config) { c.S3.SecretKey = "wrong-secret" },
		"s3: ":               func(c *Config) { c.S3.Endpoint = "127.0.0.1:1" },
	} {
		config := inBucket(s, "lake")
		change(&config)
		l := New(config, pipeline.Env{})
		for _, err := range []error{l.Open(t.Context()), l.Check(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), what) || strings.Contains(err.Error(), "secret") && !strings.Contains(err.Error(), "secret_key") || pipeline.IsPermanent(err) {
				t.Errorf("got %v\nwant %s", err, what)
			}
		}
	}
	l := opened(t, inBucket(s, "lake"), newClock())
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
	send(t, l, pipelinetest.Events(0, 10))
	s.Stop()
	events := pipelinetest.Events(10, 20)
	for i, err := range pipeline.EventErrors(l.Send(t.Context(), events), len(events)) {
		if err == nil || pipeline.IsPermanent(err) {
			t.Errorf("event %d without a server\n got %v\nwant an error that can be tried again", i, err)
		}
	}
	s.Restart()
	send(t, l, events)
	same(t, "rows", pipelinetest.UUIDs(pipelinetest.Events(0, 20)), l.uuids(t))
}

// A folder that nothing can be written to, and a disk that is full.
func TestLocalTroubles(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(Config{Path: filepath.Join(blocked, "lake")}, pipeline.Env{}).Open(t.Context()); err == nil {
		t.Error("a file in the way: no error")
	}
	l := opened(t, Config{Path: t.TempDir()}, newClock())
	whole := l.store
	if err := l.writer.Do(t.Context(), func() error { l.store = fullDisk{whole}; return nil }); err != nil {
		t.Fatal(err)
	}
	err := l.Send(t.Context(), pipelinetest.Events(0, 5))
	if err == nil || pipeline.IsPermanent(err) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("a full disk\n got %v\nwant one that can be tried again", err)
	}
	if err := l.writer.Do(t.Context(), func() error { l.store = whole; return nil }); err != nil {
		t.Fatal(err)
	}
	send(t, l, pipelinetest.Events(0, 5))
	same(t, "rows", pipelinetest.UUIDs(pipelinetest.Events(0, 5)), l.uuids(t))
}

// fullDisk is a store that has no room.
type fullDisk struct{ store }

func (f fullDisk) put(context.Context, string, io.Reader, int64) error {
	return explainLocal(&fs.PathError{Op: "write", Path: "lake", Err: syscall.ENOSPC})
}
