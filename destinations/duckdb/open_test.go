package duckdb

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

func wantOpenError(t *testing.T, path, want string) {
	t.Helper()
	w := New(*newConfig(path), pipeline.Env{})
	if err := w.Open(context.Background()); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "duckdb: "+path) {
		t.Errorf("Open\n got %v\nwant duckdb: %s ... %s", err, path, want)
	}
	if err := w.Close(); err != nil {
		t.Errorf("Close after a failed Open: %v", err)
	}
}

func TestOpenNotDuckDB(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	for _, content := range []string{"hello", strings.Repeat("hello ", 1000)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		wantOpenError(t, path, "is not a DuckDB file")
		if got, _ := os.ReadFile(path); string(got) != content {
			t.Error("a file that is not ours was changed")
		}
	}
	wantOpenError(t, t.TempDir(), "cannot be opened")
}

// newestFile makes a file in the newest format that the linked DuckDB knows, and returns the format's number.
func newestFile(t *testing.T, path string) uint64 {
	t.Helper()
	connector, err := duckdb.NewConnector(path+"?storage_compatibility_version=latest", nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	if _, err := db.Exec("CREATE TABLE t (a INTEGER)"); err != nil {
		t.Fatal(err)
	}
	closed(t, db)
	return binary.LittleEndian.Uint64(head(t, path)[12:])
}

func head(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || len(b) < 20 {
		t.Fatalf("read %s: %d bytes, %v", path, len(b), err)
	}
	return b
}

func TestOpenNewerDuckDB(t *testing.T) {
	path := filepath.Join(t.TempDir(), "newest.duckdb")
	if got := newestFile(t, path); got != newestStorage {
		t.Errorf("newest format of the linked DuckDB\n got %d\nwant newestStorage, %d", got, newestStorage)
	}
	b := head(t, path)
	binary.LittleEndian.PutUint64(b[12:], newestStorage+1)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, path, "was written by a newer DuckDB")
}

func TestOpenNewerTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w := open(t, path)
	if _, err := w.conn.ExecContext(t.Context(), "INSERT INTO _prickle_migrations VALUES (99, now())"); err != nil {
		t.Fatal(err)
	}
	closed(t, w)
	wantOpenError(t, path, "use the newer prickle that wrote them")
	if _, err := OpenForQuery(t.Context(), path); err == nil || !strings.Contains(err.Error(), "use the newer prickle") {
		t.Errorf("OpenForQuery\n got %v\nwant a refusal", err)
	}
}

func TestOpenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w := open(t, path)
	wantOpenError(t, path, "is open in this process already")
	if _, err := OpenForQuery(t.Context(), path); err == nil {
		t.Error("OpenForQuery of a file that is open\n got no error\nwant one")
	}
	closed(t, w)
	closed(t, open(t, path))
}

// TestOpenElsewhere has the file open in a child process.
func TestOpenElsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	child := startChild(t, path, 0)
	if !child.lines.Scan() {
		t.Fatal("the child acknowledged nothing")
	}
	want := fmt.Sprintf("is open in another process (pid %d)", child.cmd.Process.Pid)
	wantOpenError(t, path, want)
	if _, err := OpenForQuery(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("OpenForQuery\n got %v\nwant %s", err, want)
	}
}

func TestOpenForQuery(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	if _, err := OpenForQuery(t.Context(), path); err == nil || !strings.Contains(err.Error(), "nothing has been stored yet") {
		t.Errorf("OpenForQuery of no file\n got %v\nwant it to say so", err)
	}
	w := open(t, path)
	if err := w.Send(t.Context(), pipelinetest.Events(0, 5)); err != nil {
		t.Fatal(err)
	}
	closed(t, w)
	r, err := OpenForQuery(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if got := pipelinetest.Table(t, r, "SELECT count(*) FROM events"); got[0] != "5" {
		t.Errorf("events\n got %s\nwant 5", got)
	}
	if rows, err := r.Query(t.Context(), "DELETE FROM events"); err == nil {
		rows.Close()
		t.Error("DELETE\n got no error\nwant a refusal")
	}
	closed(t, r)

	other := filepath.Join(t.TempDir(), "other.duckdb")
	newestFile(t, other)
	if _, err := OpenForQuery(t.Context(), other); err == nil || !strings.Contains(err.Error(), "not made by prickle") {
		t.Errorf("OpenForQuery of another program's file\n got %v\nwant a refusal", err)
	}
}

func TestAfterClose(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	closed(t, w)
	closed(t, w)
	if err := w.Send(t.Context(), pipelinetest.Events(0, 1)); !errors.Is(err, warehouse.ErrClosed) {
		t.Errorf("Send after Close\n got %v\nwant %v", err, warehouse.ErrClosed)
	}
}

func TestConfig(t *testing.T) {
	for path, want := range map[string]string{
		"":                    "/srv/data/warehouse.duckdb",
		"kept/w.duckdb":       "/etc/project/kept/w.duckdb",
		"/elsewhere/w.duckdb": "/elsewhere/w.duckdb",
	} {
		c := newConfig(path)
		if got := c.ResolvePath("/etc/project", "/srv/data"); got != want || c.Path != want {
			t.Errorf("ResolvePath of %q\n got %s, %s\nwant %s", path, got, c.Path, want)
		}
	}
	c := Spec.NewConfig().(*Config)
	if err := c.Validate(); err != nil {
		t.Errorf("Validate of the defaults: %v", err)
	}
	for _, bad := range []Config{
		{Path: "a?b", MemoryLimit: 1 << 30},
		{Path: ":memory:", MemoryLimit: 1 << 30},
		{Path: "a", MemoryLimit: 1 << 20},
		{Path: "a", MemoryLimit: 1 << 30, Threads: -1},
	} {
		if bad.Validate() == nil {
			t.Errorf("Validate of %+v\n got no error\nwant one", bad)
		}
	}
}

// TestCancelWaiting gives up on a Send that the writer has not taken up.
func TestCancelWaiting(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	busy, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- w.writer.Do(t.Context(), func() error {
			close(busy)
			<-release
			return nil
		})
	}()
	<-busy
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := w.Send(ctx, pipelinetest.Events(0, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Send behind a busy writer\n got %v\nwant %v", err, context.DeadlineExceeded)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if got := pipelinetest.Table(t, w, "SELECT count(*) FROM events"); got[0] != "0" {
		t.Errorf("events after a Send that was given up\n got %s\nwant 0", got)
	}
}
