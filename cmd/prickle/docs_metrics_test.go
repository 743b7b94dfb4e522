package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/metrics"
	"go.yaml.in/yaml/v4"
)

// docs/metrics.md is made of the metrics themselves; -update rewrites it.
func TestDocsMetrics(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Metrics\n\nMade from the metrics themselves by `go test ./cmd/prickle -run TestDocsMetrics -update`. [Monitoring](monitoring.md) says where they are served.\n" +
		"A histogram has the further names `_bucket`, `_sum` and `_count`.\n\n| name | type | labels | what it tells |\n| --- | --- | --- | --- |\n")
	for _, f := range metrics.Families() {
		labels := make([]string, len(f.Labels))
		for i, l := range f.Labels {
			labels[i] = "`" + l + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, strings.Join(labels, ", "), f.Help)
	}
	golden(t, docs+"metrics.md", b.String())
}

// What the documentation and the example's alerts look at is there.
func TestDocsMetricNames(t *testing.T) {
	known := map[string]bool{}
	for _, f := range metrics.Families() {
		known[f.Name] = true
		if f.Type == "histogram" {
			known[f.Name+"_bucket"], known[f.Name+"_sum"], known[f.Name+"_count"] = true, true, true
		}
	}
	n := 0
	for _, path := range append(pages(t), "../../configs/examples/monitoring/alerts.yml") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\bprickle_(capture|webhook|bus|process|deliver|files|ingest|dead|books|query)_\w+`).FindAllString(string(text), -1) {
			n++
			if !known[name] && name != "prickle_deliver" {
				t.Errorf("%s: there is no metric %s", path, name)
			}
		}
	}
	if n < 70 {
		t.Errorf("only %d names found", n)
	}
}

// The alerts are rules as Prometheus has them. Their expressions are not parsed: its parser comes with all of Prometheus.
func TestExampleAlerts(t *testing.T) {
	text, err := os.ReadFile("../../configs/examples/monitoring/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For string
				Annotations      map[string]string
			}
		}
	}
	if err := yaml.Load(text, &file, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	if len(file.Groups) != 1 || len(file.Groups[0].Rules) < 8 {
		t.Fatalf("rules: %+v", file)
	}
	for _, r := range file.Groups[0].Rules {
		if r.Alert == "" || r.Expr == "" || r.Annotations["summary"] == "" || strings.Count(r.Expr, "(") != strings.Count(r.Expr, ")") {
			t.Errorf("rule %+v", r)
		}
	}
}
