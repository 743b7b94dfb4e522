package postgres

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/postgres"
	"github.com/prickle-dev/prickle/test/tcpproxy"
)

// wantOpenError opens a warehouse and wants an error with all of these texts, and without the password.
func wantOpenError(t *testing.T, dsn string, want ...string) {
	t.Helper()
	w := New(*newConfig(dsn), pipeline.Env{})
	err := w.Open(t.Context())
	if err == nil {
		closed(t, w)
		t.Fatalf("Open\n got no error\nwant %q", want)
	}
	checked := New(*newConfig(dsn), pipeline.Env{}).Check(t.Context())
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("Open\n got %v\nwant in it %s", err, text)
		}
		if checked == nil || !strings.Contains(checked.Error(), text) {
			t.Errorf("Check\n got %v\nwant in it %s", checked, text)
		}
	}
	for _, secret := range []string{"hunter2", "not a secret", "postgres://"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells %q: %v", secret, err)
		}
	}
}

// as returns the address with another user.
func as(t *testing.T, dsn, user, password string) string {
	t.Helper()
	return postgres.With(t, dsn, func(u *url.URL) { u.User = url.UserPassword(user, password) })
}

// role makes a user that is dropped with all its rights at the end of the test.
func role(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := "role_" + strings.TrimPrefix(u.Path, "/")
	postgres.Exec(t, dsn, "CREATE ROLE "+name+" LOGIN PASSWORD 'hunter2'")
	t.Cleanup(func() { postgres.Exec(t, dsn, "DROP OWNED BY "+name+" CASCADE", "DROP ROLE "+name) })
	return name
}

func TestOpenErrors(t *testing.T) {
	s := postgres.Shared(t)
	dsn := postgres.Database(t)
	wantOpenError(t, as(t, dsn, "prickle", "hunter2"), "28P01", `set password: in the configuration to the one of the user "prickle"`, s.Addr())
	wantOpenError(t, as(t, dsn, "nobody_here", "hunter2"), `user "nobody_here"`)
	wantOpenError(t, postgres.With(t, dsn, func(u *url.URL) { u.Path = "/no_such_database" }), `CREATE DATABASE "no_such_database"`)
	wantOpenError(t, postgres.With(t, dsn, func(u *url.URL) { u.RawQuery = "sslmode=require" }), "TLS")
}

// TestGrants gives a user one right after the other, each by the statement that the error before named.
func TestGrants(t *testing.T) {
	dsn := postgres.Database(t)
	user := role(t, dsn)
	mine := as(t, dsn, user, "hunter2")
	u, _ := url.Parse(dsn)
	database := strings.TrimPrefix(u.Path, "/")
	postgres.Exec(t, dsn, "REVOKE TEMPORARY ON DATABASE "+database+" FROM PUBLIC")
	grant := `GRANT CREATE ON DATABASE "` + database + `" TO "` + user + `"`
	wantOpenError(t, mine, grant, "CREATE SCHEMA \"prickle\" AUTHORIZATION")
	postgres.Exec(t, dsn, grant)
	w := open(t, mine)
	defer closed(t, w)
	grant = `GRANT TEMPORARY ON DATABASE "` + database + `" TO "` + user + `"`
	err := w.Send(t.Context(), pipelinetest.Events(0, 1))
	if err == nil || !strings.Contains(err.Error(), grant) || pipeline.IsPermanent(err) {
		t.Errorf("Send without the right to temporary tables\n got %v\nwant %s, worth another try", err, grant)
	}
	postgres.Exec(t, dsn, grant)
	if err := w.Send(t.Context(), pipelinetest.Events(0, 1)); err != nil {
		t.Errorf("Send with the right: %v", err)
	}
}

// A schema of somebody else's, and tables of somebody else's in it.
func TestForeignSchema(t *testing.T) {
	dsn := postgres.Database(t)
	user := role(t, dsn)
	postgres.Exec(t, dsn, "CREATE SCHEMA prickle")
	grant := `GRANT USAGE, CREATE ON SCHEMA "prickle" TO "` + user + `"`
	wantOpenError(t, as(t, dsn, user, "hunter2"), grant)
	closed(t, open(t, dsn))
	postgres.Exec(t, dsn, grant)
	wantOpenError(t, as(t, dsn, user, "hunter2"), `GRANT ALL ON ALL TABLES IN SCHEMA "prickle" TO "`+user+`"`)
}

func TestReadOnlyServer(t *testing.T) {
	dsn := postgres.Database(t)
	u, _ := url.Parse(dsn)
	set := "ALTER DATABASE " + strings.TrimPrefix(u.Path, "/") + " SET default_transaction_read_only = "
	postgres.Exec(t, dsn, set+"on")
	wantOpenError(t, dsn, "this server takes no writes", "target_session_attrs=read-write")
}

func TestNewerTables(t *testing.T) {
	dsn := postgres.Database(t)
	closed(t, open(t, dsn))
	postgres.Exec(t, dsn, "INSERT INTO prickle._prickle_migrations VALUES (99, now())")
	wantOpenError(t, dsn, `the tables in schema "prickle" have version 99, this prickle knows up to 1: use the newer prickle`)
}

// TestUnreachable opens a warehouse that does not answer, and writes to it once it does.
func TestUnreachable(t *testing.T) {
	s := postgres.Shared(t)
	dsn := s.Database(t)
	proxy := tcpproxy.Start(t, s.Addr())
	proxy.Use(tcpproxy.Refuse)
	var log bytes.Buffer
	w := New(*newConfig(postgres.With(t, dsn, func(u *url.URL) { u.Host = proxy.Addr() })), pipeline.Env{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := w.Open(t.Context()); err != nil {
		t.Fatalf("Open without a server\n got %v\nwant a warning", err)
	}
	defer closed(t, w)
	if !strings.Contains(log.String(), "does not answer") || !strings.Contains(log.String(), proxy.Addr()) {
		t.Errorf("the log\n got %s\nwant that %s does not answer", &log, proxy.Addr())
	}
	err := w.Send(t.Context(), pipelinetest.Events(0, 3))
	if err == nil || slices.ContainsFunc(pipeline.EventErrors(err, 3), pipeline.IsPermanent) {
		t.Errorf("Send without a server\n got %v\nwant an error worth another try", err)
	}
	if _, err := w.Health(t.Context()); err == nil {
		t.Error("Health without a server\n got no error\nwant one")
	}
	if _, err := w.Merge(t.Context(), load(0)); err == nil {
		t.Error("Merge without a server\n got no error\nwant one")
	}
	proxy.Use(nil)
	if err := w.Send(t.Context(), pipelinetest.Events(0, 3)); err != nil {
		t.Errorf("Send with a server again: %v", err)
	}
	if got := pipelinetest.Table(t, w, "SELECT count(*) FROM events"); got[0] != "3" {
		t.Errorf("events\n got %v\nwant 3", got)
	}
}

// TestDiskFull writes into a tablespace of a few megabytes until there is no room, makes room, and wants everything once.
func TestDiskFull(t *testing.T) {
	dir := smallDisk(t, "size=24m")
	s := postgres.Start(t)
	dsn := s.Database(t)
	u, _ := url.Parse(dsn)
	s.Exec(t, "CREATE TABLESPACE small LOCATION '"+dir+"'", "ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" SET default_tablespace = small")
	w := open(t, dsn)
	defer closed(t, w)
	pad := pipeline.Properties(`{"text":"` + randomText(2000) + `"}`)
	events := func(from int) []pipeline.Event {
		e := pipelinetest.Events(from, from+500)
		for i := range e {
			e[i].Properties = pad
		}
		return e
	}
	stored, err := 0, error(nil)
	for ; stored < 50_000; stored += 500 {
		if err = w.Send(t.Context(), events(stored)); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "the server's disk is full: make room there") {
		t.Fatalf("Send after %d events\n got %v\nwant that the disk is full", stored, err)
	}
	if slices.ContainsFunc(pipeline.EventErrors(err, 500), pipeline.IsPermanent) {
		t.Errorf("Send without room\n got %v, permanent\nwant an error worth another try", err)
	}
	remount(t, dir, "size=200m")
	if err := w.Send(t.Context(), events(stored)); err != nil {
		t.Errorf("Send with room again: %v", err)
	}
	if got := pipelinetest.Table(t, w, "SELECT count(*), count(DISTINCT uuid) FROM events"); got[0] != pipelinetest.Table(t, w, "SELECT $1::int, $1::int", stored+500)[0] {
		t.Errorf("events and ids\n got %v\nwant %d of both", got, stored+500)
	}
}

func randomText(n int) string {
	var b strings.Builder
	for i := uint32(1); b.Len() < n; i = i*1664525 + 1013904223 {
		b.WriteByte('a' + byte(i>>27)%26)
	}
	return b.String()
}

// smallDisk mounts a file system of its own, which only root can.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "prickle-small-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options+",mode=0777", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: a full disk, since nothing can be mounted here: %v %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	// The folder of a tablespace belongs to the server's user.
	if out, err := exec.CommandContext(context.Background(), "chown", "postgres", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	return dir
}

func remount(t *testing.T, dir, options string) {
	t.Helper()
	if out, err := exec.Command("mount", "-o", "remount,"+options, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
}
