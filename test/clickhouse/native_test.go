package clickhouse_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"
	chdriver "github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/test/clickhouse"
)

// everyType is a row of values whose types differ in how a block holds them, with nulls and empty lists in the second half of the rows.
const everyType = `SELECT number AS n, toInt8(-1) AS i8, toUInt16(n) AS u16, toFloat32(1.5) AS f, n % 2 = 0 AS b, toString(n) AS s, toFixedString('abc', 3) AS fs,
	toUUID('11111111-1111-4111-8111-111111111111') AS id, toDate('2026-08-20') AS d, toDateTime('2026-08-20 10:00:00') AS dt,
	toDateTime64('2026-08-20 10:00:00.123', 3, 'UTC') AS dt64, toDecimal32(1.25, 2) AS d32, toDecimal128(n, 10) AS d128, toInt256(n) AS i256,
	toIPv6('::1') AS ip, CAST('a' AS Enum8('a' = 1, 'b (' = 2)) AS e, if(n < 3, toString(n), NULL) AS ns, toLowCardinality(toString(n % 3)) AS lc,
	toLowCardinality(if(n < 3, 'x', NULL)) AS lcn, if(n < 3, [n, 1], []) AS a, if(n < 3, [toLowCardinality('x')], []) AS alc, map('k', [n]) AS m,
	CAST((n, 'x') AS Tuple(a UInt64, b String)) AS t, [[('x', 1.5)]] AS nested, NULL AS nothing`

// What a table of every type holds is the same over both protocols, row by row, and so are the names and types of its columns.
func TestEveryType(t *testing.T) {
	s := clickhouse.Shared(t)
	if len(s.Protocols()) < 2 {
		t.Skipf("NOT TESTED: %s is one protocol, there is nothing to compare it with", s.DSN)
	}
	for query, rows := range map[string]int{everyType + " FROM numbers(6)": 6, everyType + " FROM numbers(0)": 0} {
		var results [][]string
		for _, protocol := range s.Protocols() {
			results = append(results, result(t, open(t, s.DatabaseOver(t, protocol)), query))
		}
		if rows == 0 { // over HTTP, a result without rows has no columns either
			results[0] = result(t, open(t, s.Database(t)), everyType+" FROM numbers(1)")[:1]
		}
		if diff := cmp.Diff(results[0], results[1]); diff != "" || len(results[0]) != rows+1 {
			t.Errorf("%d rows over native (-http +native):\n%s", rows, diff)
		}
	}
}

// result is the columns and the rows of a query, each as a line.
func result(t *testing.T, db driver.Conn, query string) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var head strings.Builder
	for _, c := range rows.ColumnTypes() {
		fmt.Fprintf(&head, "%s %s, ", c.Name(), c.DatabaseTypeName())
	}
	lines := []string{head.String()}
	for rows.Next() {
		room := make([]any, len(rows.Columns()))
		for i := range room {
			room[i] = reflect.New(rows.ColumnTypes()[i].ScanType()).Interface()
		}
		if err := rows.Scan(room...); err != nil {
			t.Fatal(err)
		}
		var line strings.Builder
		for _, v := range room {
			fmt.Fprintf(&line, "%v|", indirect(reflect.ValueOf(v)))
		}
		lines = append(lines, line.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func indirect(v reflect.Value) any {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return v.Interface()
}

// native is a connection in the native protocol that is only one, so that everything goes through it.
func native(t *testing.T) driver.Conn {
	t.Helper()
	s := clickhouse.Shared(t)
	if s.NativeDSN == "" {
		t.Skipf("NOT TESTED: %s speaks HTTP only", s.DSN)
	}
	return open(t, s.DatabaseOver(t, clickhouse.Native), func(o *driver.Options) { o.MaxOpenConns, o.MaxIdleConns = 1, 1 })
}

// A cancelled query ends, and others go on.
func TestCancel(t *testing.T) {
	db := native(t)
	ctx, cancel := context.WithCancel(t.Context())
	rows, err := db.Query(ctx, "SELECT number, toString(number) FROM system.numbers")
	if err != nil || !rows.Next() {
		t.Fatalf("a result without an end\n got %v\nwant rows", err)
	}
	cancel()
	_ = rows.Close()
	began := time.Now()
	if got := value(t, db, "SELECT 'x'"); got != "x" || time.Since(began) > 10*time.Second {
		t.Errorf("a query after it\n got %s after %v\nwant x at once", got, time.Since(began))
	}
}

// Everything about an insert that needs no data is refused before the first block.
func TestInsertRefused(t *testing.T) {
	db := native(t)
	must(t, db, table)
	readonly := driver.Context(t.Context(), driver.WithSettings(driver.Settings{"readonly": 1}))
	for into, want := range map[string]int32{"nowhere (a)": 60, "t (b)": 47, "t (a, s)": 0} {
		if _, err := db.PrepareBatch(t.Context(), "INSERT INTO "+into, chdriver.WithReleaseConnection()); codeOf(err) != want {
			t.Errorf("an insert into %s\n got %v\nwant code %d", into, err, want)
		}
	}
	if _, err := db.PrepareBatch(readonly, "INSERT INTO t (a, s)"); codeOf(err) != 164 {
		t.Errorf("an insert in a read-only session\n got %v\nwant code 164", err)
	}
}

// A server notices only behind its hello that there is no such database, and says so in place of an answer to what the client asks first.
func TestNoDatabase(t *testing.T) {
	dsn := clickhouse.Start(t).NativeDSN + "/nowhere"
	if err := open(t, dsn).Ping(t.Context()); codeOf(err) != 81 {
		t.Errorf("Ping\n got %v\nwant code 81", err)
	}
}
