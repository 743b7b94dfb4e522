package postgres

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/postgres"
)

func TestValidate(t *testing.T) {
	const url = "postgres://user:hunter2@localhost:5432/analytics"
	for want, change := range map[string]func(*Config){
		"<nil>": func(*Config) {},
		"url: want postgres://user@host:5432/database":                            func(c *Config) { c.URL = "" },
		"want postgres://user@host:5432/database; what is special in a password":  func(c *Config) { c.URL = "postgres://user:hunter2%@localhost/analytics" },
		"want postgres://user@host:5432/database; what is special in a password ": func(c *Config) { c.URL = "mysql://user:hunter2@localhost/analytics" },
		"url: want the database's name at its end":                                func(c *Config) { c.URL = "postgres://user:hunter2@localhost" },
		`sslmode "sometimes": want disable, allow, prefer`:                        func(c *Config) { c.URL = url + "?sslmode=sometimes" },
		"a parameter that cannot be used: check the port, and that the files":     func(c *Config) { c.URL = url + "?sslmode=verify-full&sslrootcert=/no/such/file" },
		"schema: want a name of up to 63 bytes":                                   func(c *Config) { c.Schema = strings.Repeat("x", 64) },
		`schema: "pg_mine" belongs to Postgres itself`:                            func(c *Config) { c.Schema = "pg_mine" },
		"connections: want at least 1":                                            func(c *Config) { c.Connections = 0 },
	} {
		c := newConfig(url)
		change(c)
		got := fmt.Sprint(c.Validate())
		if !strings.Contains(got, strings.TrimSpace(want)) {
			t.Errorf("Validate\n got %s\nwant in it %s", got, want)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("the error tells the password: %s", got)
		}
	}
}

func TestMonths(t *testing.T) {
	for text, want := range map[string]string{"13mo": "13", "2y": "24", "1mo": "1", "0mo": "error", "13": "error", "90d": "error", "-1mo": "error", "": "error"} {
		var m Months
		got := "error"
		if m.UnmarshalText([]byte(text)) == nil {
			got = fmt.Sprint(int(m))
		}
		if got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
	var p Protocol
	if err := p.UnmarshalText([]byte("binary")); err == nil || err.Error() != "want extended or simple" {
		t.Errorf("protocol binary\n got %v\nwant an error", err)
	}
}

// The password in the configuration takes the place of the one in the url, and a schema of any name does.
func TestPasswordAndSchema(t *testing.T) {
	dsn := postgres.Database(t)
	user := role(t, dsn)
	postgres.Exec(t, dsn, `CREATE SCHEMA "My ""own"" schema" AUTHORIZATION `+user)
	w := open(t, as(t, dsn, user, "wrong"), func(c *Config) { c.Password, c.Schema = "hunter2", `My "own" schema` })
	defer closed(t, w)
	mustSend(t, w, pipelinetest.Events(0, 3))
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("a", 1, `{"n":1}`))
	if err := w.Compact(t.Context()); err != nil {
		t.Errorf("Compact: %v", err)
	}
	if h, err := w.Health(t.Context()); err != nil || h.Events != 3 {
		t.Errorf("Health\n got %+v, %v\nwant 3 events", h, err)
	}
}

// The queries of the page about this warehouse run, and find something.
func TestDocsQueries(t *testing.T) {
	page, err := os.ReadFile("../../docs/warehouse-postgres.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "## Five queries\n\n```pgsql\n")
	queries, _, _ := strings.Cut(after, "```")
	w := New(*newConfig(postgres.Database(t)), pipeline.Env{Project: pipeline.Project{ID: 1}})
	if err := w.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer closed(t, w)
	events := pipelinetest.Events(0, 4)
	for i := range events {
		events[i].DistinctID = "ada"
		events[i].Properties = pipeline.Properties(`{"plan":"team","amount":499.5,"utm_source":"newsletter"}`)
		events[i].Timestamp = w.now().Add(-1e9)
	}
	events[0].Name, events[0].Timestamp = "$pageview", w.now().Add(-60e9)
	mustSend(t, w, events)
	n := 0
	for query := range strings.SplitSeq(strings.TrimSpace(queries), "\n\n") {
		n++
		if got := pipelinetest.Table(t, w, query); len(got) == 0 {
			t.Errorf("%s\n got no rows\nwant some", query)
		}
	}
	if n != 5 {
		t.Errorf("queries on the page\n got %d\nwant 5", n)
	}
}
