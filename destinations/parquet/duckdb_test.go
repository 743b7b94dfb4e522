package parquet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/destinations/duckdb"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// shown opens a DuckDB that shows lakes.
func shown(t *testing.T, path string, lakes map[string]string, files ...string) *duckdb.Warehouse {
	t.Helper()
	config := *duckdb.Spec.NewConfig().(*duckdb.Config)
	config.Path, config.Lakes, config.Files = path, lakes, files
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	w := duckdb.New(config, pipeline.Env{Project: pipeline.Project{ID: 1}})
	if err := w.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// DuckDB reads a lake beside its own events: the same rows, each once, whatever is in the files.
func TestDuckDBReadsTheLake(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	root, file := filepath.Join(dir, "lake"), filepath.Join(dir, "w.duckdb")
	w := shown(t, file, map[string]string{"events_lake": root})
	if got := pipelinetest.Table(t, w, "SELECT count(*) FROM events_lake"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("a lake that nobody has written to has %s rows", got)
	}
	l := opened(t, Config{Path: root}, c)
	events := spread(pipelinetest.Events(0, 60), 20)
	events[7].Properties = pipeline.Properties(`{"$browser":"Chrome","$groups":{"company":"é"},"list":[1.10]}`)
	send(t, l, events)
	if err := l.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	send(t, l, events[30:50]) // again: these are in the files twice
	if err := w.Send(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if got := pipelinetest.Table(t, w, "SELECT count(*) FROM events_lake__all"); !slices.Equal(got, []string{"140"}) { // and the pieces that were absorbed
		t.Errorf("all files have %s rows\nwant 140", got)
	}
	for _, columns := range []string{"* EXCLUDE inserted_at", "typeof(COLUMNS(*))"} {
		query := "SELECT " + columns + " FROM %s ORDER BY uuid"
		want := pipelinetest.Table(t, w, strings.Replace(query, "%s", "events", 1))
		got := pipelinetest.Table(t, w, strings.Replace(query, "%s", "events_lake", 1))
		if diff := cmp.Diff(want, got); diff != "" || len(got) != 60 {
			t.Errorf("%s: %d rows (-warehouse +lake)\n%.3000s", columns, len(got), diff)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = shown(t, file, nil) // which forgets the view
	defer w.Close()
	if rows, err := w.Query(t.Context(), "SELECT * FROM events_lake"); err == nil {
		rows.Close()
		t.Error("a lake that is configured no more is still shown")
	}
}

// A query reads files in the folders given and in no others.
func TestDuckDBFiles(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"open", "closed", "open-not"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, folder, "x.csv"), []byte("n\n7\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "closed"), filepath.Join(dir, "open", "link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		files []string
		query string
		reads bool
	}{
		{[]string{dir + "/open"}, "SELECT n FROM read_csv('" + dir + "/open/x.csv')", true},
		{[]string{dir + "/open"}, "SELECT n FROM '" + dir + "/open/*.csv'", true},
		{[]string{dir + "/open"}, "SELECT n FROM read_csv('" + dir + "/closed/x.csv')", false},
		{[]string{dir + "/open"}, "SELECT n FROM read_csv('" + dir + "/open/../closed/x.csv')", false},
		{[]string{dir + "/open"}, "SELECT n FROM read_csv('" + dir + "/open-not/x.csv')", false},
		{[]string{dir + "/open"}, "SELECT n FROM read_csv('" + dir + "/open/link/x.csv')", false},
		{[]string{dir + "/open"}, "SELECT n FROM '" + dir + "/closed/x.csv'", false},
		{[]string{dir + "/open"}, "SELECT * FROM glob('" + dir + "/closed/*')", false},
		{[]string{dir + "/open"}, "SELECT content AS n FROM read_text('" + dir + "/open/x.csv')", false},
		{[]string{dir + "/open"}, "COPY (SELECT 1) TO '" + dir + "/open/y.csv'", false},
		{nil, "SELECT n FROM read_csv('" + dir + "/open/x.csv')", false},
		{nil, "SELECT n FROM '" + dir + "/open/x.csv'", false},
	} {
		w := shown(t, filepath.Join(t.TempDir(), "w.duckdb"), nil, c.files...)
		rows, err := w.Query(t.Context(), c.query)
		if (err == nil) != c.reads {
			t.Errorf("files %q: %s\n got %v\nwant that it reads: %t", c.files, c.query, err, c.reads)
		}
		if err == nil {
			values, err := rows.Next()
			if err != nil || values[0] != int64(7) {
				t.Errorf("%s: %v, %v", c.query, values, err)
			}
			rows.Close()
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
