package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"

	"github.com/prickle-dev/prickle/test/clickhouse"
)

func TestMain(m *testing.M) {
	code := m.Run()
	clickhouse.Stop()
	os.Exit(code)
}

// over runs a test over each of the shared server's protocols, in a database of its own.
func over(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	s := clickhouse.Shared(t)
	for _, protocol := range s.Protocols() {
		t.Run(protocol, func(t *testing.T) { test(t, s.DatabaseOver(t, protocol)) })
	}
}

func open(t *testing.T, dsn string, change ...func(*driver.Options)) driver.Conn {
	t.Helper()
	options, err := driver.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(options)
	}
	db, err := driver.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func must(t *testing.T, db driver.Conn, statement string, args ...any) {
	t.Helper()
	if err := db.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func value(t *testing.T, db driver.Conn, query string, args ...any) string {
	t.Helper()
	return valueIn(t, t.Context(), db, query, args...)
}

func valueIn(t *testing.T, ctx context.Context, db driver.Conn, query string, args ...any) string {
	t.Helper()
	var v string
	if err := db.QueryRow(ctx, query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func insert(t *testing.T, ctx context.Context, db driver.Conn, from, to int) {
	t.Helper()
	batch, err := db.PrepareBatch(ctx, "INSERT INTO t (a, s)")
	if err != nil {
		t.Fatal(err)
	}
	for n := from; n < to; n++ {
		if err := batch.Append(uint64(n), fmt.Sprint("row ", n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

const table = "CREATE TABLE t (a UInt64, s String) ENGINE = ReplacingMergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100"

func TestInterface(t *testing.T) { over(t, testInterface) }

func testInterface(t *testing.T, dsn string) {
	for name, change := range map[string]func(*driver.Options){
		"plain": func(*driver.Options) {},
		"lz4":   func(o *driver.Options) { o.Compression = &driver.Compression{Method: driver.CompressionLZ4} },
		"zstd":  func(o *driver.Options) { o.Compression = &driver.Compression{Method: driver.CompressionZSTD} },
		"gzip, which is HTTP's": func(o *driver.Options) {
			if o.Protocol == driver.HTTP {
				o.Compression = &driver.Compression{Method: driver.CompressionGZIP, Level: 1}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, dsn, change)
			must(t, db, "DROP TABLE IF EXISTS t SYNC")
			must(t, db, table)
			insert(t, t.Context(), db, 0, 50_000)
			insert(t, t.Context(), db, 10, 20)
			if got := value(t, db, "SELECT concat(toString(count()), ' ', max(s)) FROM t FINAL"); got != "50000 row 9999" {
				t.Errorf("rows\n got %s\nwant 50000 row 9999", got)
			}
			rows, err := db.Query(t.Context(), "SELECT a, s FROM t ORDER BY a")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			n := 0
			for rows.Next() {
				n++
			}
			if n < 50_000 || rows.Err() != nil {
				t.Errorf("streamed\n got %d rows, %v\nwant 50000 or more", n, rows.Err())
			}
		})
	}
}

func TestSettingsAndParameters(t *testing.T) { over(t, testSettingsAndParameters) }

func testSettingsAndParameters(t *testing.T, dsn string) {
	db := open(t, dsn)
	must(t, db, table)
	ctx := driver.Context(t.Context(), driver.WithSettings(driver.Settings{"max_threads": 1, "insert_deduplication_token": "it's"}))
	insert(t, ctx, db, 0, 10)
	insert(t, ctx, db, 20, 30)
	insert(t, t.Context(), db, 40, 50)
	if got := value(t, db, "SELECT toString(count()) FROM t"); got != "20" {
		t.Errorf("rows after two inserts with one token and one without\n got %s\nwant 20", got)
	}
	if got := valueIn(t, ctx, db, "SELECT toString(getSetting('max_threads'))"); got != "1" {
		t.Errorf("setting\n got %s\nwant 1", got)
	}
	if got := value(t, db, "SELECT {p:String}", driver.Named("p", `it's \ "x"`)); got != `it's \ "x"` {
		t.Errorf("parameter\n got %s\nwant %s", got, `it's \ "x"`)
	}
	readonly := driver.Context(t.Context(), driver.WithSettings(driver.Settings{"readonly": 1}))
	if err := db.Exec(readonly, "DROP TABLE t"); codeOf(err) != 164 {
		t.Errorf("DROP in a read-only session\n got %v\nwant code 164", err)
	}
}

func codeOf(err error) int32 {
	var e *driver.Exception
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestErrors(t *testing.T) { over(t, testErrors) }

func testErrors(t *testing.T, dsn string) {
	db := open(t, dsn)
	if err := db.Exec(t.Context(), "SELECT * FROM nowhere"); codeOf(err) != 60 {
		t.Errorf("unknown table\n got %v\nwant code 60", err)
	}
	rows, err := db.Query(t.Context(), "SELECT throwIf(number = 3000000) FROM numbers(4000000) SETTINGS max_threads = 1, max_block_size = 1000")
	for err == nil && rows.Next() {
		continue
	}
	if err == nil {
		err = rows.Err()
	}
	if codeOf(err) != 395 {
		t.Errorf("an error in the middle of a result\n got %v\nwant code 395", err)
	}
}

func TestSessionsRunAtOnce(t *testing.T) { over(t, testSessionsRunAtOnce) }

func testSessionsRunAtOnce(t *testing.T, dsn string) {
	db := open(t, dsn)
	began := time.Now()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { value(t, db, "SELECT toString(sleep(1))") })
	}
	wg.Wait()
	if took := time.Since(began); took > 3500*time.Millisecond {
		t.Errorf("four sleeps of a second\n took %v\nwant less than one after the other", took)
	}
}

func TestKilledAndRestarted(t *testing.T) {
	for _, protocol := range []string{clickhouse.HTTP, clickhouse.Native} {
		t.Run(protocol, func(t *testing.T) { testKilledAndRestarted(t, protocol) })
	}
}

func testKilledAndRestarted(t *testing.T, protocol string) {
	s := clickhouse.Start(t, "-password", "secret", "-die-after-insert", "2")
	withPassword := func(o *driver.Options) { o.Auth.Username, o.Auth.Password = "default", "secret" }
	dsn := func() string {
		return map[string]string{clickhouse.HTTP: s.DSN, clickhouse.Native: s.NativeDSN}[protocol]
	}
	db := open(t, dsn(), withPassword)
	must(t, db, table)
	insert(t, t.Context(), db, 0, 10)
	batch, err := db.PrepareBatch(t.Context(), "INSERT INTO t (a, s)")
	if err != nil {
		t.Fatal(err)
	}
	if err := batch.Append(uint64(100), "x"); err != nil {
		t.Fatal(err)
	}
	if err := batch.Send(); err == nil {
		t.Error("an insert whose engine dies\n got no error\nwant one")
	}
	s.Kill()
	s.Restart(t)
	db = open(t, dsn())
	if got := value(t, db, "SELECT toString(count()) FROM t"); got != "11" {
		t.Errorf("rows after the restart\n got %s\nwant 11", got)
	}
}

func TestWrongPassword(t *testing.T) {
	s := clickhouse.Start(t, "-password", "secret")
	for _, dsn := range []string{s.DSN, s.NativeDSN} {
		if err := open(t, dsn).Ping(t.Context()); codeOf(err) != 516 {
			t.Errorf("Ping of %s without the password\n got %v\nwant code 516", dsn, err)
		}
	}
}

func TestExternalTables(t *testing.T) { over(t, testExternalTables) }

func testExternalTables(t *testing.T, dsn string) {
	db := open(t, dsn)
	table, err := ext.NewTable("few", ext.Column("n", "UInt64"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []uint64{3, 5} {
		if err := table.Append(n); err != nil {
			t.Fatal(err)
		}
	}
	ctx := driver.Context(t.Context(), driver.WithExternalTable(table))
	for range 2 { // each request has its own
		if got := valueIn(t, ctx, db, "SELECT toString(sum(number)) FROM numbers(10) WHERE number IN (SELECT n FROM few)"); got != "8" {
			t.Errorf("sum over an external table\n got %s\nwant 8", got)
		}
	}
}
