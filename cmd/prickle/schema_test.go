package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/test/clickhouse"
	"github.com/prickle-dev/prickle/test/postgres"
)

const schemaProject = `
capture: {listen: "127.0.0.1:0", keys: [k]}
schema: {every: 100ms}
profiles: {every: 100ms}
contracts:
  unlisted: reject
  events:
    buy:
      on_violation: quarantine
      properties: {amount: {type: number, required: true}}
    see:
      properties: {path: string}
pipelines:
  main:
    transforms: [{drop_properties: [event.properties.secret]}]
    destinations: [warehouse]
`

// What comes out of the transforms and keeps the contract is in the table properties; what does not is marked, dead or dropped, and everything that
// tells of events tells so. What was seen makes contracts that a project takes.
func TestSchema(t *testing.T) {
	dir := project(t, map[string]string{"prickle.yaml": schemaProject})
	p := startUnwatched(t, dir)
	dead := uuid.NewString()
	var events []string
	for i := range 25 {
		events = append(events, fmt.Sprintf(`{"event":"buy","distinct_id":"u%d","properties":{"amount":%d,"secret":"s"}}`, i, i))
	}
	events = append(events,
		fmt.Sprintf(`{"event":"buy","uuid":%q,"distinct_id":"a","properties":{"amount":"hunter2"}}`, dead),
		`{"event":"see","distinct_id":"a","properties":{"path":null}}`, `{"event":"see","distinct_id":"b","properties":{"path":7}}`,
		`{"event":"other","distinct_id":"a"}`)
	if status := post(t.Context(), p.url+"/batch/", `{"api_key":"k","batch":[`+strings.Join(events, ",")+`]}`); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	main := p.settled().Pipelines[0]
	if main.In != 29 || main.Passed != 27 || main.Dead != 1 || main.Dropped != 1 {
		t.Errorf("%+v", main)
	}
	contains(t, "status", p.command("status"), "violations of contracts: 1 warned of, 1 quarantined, 1 rejected")
	contains(t, "explain", p.explained(dead), "dead (contract.violation)", `    contract: failed: transform "contract": event "buy": property "amount": want number, got string`)
	contains(t, "status after explain, which counts nothing", p.command("status"), "1 warned of, 1 quarantined, 1 rejected")
	letters := p.command("dead", "list")
	if contains(t, "dead letters", letters, "contract.violation"); strings.Contains(letters, "hunter2") {
		t.Errorf("a value is shown\n%s", letters)
	}
	const all = "SELECT event, property, type, count, event_count, null_share FROM properties WHERE property NOT LIKE '$geo%' AND property NOT LIKE '$lib%' AND property <> '$ip' ORDER BY ALL"
	want := "[buy amount integer 25 25 0]\n[see $contract_violations array 1 2 0]\n[see path integer 2 2 0.5]\n"
	poll(t, "the table is complete", func() (bool, string) {
		var got strings.Builder
		for _, row := range p.query(all) {
			fmt.Fprintln(&got, row)
		}
		return got.String() == want, got.String()
	})
	contains(t, "schema show", p.command("schema", "show", "--event", "see", "-f", "csv"), "see,path,integer,2,2,0.5,")
	if text := p.command("schema", "show", "--since", "2100-01-01", "-f", "json"); text != "" {
		t.Errorf("last seen after 2100: %s", text)
	}
	inferred := p.command("schema", "infer")
	contains(t, "schema infer", inferred, "amount: {type: integer, required: true}\n", "    see: # seen 2 times\n      properties:\n        path: integer\n")
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
	if again := p.command("schema", "infer"); again != inferred {
		t.Errorf("without a process\n%s", again)
	}
	other := project(t, map[string]string{"contracts.yaml": inferred, "prickle.yaml": `
include: [contracts.yaml]
capture: {keys: [k]}
pipelines: {main: {destinations: [warehouse]}}
`})
	if code, out, errOut := run(t, "check", other); code != 0 {
		t.Errorf("check: exit code %d\n%s%s\n%s", code, out, errOut, inferred)
	}
}

// The other warehouses have the table as well, and answer alike.
func TestSchemaServers(t *testing.T) {
	for name, start := range map[string]func(*testing.T) string{
		"postgres":   func(t *testing.T) string { return postgres.Start(t).Database(t) },
		"clickhouse": func(t *testing.T) string { return clickhouse.Start(t).Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("WAREHOUSE_URL", start(t))
			p := startUnwatched(t, project(t, map[string]string{"prickle.yaml": schemaProject + "warehouse: {" + name + ": {url: '${WAREHOUSE_URL}'}}\n"}))
			for i := range 2 { // the second flush changes rows
				body := fmt.Sprintf(`{"api_key":"k","event":"see","distinct_id":"a","properties":{"path":"p%d","deep":{"a":1},"none":null}}`, i)
				if status := post(t.Context(), p.url+"/capture/", body); status != http.StatusOK {
					t.Fatalf("status %d", status)
				}
				want := fmt.Sprintf("see,deep,object,%[1]d,%[1]d,0,\nsee,none,null,%[1]d,%[1]d,1,\nsee,path,string,%[1]d,%[1]d,0,p%[2]d\n", i+1, i)
				poll(t, "the table is complete", func() (bool, string) {
					if _, _, failed := run(t, "query", "-p", p.dir, "SELECT 1 FROM properties"); failed != "" {
						return false, failed // there is no table yet
					}
					got := p.command("query", "-f", "csv", "SELECT event, property, type, count, event_count, null_share, sample FROM properties WHERE property IN ('path', 'deep', 'none') ORDER BY property")
					got = strings.ReplaceAll(got, `{"a":1}`, "")
					got = strings.ReplaceAll(got, `"{""a"":1}"`, "")
					return strings.HasSuffix(got, want), got
				})
			}
			contains(t, "schema show", p.command("schema", "show", "--event", "see", "--since", "1h", "-f", "csv"), "see,path,string,2,2,0,")
			contains(t, "schema infer", p.command("schema", "infer"), "        deep: object\n        none: any\n        path: string\n")
		})
	}
}

// A transform cannot have the name of the contracts' step.
func TestContractName(t *testing.T) {
	dir := project(t, map[string]string{"prickle.yaml": strings.Replace(schemaProject, "[{drop", "[{name: contract, drop", 1)})
	code, _, errOut := run(t, "check", dir)
	if code == 0 || !strings.Contains(errOut, `transform "contract" has the name of the step that holds events to the contracts`) {
		t.Errorf("exit code %d\n%s", code, errOut)
	}
}
