package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline/profiles"
	"github.com/prickle-dev/prickle/pipeline/schema"
	"github.com/prickle-dev/prickle/test/postgres"
)

// A project whose events go to its warehouse, and some of them to another store beside it.
func TestTwoStores(t *testing.T) {
	dsn := postgres.Start(t).Database(t)
	t.Setenv("DATABASE_URL", dsn)
	p, dir := sentTwice(t, "two-stores")
	code, out, errOut := run(t, "query", "-p", dir, "-f", "csv", "SELECT event FROM events ORDER BY event")
	if code != 0 || out != "event\n$pageview\npurchase\n" {
		t.Errorf("query: exit code %d\n got %s%s\nwant two events in the warehouse", code, out, errOut)
	}
	if got := strings.Join(postgres.Rows(t, dsn, "SELECT event, properties->>'plan' FROM prickle.events"), "; "); got != "purchase|team" {
		t.Errorf("events in Postgres\n got %s\nwant purchase|team", got)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code after an interrupt\n got %d\nwant 0\n%s", code, p.text())
	}
}

// sentTwice runs a copy of an example and sends its events twice, as an SDK does that did not see the answer. It returns what runs, with its
// folder, once everything is delivered.
func sentTwice(t *testing.T, example string) (p *instance, dir string) {
	t.Helper()
	t.Setenv("PRICKLE_LISTEN", "127.0.0.1:0")
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../configs/examples/"+example)); err != nil {
		t.Fatal(err)
	}
	p = start(t, dir)
	for range 2 {
		if code, out, errOut := run(t, "send", "-p", dir, "--file", filepath.Join(dir, "events.ndjson")); code != 0 {
			t.Fatalf("send: exit code %d\n%s%s", code, out, errOut)
		}
	}
	p.settled()
	return p, dir
}

// Two stores on one place are a mistake, where there is room for one.
func TestStoresOnOnePlace(t *testing.T) {
	const pg, ch = `postgres: {url: "postgres://prickle:hunter2@db.example.com/app"}`, `clickhouse: "clickhouse://prickle:hunter2@db.example.com:9000/app"`
	for _, test := range []struct{ warehouse, one, other, want string }{
		{"duckdb", "duckdb", "stdout", "data/warehouse.duckdb is the project's warehouse: write - warehouse, or name another place"},
		{"duckdb: {path: a.duckdb}", "duckdb: ./x/../a.duckdb", "stdout", "a.duckdb is the project's warehouse"},
		{pg, pg, "stdout", "db.example.com:5432/app schema prickle is the project's warehouse"},
		{ch, ch, "stdout", "db.example.com:9000/app is the project's warehouse"},
		{pg, "duckdb: a.duckdb", "duckdb: {name: b, path: a.duckdb}", `a.duckdb is that of the destination "duckdb": only one can have it open`},
		{pg, "duckdb", "duckdb: {name: b, path: a.duckdb}", ""},
		{"duckdb", pg, `postgres: {name: b, url: "postgres://other:hunter2@db.example.com/app"}`, ""},
		{pg, ch, `postgres: {name: b, schema: other, url: "postgres://prickle:hunter2@db.example.com/app"}`, ""},
	} {
		dir := t.TempDir()
		yaml := "capture: {keys: [k]}\nwarehouse:\n  " + test.warehouse + "\npipelines: {web: {destinations: [warehouse, {" + item(test.one) + "}, {" + item(test.other) + "}]}}\n"
		if err := os.WriteFile(filepath.Join(dir, "prickle.yaml"), []byte(strings.Replace(yaml, "  duckdb\n", "  duckdb: {}\n", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errOut := run(t, "check", dir)
		if (code != 0) != (test.want != "") || !strings.Contains(errOut, test.want) || strings.Contains(errOut, "hunter2") {
			t.Errorf("%s, then %s and %s: exit code %d\n got %s%s\nwant %s", test.warehouse, test.one, test.other, code, out, errOut, test.want)
		}
	}
}

// Rows of a source go by what `tables` says, do not come again with the next pass, and what it can do nothing about is told.
func TestTablesOfSources(t *testing.T) {
	mock, dir := stripeMock(t), t.TempDir()
	configure := func(tables string) {
		t.Helper()
		yaml := "warehouse: {duckdb: {tables: {" + tables + "}}}\nsources: {stripe: {key: sk_test_123, url: " + mock + ", rate: 100, tables: [charges, customers]}}\n"
		if err := os.WriteFile(filepath.Join(dir, "prickle.yaml"), []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what, want string, args ...string) {
		t.Helper()
		code, out, errOut := run(t, args...)
		if code != 0 {
			t.Fatalf("%v: exit code %d\n%s%s", args, code, out, errOut)
		}
		contains(t, what, out+errOut, want)
	}
	rows := func(charges, customers int) {
		t.Helper()
		want("rows", fmt.Sprintf("charges,customers\n%d,%d\n", charges, customers), "query", "-p", dir, "-f", "csv",
			"SELECT (SELECT count(*) FROM stripe_charges__all) AS charges, (SELECT count(*) FROM stripe_customers__all) AS customers")
	}
	configure("")
	want("sync", "stripe is up to date", "sync", "-p", dir, "stripe")
	rows(1, 1)
	configure("stripe_charges: {retention: 1d, by: created_at}")
	want("status", "stripe_charges has no column created_at: name one of its times (created", "warehouse", "status", "-p", dir)
	configure(`stripe_charges: {retention: 1d, by: created}, "*": {deleted: 90d}`)
	want("compact", "", "warehouse", "compact", "-p", dir)
	rows(0, 1)
	want("sync", "stripe is up to date", "sync", "-p", dir, "stripe")
	rows(0, 1)
}

// The tables that Prickle fills itself are not among those that `tables` is about.
func TestOwnTablesHaveNoRetention(t *testing.T) {
	for _, s := range append(profiles.Streams(), schema.Streams()...) {
		if err := (warehouse.Retentions{s.Name: {Deleted: 90 * 24 * time.Hour}}).Validate(); err == nil || !strings.Contains(err.Error(), "is Prickle's own table") {
			t.Errorf("%s among tables\n got %v\nwant a mistake", s.Name, err)
		}
	}
}

// item is a component as an entry of a mapping.
func item(text string) string {
	if strings.Contains(text, ":") {
		return text
	}
	return text + ": {}"
}
