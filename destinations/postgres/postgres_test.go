package postgres

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/postgres"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(killChild); dsn != "" {
		fmt.Println(writeUntilKilled(dsn))
		return
	}
	code := m.Run()
	if err := postgres.Stop(); err != nil {
		fmt.Println("stop Postgres:", err)
		code = 1
	}
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Println(err)
		code = 1
	}
	os.Exit(code)
}

func newConfig(dsn string) *Config {
	c := Spec.NewConfig().(*Config)
	c.URL = pipeline.Secret(dsn)
	return c
}

func open(t testing.TB, dsn string, change ...func(*Config)) *Warehouse {
	t.Helper()
	return openWith(t, dsn, pipeline.Env{}, change...)
}

func openWith(t testing.TB, dsn string, env pipeline.Env, change ...func(*Config)) *Warehouse {
	t.Helper()
	c := newConfig(dsn)
	for _, f := range change {
		f(c)
	}
	w := New(*c, env)
	if err := w.Open(context.Background()); err != nil {
		t.Fatalf("Open: %v", err)
	}
	return w
}

func closed(t testing.TB, c interface{ Close() error }) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// notJSON makes an event that capture would not have let in.
func notJSON(e pipeline.Event) pipeline.Event {
	e.Properties = pipeline.Properties(`{"a":`)
	return e
}

// retentions are what a suite wants to be kept, as the configuration says it.
func retentions(kept map[string]pipelinetest.Kept) warehouse.Retentions {
	all := warehouse.Retentions{}
	for name, k := range kept {
		all[name] = warehouse.Retention{Rows: k.Retention, By: k.By, Deleted: k.Deleted}
	}
	return all
}

func TestContract(t *testing.T) {
	for _, protocol := range []Protocol{extended, simple} {
		t.Run(string(protocol), func(t *testing.T) {
			pipelinetest.Warehouse(t, func(t *testing.T) pipelinetest.WarehouseHarness {
				dsn := postgres.Database(t)
				return pipelinetest.WarehouseHarness{
					Open: func(t *testing.T) pipeline.Warehouse { return open(t, dsn, func(c *Config) { c.Protocol = protocol }) },
					OpenKeeping: func(t *testing.T, now func() time.Time, kept map[string]pipelinetest.Kept) pipeline.Warehouse {
						return openWith(t, dsn, pipeline.Env{Now: now}, func(c *Config) { c.Protocol, c.Tables = protocol, retentions(kept) })
					},
					Poison:  notJSON,
					NoZeros: true,
					Refused: refused,
				}
			})
		})
	}
}

// refused are the ways out of a query that Postgres knows besides changing tables.
var refused = []string{
	"SELECT 1; SELECT 2", "SELECT 1) AS q; DELETE FROM events; --", "COPY events TO '/tmp/events.csv'", "COPY (SELECT 1) TO PROGRAM 'true'",
	"SELECT pg_read_file('/etc/passwd')", `SELECT "pg_read_file"('/etc/passwd')`, "SELECT pg_catalog . pg_read_file /* */ ('/etc/passwd')",
	`SELECT U&"pg\005fread_file"('/etc/passwd')`, "SELECT E'a'\n'b\\'' , pg_read_file('/etc/passwd') --'", "SELECT pg_ls_dir('/')", "SELECT * FROM pg_stat_file('PG_VERSION')",
	"SELECT lo_import('/etc/passwd')", "SELECT lo_export(1, '/tmp/x')", "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT pg_cancel_backend(1)",
	"SELECT pg_advisory_lock(1)", "SELECT pg_advisory_xact_lock(1)", "SELECT pg_try_advisory_lock(1)", "SELECT pg_sleep(0)", "SELECT pg_notify('a', 'b')",
	"SELECT set_config('transaction_read_only', 'off', true)", "SELECT nextval('x')", "SELECT pg_reload_conf()", "SELECT pg_rotate_logfile()",
	"SELECT pg_switch_wal()", "SELECT pg_promote()", "SELECT pg_export_snapshot()", "SELECT pg_create_restore_point('x')",
	"SELECT query_to_xml('SELECT pg_read_file(''/etc/passwd'')', true, false, '')", "SELECT * FROM ts_stat('SELECT ''a''::tsvector')",
	"SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery')", "SELECT dblink('', 'SELECT 1')", "SELECT * FROM crosstab('SELECT 1') AS c(a int)",
	"SELECT ('PG_VERSION'::text).pg_read_file", `SELECT ('PG_VERSION'::text) . /* */ "pg_read_file"`, "SELECT f.pg_read_file FROM unnest(ARRAY['PG_VERSION']) AS f",
	"SELECT (0.1::float8).pg_sleep", "SELECT (4242::bigint).pg_advisory_lock", "SELECT ARRAY['PG_VERSION'] AS f, (ARRAY['PG_VERSION'])[1].pg_read_file",
	"SELECT rolpassword FROM pg_authid", "SELECT passwd FROM pg_catalog.pg_shadow", "TABLE pg_largeobject",
	"SELECT table_to_xml('pg_authid', true, false, '')", "SELECT table_to_xml_and_xmlschema('pg_authid', true, false, '')",
	"SELECT schema_to_xml('pg_catalog', true, false, '')", "SELECT database_to_xml(true, false, '')", "TABLE information_schema._pg_user_mappings",
	"SELECT srvoptions FROM information_schema._pg_foreign_servers", "SELECT repeat('x', 100000000)",
	"SET ROLE prickle", "SET SESSION AUTHORIZATION DEFAULT", "RESET ALL", "SET transaction_read_only = off", "BEGIN", "COMMIT", "ROLLBACK", "END",
	"START TRANSACTION READ WRITE", "DO $$ BEGIN END $$", "CALL p()", "LOCK TABLE events", "LISTEN x", "NOTIFY x", "VACUUM", "ANALYZE", "CHECKPOINT", "DISCARD ALL",
	"PREPARE p AS SELECT 1", "EXECUTE p", "DECLARE c CURSOR FOR SELECT 1", "CREATE TEMP TABLE x (a integer)", "SELECT 1 AS a INTO TEMP x", "REFRESH MATERIALIZED VIEW x",
	"WITH d AS (DELETE FROM events RETURNING *) SELECT * FROM d", "SELECT * FROM events FOR UPDATE", "EXPLAIN ANALYZE DELETE FROM events", "EXPLAIN DELETE FROM events",
	"SELECT 1\x00", "CREATE EXTENSION dblink", "ALTER SYSTEM SET fsync = off", "LOAD 'x'", "MERGE INTO events USING events AS e ON false WHEN MATCHED THEN DELETE",
}
