package clickhouse

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/clickhouse"
)

func openError(t *testing.T, c *Config) error {
	t.Helper()
	w := made(t, c)
	err := w.Open(context.Background())
	if err == nil {
		closed(t, w)
	}
	return err
}

func wantText(t *testing.T, err error, text string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("no error\nwant %s", text)
	case !strings.Contains(err.Error(), text):
		t.Errorf("error\n got %v\nwant %s", err, text)
	case strings.Contains(err.Error(), "hunter2"):
		t.Errorf("error tells the password: %v", err)
	}
}

func TestCannotOpen(t *testing.T) {
	own := clickhouse.Start(t, "-password", "hunter2")
	old := clickhouse.Start(t, "-version", "24.3.5.1")
	for protocol, dsns := range map[string][2]string{clickhouse.HTTP: {own.DSN, old.DSN}, clickhouse.Native: {own.NativeDSN, old.NativeDSN}} {
		t.Run(protocol, func(t *testing.T) { testCannotOpen(t, dsns[0], dsns[1]) })
	}
	right := func(dsn string) string { return strings.Replace(dsn, "://", "://default:hunter2@", 1) }
	for name, dsn := range map[string]string{
		"native to HTTP": strings.Replace(right(own.DSN), "http:", "clickhouse:", 1),
		"HTTP to native": strings.Replace(right(own.NativeDSN), "clickhouse:", "http:", 1),
	} {
		t.Run(name, func(t *testing.T) {
			w := made(t, newConfig(dsn))
			w.options.DialTimeout = time.Second // how long an HTTP server waits for the rest of a hello
			wantText(t, w.Open(t.Context()), "speaks another protocol")
		})
	}
	overEach(t, func(t *testing.T, protocol string) {
		wantText(t, openError(t, newConfig(clickhouse.Shared(t).DatabaseOver(t, protocol)+"?readonly=1")), "read-only")
	})
}

func testCannotOpen(t *testing.T, own, old string) {
	right := strings.Replace(own, "://", "://default:hunter2@", 1)
	scheme, _, _ := strings.Cut(own, "://")
	for name, test := range map[string]struct{ dsn, want string }{
		"nobody there":   {scheme + "://default:hunter2@127.0.0.1:1/db", "127.0.0.1:1 cannot be reached"},
		"no password":    {own, `does not let the user "default" in`},
		"wrong password": {strings.Replace(right, "hunter2", "hunter22", 1), `does not let the user "default" in`},
		"wrong user":     {strings.Replace(right, "default", "dora", 1), `does not let the user "dora" in`},
		"no database":    {right + "/nowhere", `there is no database "nowhere": create it`},
		"too old":        {old + "/default", "the server is ClickHouse 24.3.5: want 24.8 or later"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, json := range []string{"auto", "on", "off"} {
				c := newConfig(test.dsn)
				c.JSON = json
				wantText(t, openError(t, c), test.want)
			}
		})
	}
}

func TestJSONOn(t *testing.T) {
	old := clickhouse.Start(t, "-version", "24.8.4.1")
	for json, want := range map[string]string{"on": "json: on: ClickHouse 24.8.4 has no JSON columns ready for this: want 25.3 or later", "auto": "", "off": ""} {
		c := newConfig(old.Database(t))
		c.JSON = json
		w := made(t, c)
		if err := w.Open(t.Context()); want != "" {
			wantText(t, err, want)
		} else if err != nil || w.Capabilities().JSON {
			t.Errorf("json %s on 24.8\n got %v, %+v\nwant no JSON column", json, err, w.Capabilities())
		} else {
			closed(t, w)
		}
	}
}

func TestTakenNames(t *testing.T) {
	for _, test := range []struct{ make, want string }{
		{"CREATE TABLE events (a UInt8) ENGINE = MergeTree ORDER BY a", `there is a MergeTree "events" where prickle keeps a view of the events: rename it`},
		{"CREATE TABLE events__rows (a UInt8) ENGINE = Memory", `there is a Memory "events__rows" where prickle keeps the events: rename it`},
		{"CREATE TABLE _prickle_migrations (version UInt32) ENGINE = MergeTree ORDER BY version; 99", "the tables have version 99, this prickle knows up to 1: use the newer prickle"},
	} {
		dsn := clickhouse.Shared(t).Database(t)
		statement, version, _ := strings.Cut(test.make, "; ")
		behind(t, dsn, statement)
		if version != "" {
			behind(t, dsn, "INSERT INTO _prickle_migrations VALUES ("+version+")")
		}
		wantText(t, openError(t, newConfig(dsn)), test.want)
	}
}

// behind runs a statement behind the warehouse's back.
func behind(t *testing.T, dsn, statement string) {
	t.Helper()
	db := clickhouse.Connect(t, dsn)
	defer db.Close()
	if err := db.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// A project that gets or loses a cluster does not go on in half of it.
func TestOtherCluster(t *testing.T) {
	c := newConfig(clickhouse.Shared(t).Database(t))
	closed(t, open(t, c))
	c.Cluster = "main"
	wantText(t, openError(t, c), `the events are in a table of one server: name another database for the cluster "main"`)
	kinds := map[string]string{eventsRows: "Distributed"}
	wantText(t, layout{}.freeRows(kinds), "the events are in the tables of a cluster")
	if err := (layout{cluster: "main"}).freeRows(kinds); err != nil {
		t.Errorf("the table over a cluster\n got %v\nwant no error", err)
	}
}

func TestTakenStream(t *testing.T) {
	c := newConfig(clickhouse.Shared(t).Database(t))
	w := open(t, c)
	defer closed(t, w)
	load := pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: "a", Version: 1, Data: []byte(`{"n":1}`)}}}
	if _, err := w.Merge(t.Context(), load); err != nil {
		t.Fatal(err)
	}
	behind(t, string(c.URL), "DROP VIEW shop_items")
	behind(t, string(c.URL), "CREATE TABLE shop_items (a UInt8) ENGINE = MergeTree ORDER BY a")
	load.Records[0].Data, load.Records[0].Version = []byte(`{"m":1}`), 2
	_, err := w.Merge(t.Context(), load)
	wantText(t, err, `there is a MergeTree "shop_items" where prickle keeps a view of shop_items__rows`)
	behind(t, string(c.URL), "DROP TABLE shop_items")
	if _, err := w.Merge(t.Context(), load); err != nil {
		t.Errorf("Merge after the table has gone: %v", err)
	}
}

// A block that the server refuses for one row is halved until that one stands alone.
func TestBadRow(t *testing.T) { overEach(t, testBadRow) }

func testBadRow(t *testing.T, protocol string) {
	c := newConfig(clickhouse.Shared(t).DatabaseOver(t, protocol))
	w := open(t, c)
	defer closed(t, w)
	behind(t, string(c.URL), "ALTER TABLE events__rows ADD CONSTRAINT good CHECK event != 'bad'")
	events := pipelinetest.Events(0, 100)
	events[17].Name, events[71].Name = "bad", "bad"
	errs := pipeline.EventErrors(w.Send(t.Context(), events), len(events))
	var good []pipeline.Event
	for i, err := range errs {
		if bad := i == 17 || i == 71; bad != pipeline.IsPermanent(err) || bad != (err != nil) {
			t.Errorf("event %d\n got %v\nwant a permanent error: %v", i, err, bad)
		} else if !bad {
			good = append(good, events[i])
		}
	}
	wantExactly(t, w, good)
}

// A server with too many parts is left alone for longer and longer.
func TestTooManyParts(t *testing.T) { overEach(t, testTooManyParts) }

func testTooManyParts(t *testing.T, protocol string) {
	c := newConfig(clickhouse.Shared(t).DatabaseOver(t, protocol))
	w := open(t, c)
	defer closed(t, w)
	behind(t, string(c.URL), "SYSTEM STOP MERGES events__rows")
	behind(t, string(c.URL), "ALTER TABLE events__rows MODIFY SETTING parts_to_throw_insert = 2, parts_to_delay_insert = 1")
	var delays []time.Duration
	for n := range 5 {
		err := w.Send(t.Context(), pipelinetest.Events(n*10, n*10+10))
		if delay, ok := pipeline.RetryDelay(err); ok {
			delays = append(delays, delay)
			wantText(t, err, "too many parts")
		} else if err != nil {
			t.Fatalf("Send: %v", err)
		}
	}
	if len(delays) < 2 || delays[0] != firstDelay || delays[1] != 2*firstDelay {
		t.Errorf("delays\n got %v\nwant %v and double", delays, firstDelay)
	}
	if h, err := w.Health(t.Context()); err != nil || len(h.Warnings) == 0 || !strings.Contains(h.Warnings[len(h.Warnings)-1], "too many parts") {
		t.Errorf("Health\n got %+v, %v\nwant a warning of too many parts", h, err)
	}
	behind(t, string(c.URL), "ALTER TABLE events__rows MODIFY SETTING parts_to_throw_insert = 3000, parts_to_delay_insert = 1000")
	if err := w.Send(t.Context(), pipelinetest.Events(100, 110)); err != nil {
		t.Errorf("Send after the parts were merged: %v", err)
	}
	if w.overload.delay != 0 {
		t.Errorf("delay after an insert\n got %v\nwant none", w.overload.delay)
	}
}

// TLS by a certificate of one's own.
func TestTLS(t *testing.T) { overEach(t, testTLS) }

func testTLS(t *testing.T, protocol string) {
	s := clickhouse.Shared(t)
	target, err := url.Parse(s.DatabaseOver(t, protocol))
	if err != nil {
		t.Fatal(err)
	}
	if target.Scheme == "https" || target.Query().Get("secure") == "true" {
		t.Skipf("NOT TESTED with a certificate of our own: the server has one already")
	}
	address, certificate := tlsFront(t, target.Host)
	password, _ := target.User.Password()
	over := func(ca *pipeline.File, name string) *Config {
		c := newConfig("")
		c.Hosts, c.Protocol, c.Database, c.TLS = []string{address}, protocol, strings.TrimPrefix(target.Path, "/"), &TLS{CA: ca, ServerName: name}
		c.User, c.Password = target.User.Username(), pipeline.Secret(password)
		return c
	}
	wantText(t, openError(t, over(nil, "")), "unknown authority: name its certificate as tls.ca")
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600); err != nil {
		t.Fatal(err)
	}
	ca := &pipeline.File{Name: "ca.pem", Path: file}
	w := open(t, over(ca, ""))
	if err := w.Send(t.Context(), pipelinetest.Events(0, 3)); err != nil {
		t.Error(err)
	}
	closed(t, w)
	wantText(t, openError(t, over(ca, "elsewhere.example")), "tls.server_name can say which")
	plain := over(ca, "")
	plain.Hosts = []string{target.Host}
	wantText(t, openError(t, plain), "speaks another protocol")
	secure := *target
	secure.Host = address
	if secure.Scheme, secure.RawQuery = "https", ""; protocol == clickhouse.Native {
		secure.Scheme, secure.RawQuery = "clickhouse", "secure=true"
	}
	c := newConfig(secure.String())
	c.TLS = &TLS{CA: ca}
	closed(t, open(t, c))
}

// tlsFront takes TLS off what goes to target, and returns where and with which certificate.
func tlsFront(t *testing.T, target string) (address string, certificate []byte) {
	t.Helper()
	own := httptest.NewTLSServer(http.NotFoundHandler())
	own.Close() // its certificate is all that is wanted
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{MinVersion: tls.VersionTLS12, Certificates: own.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // either side may end it
		_ = errors.Join(to.Close(), from.Close())
	}
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				_ = client.Close()
				continue
			}
			running.Go(func() { pass(server, client) })
			running.Go(func() { pass(client, server) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return l.Addr().String(), own.Certificate().Raw
}

func TestClosed(t *testing.T) {
	w := open(t, newConfig(clickhouse.Shared(t).Database(t)))
	closed(t, w)
	closed(t, w)
	if err := w.Send(context.Background(), pipelinetest.Events(0, 1)); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("Send after Close\n got %v\nwant an error", err)
	}
}
