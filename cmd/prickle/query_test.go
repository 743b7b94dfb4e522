package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline/query"
)

const queryProject = `capture: {listen: 127.0.0.1:0, keys: [phc_test]}
pipelines: {web: {destinations: [warehouse]}}
`

// asked is a project that has run and captured a purchase of dora and one of "1".
func asked(t *testing.T) *instance {
	t.Helper()
	p := start(t, project(t, map[string]string{
		"prickle.yaml": queryProject, "plan.sql": "SELECT distinct_id, properties->>'$.plan' AS plan FROM events\nWHERE distinct_id = $1", "empty.sql": " \n",
	}))
	body := `{"api_key":"phc_test","batch":[
		{"event":"purchase","distinct_id":"dora","timestamp":"2026-08-20T10:00:00Z","properties":{"plan":"pro"}},
		{"event":"purchase","distinct_id":"1","timestamp":"2026-08-20T10:00:01Z","properties":{"plan":"team"}}]}`
	if status := post(t.Context(), p.url+"/batch/", body); status != http.StatusOK {
		t.Fatalf("capture answered %d", status)
	}
	p.settled()
	return p
}

func TestQueryCommand(t *testing.T) {
	p := asked(t)
	for _, running := range []bool{true, false} {
		if !running {
			p.stop()
		}
		for _, c := range []struct {
			args             []string
			in, want, errHas string
		}{
			{args: []string{"-f", "csv", "SELECT distinct_id FROM events ORDER BY 1"}, want: "distinct_id\n1\ndora\n"},
			{args: []string{"-f", "json", "--param", "dora", "--file", "plan.sql"}, want: `{"distinct_id":"dora","plan":"pro"}` + "\n"},
			{args: []string{"-f", "json", "--param", `"1"`, "--file", "-"}, in: "SELECT event FROM events WHERE distinct_id = ?", want: `{"event":"purchase"}` + "\n"},
			{args: []string{"-f", "json", "--param", "2=5", "--param", "1=2", "SELECT $2 - $1 AS n"}, want: `{"n":3}` + "\n"},
			{args: []string{"-f", "json", "--param", "2026-08-20T10:00:01Z", "SELECT distinct_id FROM events WHERE timestamp >= ?"}, want: `{"distinct_id":"1"}` + "\n"},
			{args: []string{"-f", "csv", "--limit", "2", "SELECT * FROM range(10)"}, want: "range\n0\n1\n"},
			{args: []string{"-f", "csv", "--timing", "SELECT * FROM range(2)"}, want: "range\n0\n1\n", errHas: "2 rows, the first after "},
			{args: []string{"SELECT 1 AS one"}, want: "┌─────┐\n│ one │\n├─────┤\n│ 1   │\n└─────┘\n1 row\n"},
			{args: []string{"--timeout", "30ms", "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range % 7 = b.range % 5"}, errHas: "longer than 30ms (--timeout)"},
			{args: []string{"--param", "1", "SELECT 1"}, errHas: "0 parameters, and 1 values"},
			{args: []string{"SELECT $1"}, errHas: "1 parameters, and 0 values"},
			{args: []string{"--file", "empty.sql"}, errHas: "there is no SQL"},
			{args: []string{"--file", "none.sql"}, errHas: "none.sql"},
			{args: []string{"--file", "plan.sql", "SELECT 1"}, errHas: "usage: prickle query SQL"},
			{args: []string{}, errHas: "usage: prickle query SQL"},
			{args: []string{"-f", "xml", "SELECT 1"}, errHas: "use table, json, csv or parquet"},
			{args: []string{"--limit", "-1", "SELECT 1"}, errHas: "--limit -1"},
			{args: []string{"--param", "1=5", "--param", "6", "SELECT 1"}, errHas: "their numbers"},
			{args: []string{"--param", "2=5", "SELECT 1"}, errHas: "1 values for 2"},
			{args: []string{"DELETE FROM events"}, errHas: "one statement that reads"},
		} {
			out, said := p.ask(c.in, c.args...)
			if out != c.want || !strings.Contains(said, c.errHas) || c.errHas == "" && said != "" {
				t.Errorf("running %t: query %q\n got %q and %q\nwant %q and %q", running, c.args, out, said, c.want, c.errHas)
			}
		}
	}
}

// ask runs `prickle query` in the project's folder and returns what it prints and what it says.
func (p *instance) ask(in string, args ...string) (printed, said string) {
	p.t.Helper()
	p.t.Chdir(p.dir)
	var out, errOut strings.Builder
	execute(p.t.Context(), append([]string{"query"}, args...), streams{in: strings.NewReader(in), out: &out, err: &errOut})
	return out.String(), errOut.String()
}

func TestQueryOut(t *testing.T) {
	p := asked(t)
	path := filepath.Join(p.dir, "out.parquet")
	sql := "SELECT uuid, distinct_id, timestamp, properties, count(*) OVER () AS n FROM events ORDER BY timestamp"
	if out, said := p.ask("", "--out", path, sql); out != "" || said != "" {
		t.Fatalf("printed %q and said %q", out, said)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(text), "PAR1") || !strings.HasSuffix(string(text), "PAR1") {
		t.Fatalf("no Parquet: %.20q, %v", text, err)
	}
	if piped, said := p.ask("", "--format", "parquet", sql); piped != string(text) || said != "" {
		t.Errorf("standard output has %d bytes, the file %d; said %q", len(piped), len(text), said)
	}
	for _, failing := range []string{"SELECT nothing FROM events", "SELECT 'x'::BIGINT FROM events"} {
		if _, said := p.ask("", "--out", path, failing); said == "" {
			t.Errorf("%s: no error", failing)
		}
	}
	if again, err := os.ReadFile(path); err != nil || string(again) != string(text) {
		t.Errorf("a query that failed has changed the file: %v", err)
	}
	if parts, err := filepath.Glob(filepath.Join(p.dir, ".out*")); err != nil || len(parts) > 0 {
		t.Errorf("left behind: %q, %v", parts, err)
	}
	if _, said := p.ask("", "--out", filepath.Join(p.dir, "no", "where.csv"), sql); !strings.Contains(said, "--out") {
		t.Errorf("a folder that is not there\n got %q", said)
	}
}

func TestParseParams(t *testing.T) {
	got, err := parseParams([]string{"2=a=b", "1==5", "3=null"})
	if diff := cmp.Diff(query.Params{"=5", "a=b", nil}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if got, err := parseParams([]string{"a=b", "=1"}); err != nil || len(got) != 2 || got[0] != "a=b" {
		t.Errorf("values with equals signs\n got %v, %v", got, err)
	}
	for _, bad := range [][]string{{"0=x"}, {"1=x", "1=y"}, {"1001=x"}, {"x", "1=y"}} {
		if _, err := parseParams(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
