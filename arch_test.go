package prickle_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/prickle-dev/prickle"

type pkg struct {
	ImportPath, Name, Doc, Dir         string
	Imports, TestImports, XTestImports []string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Doc,Dir,Imports,TestImports,XTestImports,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		all = append(all, p)
	}
}

// mayImport says what a package (by longest prefix) may import of the module beside its own children and pipeline/rawjson, and why. The
// stages may also import pipeline/measure and pipeline/trace.
var mayImport = map[string]struct {
	packages []string
	reason   string
}{
	"pipeline":              {nil, "the contract knows nothing but itself"},
	"pipeline/rawjson":      {nil, "a leaf"},
	"hog":                   {[]string{"hog"}, "the language knows nothing of events"},
	"configs":               {[]string{"pipeline"}, "the loader hands each component its own part and knows none of them"},
	"sources":               {[]string{"pipeline", "pipeline/httpsend", "sources"}, "a component knows the contract and its helpers"},
	"destinations":          {[]string{"pipeline", "pipeline/httpsend", "pipeline/hogs", "pipeline/exprs", "destinations"}, "a component knows the contract and its helpers"},
	"transforms":            {[]string{"pipeline", "pipeline/hogs", "pipeline/exprs", "transforms"}, "a component knows the contract and its helpers"},
	"transforms/hog":        {[]string{"pipeline", "pipeline/hogs", "hog"}, "it takes the language's limits as its configuration"},
	"pipeline/exprs":        {[]string{"pipeline"}, "expr over events"},
	"pipeline/hogs":         {[]string{"pipeline", "hog"}, "Hog over events"},
	"pipeline/hogcase":      {[]string{"pipeline", "pipeline/hogs", "hog", "configs"}, "tests of Hog programs, which are YAML files"},
	"pipeline/httpsend":     {[]string{"pipeline"}, "for every HTTP destination"},
	"pipeline/bus":          {[]string{"pipeline"}, "everything that knows JetStream"},
	"pipeline/capture":      {[]string{"pipeline"}, "it declares the log that it writes to"},
	"pipeline/webhooks":     {[]string{"pipeline", "pipeline/capture", "pipeline/hogs", "pipeline/exprs", "hog"}, "it makes events for capture to store, by the language's functions and expressions"},
	"pipeline/process":      {[]string{"pipeline", "pipeline/bus", "pipeline/exprs"}, "stage one"},
	"pipeline/profiles":     {[]string{"pipeline", "pipeline/bus"}, "a fold over events into what the bus keeps, and a source of its tables"},
	"pipeline/schema":       {[]string{"pipeline", "pipeline/bus"}, "it counts into what the bus keeps, has a table of it, and a transform that compares with it"},
	"pipeline/replay":       {[]string{"pipeline", "pipeline/bus", "pipeline/process"}, "it takes the log through stage one"},
	"pipeline/versions":     {[]string{"pipeline", "pipeline/bus"}, "it keeps configurations in the bus's state"},
	"pipeline/books":        {[]string{"pipeline", "pipeline/bus"}, "a fold over what the bus keeps"},
	"pipeline/deliver":      {[]string{"pipeline", "pipeline/bus"}, "stage two"},
	"pipeline/ingest":       {[]string{"pipeline"}, "it declares the warehouse that it writes to"},
	"pipeline/control":      {[]string{"pipeline/query"}, "a protocol; app fills it"},
	"pipeline/query":        {[]string{"pipeline"}, "it is given what answers"},
	"pipeline/measure":      {nil, "a leaf, for every stage"},
	"pipeline/trace":        {[]string{"pipeline"}, "spans, for every stage"},
	"pipeline/admin":        {[]string{"pipeline"}, "it is given what it serves"},
	"pipeline/metrics":      {[]string{"pipeline", "pipeline/bus", "pipeline/capture", "pipeline/process", "pipeline/deliver", "pipeline/ingest", "pipeline/books", "pipeline/schema", "pipeline/webhooks", "pipeline/query"}, "it reads what every stage counts"},
	"pipeline/app":          {[]string{"pipeline", "configs"}, "the wiring; it is given the component lists"},
	"pipeline/bench":        {[]string{"pipeline", "configs", "destinations", "transforms", "sources"}, "runs a whole instance"},
	"pipeline/pipelinetest": {[]string{"pipeline"}, "contract suites, for tests only"},
	"cmd/prickle":           {[]string{"pipeline", "configs", "destinations", "transforms", "sources", "hog"}, "the commands"},
}

// exclusively names third-party modules that only some packages may import.
var exclusively = map[string][]string{
	"github.com/nats-io/":                {"pipeline/bus"},
	"github.com/ThreeDotsLabs/watermill": {"pipeline/bus", "pipeline/process"},
	"github.com/expr-lang/expr":          {"pipeline/exprs"},
	"go.yaml.in/yaml":                    {"configs"},
	"github.com/duckdb/":                 {"destinations/duckdb"},
	"github.com/jackc/":                  {"destinations/postgres"},
	"github.com/ClickHouse/":             {"destinations/clickhouse"},
	"github.com/pires/go-proxyproto":     {"pipeline/capture"},
	"golang.org/x/crypto/acme":           {"pipeline/capture"},
	"github.com/slack-go/":               {"destinations/slack"},
	"github.com/stripe/stripe-go":        {"sources/stripe"},
	"github.com/parquet-go/":             {"pipeline/query", "destinations/parquet"},
	"github.com/minio/":                  {"destinations/parquet"},
	"github.com/prometheus/":             {"pipeline/metrics"},
	"go.opentelemetry.io/":               {"pipeline/trace", "pipeline/capture/otlp"},
	"github.com/fsnotify/fsnotify":       {"cmd/prickle"},
	"github.com/spf13/cobra":             {"cmd/prickle"},
	"github.com/schollz/progressbar":     {"cmd/prickle"},
	"github.com/jedib0t/go-pretty":       {"cmd/prickle"},
}

func ruleFor(path string) (rule []string, reason string, ok bool) {
	for p := path; p != "." && p != "/"; p = filepath.Dir(p) {
		if r, found := mayImport[p]; found {
			return r.packages, r.reason, true
		}
	}
	return nil, "", false
}

func within(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

func TestImportRules(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath == "" || p.ImportPath == "test" || within(p.ImportPath, "test") {
			continue
		}
		allowed, reason, ok := ruleFor(p.ImportPath)
		if !ok {
			t.Errorf("%s: no import rule; add one, with a reason, to mayImport", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if inside, ok := strings.CutPrefix(imp, module+"/"); ok {
				checkInside(t, p.ImportPath, inside, allowed, reason)
				continue
			}
			for prefix, owners := range exclusively {
				if strings.HasPrefix(imp, prefix) && !anyWithin(p.ImportPath, owners) {
					t.Errorf("%s imports %s, which belongs to %v alone", p.ImportPath, imp, owners)
				}
			}
		}
	}
}

func checkInside(t *testing.T, from, to string, allowed []string, reason string) {
	t.Helper()
	measuring := (to == "pipeline/measure" || to == "pipeline/trace") && within(from, "pipeline")
	if to == "pipeline/rawjson" || measuring || within(to, from) {
		return
	}
	for _, a := range allowed {
		// "pipeline" alone names the contract; for app, bench, the commands and the test suites it names the whole tree.
		whole := a != "pipeline" || anyWithin(from, []string{"pipeline/app", "pipeline/bench", "cmd/prickle", "pipeline/pipelinetest"})
		if to == a || whole && within(to, a) {
			return
		}
	}
	// Packages of one component or stage may use each other.
	for rule := range mayImport {
		if strings.Count(rule, "/") == 1 && rule != "cmd/prickle" && within(from, rule) && within(to, rule) {
			return
		}
	}
	t.Errorf("%s imports %s: not allowed (%s)", from, to, reason)
}

func anyWithin(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if within(path, p) {
			return true
		}
	}
	return false
}

func TestTestHelpersStayInTests(t *testing.T) {
	for _, p := range packages(t) {
		for _, imp := range p.Imports {
			inside := strings.TrimPrefix(imp, module+"/")
			if testOnly(inside) && !testOnly(p.ImportPath) && !within(p.ImportPath, "test") {
				t.Errorf("%s imports %s outside of its tests", p.ImportPath, inside)
			}
		}
	}
}

func testOnly(path string) bool {
	base := filepath.Base(path)
	return strings.HasSuffix(base, "test") && base != "test" || base == "stripefake"
}

func TestPackagesAreDocumented(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s: no package comment", p.ImportPath)
		}
		switch filepath.Base(p.ImportPath) {
		case "util", "utils", "common", "misc", "types", "helpers", "internal":
			t.Errorf("%s: name the package after what it holds", p.ImportPath)
		}
	}
}

// longFiles may pass 600 lines, for the reason given.
var longFiles = map[string]string{}

func TestFileSizes(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.GoFiles {
			path := filepath.Join(p.Dir, f)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), "\n"); n > 600 && longFiles[p.ImportPath+"/"+f] == "" {
				t.Errorf("%s/%s has %d lines: split it by what it holds", p.ImportPath, f, n)
			}
		}
	}
}
