package duckdb

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashChild); path != "" {
		sendUntilKilled(path)
		return
	}
	goleak.VerifyTestMain(m)
}

func newConfig(path string) *Config {
	c := Spec.NewConfig().(*Config)
	c.Path = path
	return c
}

func open(t testing.TB, path string) *Warehouse {
	t.Helper()
	return openWith(t, newConfig(path), pipeline.Env{})
}

func openWith(t testing.TB, c *Config, env pipeline.Env) *Warehouse {
	t.Helper()
	w := New(*c, env)
	if err := w.Open(context.Background()); err != nil {
		t.Fatalf("Open: %v", err)
	}
	return w
}

// notJSON makes an event that capture would not have let in.
func notJSON(e pipeline.Event) pipeline.Event {
	e.Properties = pipeline.Properties(`{"a":`)
	return e
}

func notUUID(e pipeline.Event) pipeline.Event {
	e.UUID = "order-17"
	return e
}

func outOfTime(e pipeline.Event) pipeline.Event {
	e.Timestamp = time.Date(123456, 1, 1, 0, 0, 0, 0, time.UTC)
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
	pipelinetest.Warehouse(t, func(t *testing.T) pipelinetest.WarehouseHarness {
		path := filepath.Join(t.TempDir(), "a folder", "warehouse.duckdb")
		return pipelinetest.WarehouseHarness{
			Open: func(t *testing.T) pipeline.Warehouse { return open(t, path) },
			OpenKeeping: func(t *testing.T, now func() time.Time, kept map[string]pipelinetest.Kept) pipeline.Warehouse {
				c := newConfig(path)
				c.Tables = retentions(kept)
				return openWith(t, c, pipeline.Env{Now: now})
			},
			Poison:  notJSON,
			Refused: refused,
		}
	})
}

func TestPoison(t *testing.T) {
	for name, poison := range map[string]func(pipeline.Event) pipeline.Event{"no UUID": notUUID, "out of time": outOfTime} {
		t.Run(name, func(t *testing.T) {
			pipelinetest.Destination(t, func(t *testing.T) pipelinetest.DestinationHarness {
				w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
				t.Cleanup(func() { closed(t, w) })
				return pipelinetest.DestinationHarness{
					Destination: w, Poison: poison, ExactlyOnce: true,
					Received: func(t *testing.T) []string { return pipelinetest.Table(t, w, "SELECT uuid FROM events") },
				}
			})
		})
	}
}

func closed(t testing.TB, c interface{ Close() error }) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// refused are the ways out of a query that DuckDB knows besides changing tables.
var refused = []string{
	// These end the process, or take all of its memory.
	"SELECT json_structure(repeat('[', 1000000) || repeat(']', 1000000))",
	"SELECT json_merge_patch('{}', properties) FROM events",
	"SELECT from_json(properties, '{}') FROM events",
	"SELECT repeat('x', 1500000000)",
	"SELECT printf('%2000000000d', 1)",
	"SELECT ('" + strings.Repeat("[", 400000) + strings.Repeat("]", 400000) + "')::JSON::VARIANT", "SELECT properties::VARIANT FROM events", "SELECT TRY_CAST(properties AS STRUCT(a VARIANT)[]) FROM events",
	"SELECT len(range(4000000000))", "SELECT sum(i) FROM (SELECT unnest(generate_series(1, 4000000000)) AS i)", "SELECT * FROM unnest(range(4000000000))",
	"SELECT length(bitstring('1', 2000000000))", "SELECT jaro_similarity(event, event) FROM events", "SELECT jaro_winkler_similarity(event, event) FROM events",
	"SELECT json_serialize_plan('SELECT length(repeat(''x'', 4000000000))', optimize := true)", "SELECT json_deserialize_sql('{}')",
	"SELECT * FROM range(CAST(repeat('1', 4000000000) AS INTEGER))",
	"SET memory_limit = '8GB'", "SET enable_external_access = true", "RESET lock_configuration", "PRAGMA memory_limit = '8GB'",
	"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM glob('/*')",
	"SELECT * FROM read_parquet('http://127.0.0.1:1/x.parquet')", "COPY events TO '/tmp/events.csv'", "COPY events FROM '/etc/passwd'",
	"EXPORT DATABASE '/tmp/export'", "IMPORT DATABASE '/tmp/export'", "ATTACH '/tmp/other.duckdb'", "ATTACH ':memory:' AS m", "DETACH warehouse",
	"INSTALL httpfs", "LOAD httpfs", "CREATE TEMP TABLE x (a INTEGER)", "CREATE MACRO m() AS 1", "CHECKPOINT", "FORCE CHECKPOINT", "VACUUM",
	"SELECT * FROM force_checkpoint()", "CALL force_checkpoint()", "BEGIN", "COMMIT", "ROLLBACK", "EXPLAIN ANALYZE DELETE FROM events",
	"PREPARE p AS DELETE FROM events", "EXECUTE p", "USE temp", "SET VARIABLE x = 1", "CALL enable_logging()", "CREATE SECRET (TYPE http)",
	"SELECT * FROM enable_logging()", "SELECT * FROM enable_logging(storage = 'file', storage_path = '/tmp/log')",
	"EXPLAIN ANALYZE SELECT * FROM enable_logging()", "EXPLAIN SELECT 1; DROP TABLE events", "SELECT * FROM query('FROM enable_logging()')",
	"SELECT (SELECT count(*) FROM checkpoint())", "SELECT * FROM arrow_scan(1, 2, 3)", "WITH c AS (FROM truncate_duckdb_logs()) FROM c",
	"SELECT write_log('x')", "SELECT sleep_ms(1)", "SELECT 1; SELECT 2", "SELECT 1) AS q; DELETE FROM events; --",
}
