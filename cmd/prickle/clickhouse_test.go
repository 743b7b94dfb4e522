package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/test/clickhouse"
)

// A project with ClickHouse as its warehouse, from capture to a query.
func TestClickHouseProject(t *testing.T) {
	t.Setenv("CLICKHOUSE_URL", clickhouse.Start(t).Database(t))
	p, dir := sentTwice(t, "clickhouse")
	code, out, errOut := run(t, "query", "-p", dir, "-f", "csv", "SELECT event, distinct_id, browser, JSONExtractInt(properties, 'amount') AS amount FROM events ORDER BY event")
	want := "event,distinct_id,browser,amount\n$pageview,dora,Firefox,0\npurchase,dora,,499\n"
	if code != 0 || out != want {
		t.Errorf("query: exit code %d\n got %s%s\nwant %s", code, out, errOut, want)
	}
	for _, b := range blocks(page(t, "../../docs/warehouse-clickhouse.md")) {
		if b.language != "clickhouse" {
			continue
		}
		if code, _, errOut := run(t, "query", "-p", dir, "--", b.text); code != 0 {
			t.Errorf("docs/warehouse-clickhouse.md: %s\n%s", b.text, errOut)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code after an interrupt\n got %d\nwant 0\n%s", code, p.text())
	}
}

func TestClickHouseMistakes(t *testing.T) {
	for yaml, want := range map[string]string{
		`{clickhouse: {json: on}}`:                                        "want url (clickhouse://user:password@host:9000/database) or hosts",
		`{clickhouse: "mysql://root:hunter2@127.0.0.1/db"}`:               "url: want clickhouse://host:9000/database",
		`{clickhouse: {url: "http://h:8123/db", hosts: ["h:9000"]}}`:      "url: want it alone",
		`{clickhouse: {hosts: [h]}}`:                                      `hosts: want host:port, got "h"`,
		`{clickhouse: {hosts: ["h:1"], json: maybe}}`:                     `json: want auto, on, off, got "maybe"`,
		`{clickhouse: {hosts: ["h:1"], compression: zip}}`:                `compression: want lz4, zstd, none, got "zip"`,
		`{clickhouse: {hosts: ["h:1"], retention: 1h}}`:                   "retention: want at least a day",
		`{clickhouse: {hosts: ["h:1"], pace: 2h}}`:                        "pace: want from 0s to 1m",
		`{clickhouse: {hosts: ["h:1"], cluster: "a b"}}`:                  "cluster: want a name",
		`{clickhouse: {url: "http://h:8123/db", tls: {}}}`:                "tls: the url has no TLS",
		`{clickhouse: {hosts: ["h:1"], tls: {ca: nowhere.pem}}}`:          `nowhere.pem`,
		`{clickhouse: {hosts: ["h:1"], database: db, passwort: hunter2}}`: `unknown key "passwort"`,
	} {
		dir := t.TempDir()
		text := "capture: {keys: [phc_local]}\nwarehouse: " + yaml + "\npipelines: {web: {destinations: [warehouse]}}\n"
		if err := os.WriteFile(filepath.Join(dir, "prickle.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errOut := run(t, "check", dir)
		if code == 0 || !strings.Contains(out+errOut, want) {
			t.Errorf("check of %s\n got %d, %s%s\nwant %s", yaml, code, out, errOut, want)
		}
		if strings.Contains(out+errOut, "hunter2") && !strings.Contains(yaml, "passwort") {
			t.Errorf("check of %s tells the password:\n%s%s", yaml, out, errOut)
		}
	}
}
