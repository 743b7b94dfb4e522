package clickhouse

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/clickhouse"
)

func TestMain(m *testing.M) {
	code := m.Run()
	clickhouse.Stop()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			println(err.Error())
			code = 1
		}
	}
	os.Exit(code)
}

// newConfig inserts at once: what the suites send one after the other need not wait.
func newConfig(dsn string) *Config {
	c := Spec.NewConfig().(*Config)
	c.URL, c.Pace = pipeline.Secret(dsn), 0
	return c
}

func made(t testing.TB, c *Config) *Warehouse {
	t.Helper()
	return madeWith(t, c, time.Now)
}

func madeWith(t testing.TB, c *Config, now func() time.Time) *Warehouse {
	t.Helper()
	w, err := New(*c, pipeline.Env{Now: now})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return w
}

func open(t testing.TB, c *Config) *Warehouse {
	t.Helper()
	return openWith(t, c, time.Now)
}

func openWith(t testing.TB, c *Config, now func() time.Time) *Warehouse {
	t.Helper()
	w := madeWith(t, c, now)
	if err := w.Open(context.Background()); err != nil {
		t.Fatalf("Open: %v", err)
	}
	return w
}

func closed(t testing.TB, w *Warehouse) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// overEach runs a test over each protocol of the shared server.
func overEach(t *testing.T, test func(t *testing.T, protocol string)) {
	t.Helper()
	for _, protocol := range clickhouse.Shared(t).Protocols() {
		t.Run(protocol, func(t *testing.T) { test(t, protocol) })
	}
}

// overBoth runs a test over each protocol of an engine, for tests that start their own.
func overBoth(t *testing.T, test func(t *testing.T, protocol string)) {
	t.Helper()
	for _, protocol := range []string{clickhouse.HTTP, clickhouse.Native} {
		t.Run(protocol, func(t *testing.T) { test(t, protocol) })
	}
}

// opened is a warehouse in a database of its own, closed at the end of the test.
func opened(t testing.TB, change ...func(*Config)) *Warehouse {
	t.Helper()
	return openedOver(t, clickhouse.Shared(t).Protocols()[0], change...)
}

func openedOver(t testing.TB, protocol string, change ...func(*Config)) *Warehouse {
	t.Helper()
	c := newConfig(clickhouse.Shared(t).DatabaseOver(t, protocol))
	for _, f := range change {
		f(c)
	}
	w := open(t, c)
	t.Cleanup(func() { closed(t, w) })
	return w
}

func notUUID(e pipeline.Event) pipeline.Event {
	e.UUID = "order-17"
	return e
}

func outOfTime(e pipeline.Event) pipeline.Event {
	e.Timestamp = time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC)
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

// Most servers have JSON columns, so that without them one protocol is enough.
func TestContract(t *testing.T) {
	overEach(t, func(t *testing.T, protocol string) {
		t.Run("json on", func(t *testing.T) { testContract(t, protocol, "on") })
	})
	protocols := clickhouse.Shared(t).Protocols()
	last := protocols[len(protocols)-1]
	t.Run(last+"/json off", func(t *testing.T) { testContract(t, last, "off") })
}

func testContract(t *testing.T, protocol, json string) {
	pipelinetest.Warehouse(t, func(t *testing.T) pipelinetest.WarehouseHarness {
		c := newConfig(clickhouse.Shared(t).DatabaseOver(t, protocol))
		c.JSON = json
		return pipelinetest.WarehouseHarness{
			Open: func(t *testing.T) pipeline.Warehouse { return open(t, c) },
			OpenKeeping: func(t *testing.T, now func() time.Time, kept map[string]pipelinetest.Kept) pipeline.Warehouse {
				keeping := *c
				keeping.Tables = retentions(kept)
				return openWith(t, &keeping, now)
			},
			Poison: notUUID, Refused: refused,
		}
	})
}

func TestOutOfTime(t *testing.T) {
	pipelinetest.Destination(t, func(t *testing.T) pipelinetest.DestinationHarness {
		w := opened(t)
		return pipelinetest.DestinationHarness{
			Destination: w, Poison: outOfTime, ExactlyOnce: true,
			Received: func(t *testing.T) []string { return pipelinetest.Table(t, w, "SELECT uuid FROM events") },
		}
	})
}

// refused are the ways out of a query that ClickHouse knows besides changing tables.
var refused = []string{
	"SELECT * FROM file('/etc/passwd', 'LineAsString')", "SELECT file('/etc/passwd')", "SELECT * FROM url('http://127.0.0.1:1/', 'CSV')",
	"SELECT * FROM s3('http://127.0.0.1:1/x')", "SELECT * FROM `remote`('127.0.0.1', system.one)", "SELECT * FROM remoteSecure('127.0.0.1', system.one)",
	"SELECT * FROM mysql('a:1', 'b', 'c', 'd', 'e')", "SELECT * FROM executable('id', CSV, 'x String')", "SELECT * FROM URL /* x */ ('http://127.0.0.1:1/', 'CSV')",
	"SELECT * FROM cluster('default', system.one)", "SELECT sleep(3)", "SELECT 1 INTO OUTFILE '/tmp/x'", "SELECT 1 FORMAT CSV",
	// Ways to write a name or a text that only ClickHouse's own lexer takes for one.
	"SELECT file\u00a0('/etc/passwd')", "SELECT file\ufeff('/etc/passwd')", "SELECT “file”('/etc/passwd')", `SELECT "f\x69le"('/etc/passwd')`,
	"SELECT 1 AS a$b$, file('/etc/passwd') AS c$b$",
	"INSERT INTO FUNCTION file('x.csv') SELECT 1", "SET readonly = 0", "SELECT 1 SETTINGS readonly = 0", "OPTIMIZE TABLE events__rows FINAL", "SYSTEM FLUSH LOGS",
	"KILL QUERY WHERE 1", "GRANT ALL ON *.* TO default", "CREATE USER x", "ATTACH TABLE x", "DETACH TABLE events", "RENAME TABLE events TO x",
	"EXCHANGE TABLES events AND events__rows", "USE system", "BACKUP TABLE events TO Disk('x', 'y')", "EXPLAIN SELECT 1; DROP TABLE events__rows",
	"SELECT 1; SELECT 2", "SELECT 1 -- ;\n; DROP TABLE events__rows", "DROP VIEW events", "ALTER TABLE events__rows DELETE WHERE 1",
	"CREATE TEMPORARY TABLE x (a UInt8)", "DELETE FROM events__rows WHERE 1", strings.Repeat("(", 3) + "DELETE FROM events__rows WHERE 1",
}
