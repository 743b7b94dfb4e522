package main

import (
	"strings"
	"testing"
)

const lakeProject = `
capture: {listen: "127.0.0.1:0", keys: [k]}
admin: {listen: "127.0.0.1:0"}
warehouse:
  duckdb: {lakes: {lake: data/lake}}
pipelines:
  main:
    destinations:
      - warehouse
      - parquet: {path: data/lake, retention: 400d}
      - duckdb: {name: second, path: data/second.duckdb}
`

// A lake is looked after as warehouses are: its status, compaction and erasures, with a running process and without, and its metrics.
func TestLakeIsAStore(t *testing.T) {
	dir := project(t, map[string]string{"prickle.yaml": lakeProject})
	p := start(t, dir)
	p.captures(`{"event":"page","distinct_id":"ann"}`, `{"event":"page","distinct_id":"bob"}`, `{"event":"page","distinct_id":"ann"}`)
	p.settled()
	p.stored("3", "SELECT count(*) FROM lake")
	status := func(out, events string) {
		t.Helper()
		for _, line := range strings.Split(out, "\n") {
			if strings.Contains(line, `"parquet" of pipeline "main"`) && strings.Contains(line, "Parquet") && strings.Contains(line, events) {
				return
			}
		}
		t.Errorf("warehouse status\n got %s\nwant the lake with %s events", out, events)
	}
	status(p.command("warehouse", "status"), " 3 ")
	written := func() (rows, waiting float64) {
		m, _ := scrape(t, p.admin())
		return value(m, "prickle_files_rows_total", "destination", "parquet"), value(m, "prickle_files_waiting", "pipeline", "main")
	}
	if rows, waiting := written(); rows != 3 || waiting == 0 {
		t.Errorf("metrics\n got %v rows, %v files that wait\nwant 3 rows, and a file", rows, waiting)
	}
	p.command("warehouse", "compact")
	if rows, waiting := written(); rows != 6 || waiting != 0 {
		t.Errorf("metrics after a compaction\n got %v rows, %v files that wait\nwant 3 more rows, and nothing", rows, waiting)
	}
	out := p.command("erase", "--person", "ann", "--yes")
	for _, want := range []string{"checked: nothing is left", `destination "parquet" of pipeline "main": 2 events erased`} {
		if !strings.Contains(out, want) {
			t.Errorf("erase\n got %s\nwant %s", out, want)
		}
	}
	p.stored("bob", "SELECT string_agg(distinct_id, ' ') FROM lake__all")
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
	for _, command := range []string{"compact", "status"} {
		code, out, errOut := run(t, "warehouse", command, "-p", dir)
		if code != 0 {
			t.Errorf("warehouse %s without a process: exit code %d\n%s%s", command, code, out, errOut)
		}
		if command == "status" {
			status(out, " 1 ")
		}
	}
}
