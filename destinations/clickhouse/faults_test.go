package clickhouse

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
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
	right := strings.Replace(own.DSN, "://", "://default:hunter2@", 1)
	old := clickhouse.Start(t, "-version", "24.3.5.1")
	shared := clickhouse.Shared(t)
	for name, test := range map[string]struct{ dsn, want string }{
		"nobody there":   {"http://default:hunter2@127.0.0.1:1/db", "127.0.0.1:1 cannot be reached"},
		"native port":    {"clickhouse://default:hunter2@127.0.0.1:1/db", "127.0.0.1:1 cannot be reached"},
		"no password":    {own.DSN, `does not let the user "default" in`},
		"wrong password": {strings.Replace(right, "hunter2", "hunter22", 1), `does not let the user "default" in`},
		"wrong user":     {strings.Replace(right, "default", "dora", 1), `does not let the user "dora" in`},
		"no database":    {right + "/nowhere", `there is no database "nowhere": create it`},
		"too old":        {old.DSN + "/default", "the server is ClickHouse 24.3.5: want 24.8 or later"},
		"read-only":      {shared.Database(t) + "?readonly=1", "read-only"},
		"wrong protocol": {strings.Replace(right, "http:", "clickhouse:", 1), "speaks another protocol"},
	} {
		t.Run(name, func(t *testing.T) { wantText(t, openError(t, newConfig(test.dsn)), test.want) })
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
func TestBadRow(t *testing.T) {
	c := newConfig(clickhouse.Shared(t).Database(t))
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
func TestTooManyParts(t *testing.T) {
	c := newConfig(clickhouse.Shared(t).Database(t))
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
func TestTLS(t *testing.T) {
	target, err := url.Parse(clickhouse.Shared(t).Database(t))
	if err != nil || target.Scheme != "http" {
		t.Skipf("NOT TESTED with TLS: the proxy of this test speaks HTTP, and the server is %s", target.Scheme)
	}
	database := strings.TrimPrefix(target.Path, "/")
	target.Path = ""
	server := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(target))
	defer server.Close()
	c := newConfig("")
	c.Hosts, c.Protocol, c.Database, c.TLS = []string{server.Listener.Addr().String()}, "http", database, &TLS{}
	wantText(t, openError(t, c), "unknown authority: name its certificate as tls.ca")
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c.TLS.CA = &pipeline.File{Name: "ca.pem", Path: file}
	w := open(t, c)
	if err := w.Send(t.Context(), pipelinetest.Events(0, 3)); err != nil {
		t.Error(err)
	}
	closed(t, w)
	c.TLS.ServerName = "elsewhere.example"
	wantText(t, openError(t, c), "tls.server_name can say which")
	c = newConfig(fmt.Sprintf("https://%s/%s", server.Listener.Addr(), database))
	c.TLS = &TLS{CA: &pipeline.File{Name: "ca.pem", Path: file}}
	closed(t, open(t, c))
}

func TestClosed(t *testing.T) {
	w := open(t, newConfig(clickhouse.Shared(t).Database(t)))
	closed(t, w)
	closed(t, w)
	if err := w.Send(context.Background(), pipelinetest.Events(0, 1)); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("Send after Close\n got %v\nwant an error", err)
	}
}
