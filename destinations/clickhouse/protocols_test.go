package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/clickhouse"
	"github.com/prickle-dev/prickle/test/tcpproxy"
)

// Arguments arrive as they are, whatever characters they have.
func TestArguments(t *testing.T) {
	overEach(t, func(t *testing.T, protocol string) {
		w := openedOver(t, protocol)
		for _, s := range []string{"", "it's", `a\b`, "tab\tnew\nline\rback\bfeed\f\v\a", "zero\x00byte", `\N`, `\'`, `''`, "NULL", "'quoted'", "ünï😀", "\xff\xfe", strings.Repeat(`\'`, 10_000)} {
			if got := verbatim(t, w, "SELECT ?", s); len(got) != 1 || got[0] != s {
				t.Errorf("argument\n got %.100q\nwant %.100q", got, s)
			}
		}
		at := time.Date(2026, 8, 20, 10, 0, 0, 123_456_000, time.UTC)
		got := verbatim(t, w, "SELECT concat(toString(?), ' ', toString(?), ' ', toString(?), ' ', toString(?), ' ', toString(isNull(?)))", at, -5, 1.5, true, nil)
		if want := "2026-08-20 10:00:00.123456 -5 1.5 true 1"; len(got) != 1 || got[0] != want {
			t.Errorf("arguments\n got %q\nwant %q", got, want)
		}
	})
}

// drain reads a result to its end.
func drain(rows pipeline.Rows) (n int, err error) {
	defer rows.Close()
	for {
		switch _, err := rows.Next(); {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return n, err
		}
		n++
	}
}

// A result that is larger than all buffers on the way, read to the end and left after a row.
func TestLargeResult(t *testing.T) {
	overEach(t, func(t *testing.T, protocol string) {
		w := openedOver(t, protocol)
		const n = 200_000
		rows, err := w.Query(t.Context(), "SELECT number, toString(number) FROM numbers(?)", n)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := drain(rows); got != n || err != nil {
			t.Errorf("rows\n got %d, %v\nwant %d", got, err, n)
		}
		for range 1 + w.options.MaxOpenConns { // each of which must give its connection back
			rows, err := w.Query(t.Context(), "SELECT number, toString(number) FROM system.numbers")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := rows.Next(); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if rows.Close(); time.Since(began) > 5*time.Second {
				t.Fatalf("Close of a result without an end took %v", time.Since(began))
			}
		}
	})
}

// An error in the middle of a result is that error, and not an end. Other queries go on.
func TestErrorInResult(t *testing.T) {
	overEach(t, func(t *testing.T, protocol string) {
		w := openedOver(t, protocol)
		for range 3 {
			rows, err := w.Query(t.Context(), "SELECT number, throwIf(number = 300000, 'too far') FROM numbers(400000)")
			if err != nil {
				t.Fatal(err)
			}
			const thrown = 395
			if n, err := drain(rows); n == 0 || codeOf(err) != thrown || !strings.Contains(err.Error(), "too far") {
				t.Errorf("an error in the middle\n got %v after %d rows\nwant too far after some", err, n)
			}
			if got := verbatim(t, w, "SELECT 'x'"); len(got) != 1 || got[0] != "x" {
				t.Errorf("a query after it\n got %q\nwant x", got)
			}
		}
	})
}

// A query whose time is over says so in the words of its context, whether it has begun to answer or not.
func TestQueryOutOfTime(t *testing.T) {
	overEach(t, func(t *testing.T, protocol string) {
		w := openedOver(t, protocol)
		for n := range 40 {
			query := "SELECT number, toString(number) FROM system.numbers"
			if n%20 == 10 { // nothing comes before it is all done
				query = "SELECT sum(cityHash64(number)) FROM numbers(1000000000)"
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+5*n)*time.Millisecond)
			began := time.Now()
			rows, err := w.Query(ctx, query)
			if err == nil {
				_, err = drain(rows)
			}
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
				t.Errorf("%s\n got %v after %v\nwant %v at once", query, err, time.Since(began), context.DeadlineExceeded)
			}
			cancel()
		}
	})
}

// A server that takes connections and says nothing keeps nobody longer than their context lasts.
func TestSilentServer(t *testing.T) {
	overEach(t, func(t *testing.T, protocol string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		scheme := map[string]string{clickhouse.HTTP: "http", clickhouse.Native: "clickhouse"}[protocol]
		w := made(t, newConfig(fmt.Sprintf("%s://%s/db", scheme, l.Addr())))
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := w.Open(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
			t.Errorf("Open\n got %v after %v\nwant %v at once", err, time.Since(began), context.DeadlineExceeded)
		}
	})
}

// A host that takes connections and says nothing is passed over.
func TestSilentHost(t *testing.T) {
	overEach(t, func(t *testing.T, protocol string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		s := clickhouse.Shared(t)
		dsn := strings.Replace(s.DatabaseOver(t, protocol), s.AddressOver(protocol), l.Addr().String()+","+s.AddressOver(protocol), 1)
		w := made(t, newConfig(dsn))
		w.options.DialTimeout = time.Second
		if err := w.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		closed(t, w)
	})
}

// A connection that ends while the server is tried out is an error, and not a server that can do less.
func TestCutWhileOpening(t *testing.T) {
	overEach(t, func(t *testing.T, protocol string) {
		proxy, dsn := proxied(t, protocol)
		closed(t, open(t, newConfig(dsn)))
		failed, opened := 0, 0
		for n := int64(20); n < 3000; n += 60 {
			first := proxy.Made()
			proxy.Use(func(made int) (f tcpproxy.Faults) {
				if made == first {
					f.Down.CutAfter = n
				}
				return f
			})
			w := made(t, newConfig(dsn))
			if err := w.Open(t.Context()); err != nil {
				failed++
				continue
			}
			if opened++; !w.Capabilities().JSON {
				t.Errorf("cut after %d bytes\n got a server without JSON\nwant one with it, or an error", n)
			}
			closed(t, w)
		}
		t.Logf("%d failed, %d did not", failed, opened)
	})
}

// A cut connection under a result is an error to its reader, and no end of the result.
func TestCutResult(t *testing.T) {
	overEach(t, func(t *testing.T, protocol string) {
		proxy, dsn := proxied(t, protocol)
		w := open(t, newConfig(dsn))
		defer closed(t, w)
		if err := w.Send(t.Context(), pipelinetest.Events(0, 10)); err != nil {
			t.Fatal(err)
		}
		for n := int64(300); n < 2_000_000; n *= 2 {
			proxy.Use(func(int) tcpproxy.Faults { return tcpproxy.Faults{Down: tcpproxy.Flow{CutAfter: n, Close: n%2 == 0}} })
			proxy.Cut()
			rows, err := w.Query(t.Context(), "SELECT number, toString(cityHash64(number)) FROM numbers(300000)")
			got := 0
			if err == nil {
				got, err = drain(rows)
			}
			if err == nil && got != 300_000 {
				t.Errorf("cut after %d bytes\n got %d rows and no error\nwant an error", n, got)
			}
		}
	})
}
