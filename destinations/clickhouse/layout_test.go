package clickhouse

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The SQL that makes tables, alters them and makes views, on one server and on a cluster.
func TestLayout(t *testing.T) {
	stream := &warehouse.Table{Name: "shop_items"}
	for _, c := range []warehouse.Column{{Name: "id", Field: "id", Type: pipeline.String}, {Name: "it_s", Field: "it's", Type: pipeline.JSON}} {
		stream.Add(c)
	}
	persons := &warehouse.Table{Name: warehouse.PersonIDs}
	for _, c := range []string{"distinct_id", "person_id"} {
		persons.Add(warehouse.Column{Name: c, Field: c, Type: pipeline.String})
	}
	for name, l := range map[string]layout{
		"single":  {database: "analytics"},
		"json":    {database: "analytics", json: true, retention: 730 * 24 * time.Hour},
		"cluster": {database: "analytics", cluster: "main", json: true, retention: 30 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			statements := l.create(migrationsTable)
			for _, m := range migrations {
				statements = append(statements, m(l)...)
			}
			statements = append(statements, l.view(eventsView, l.eventsQuery()))
			statements = append(statements, l.create(definition(stream))...)
			statements = append(statements, l.alter(stream.Rows(), true, "ADD COLUMN IF NOT EXISTS "+fieldDefinition(stream.Columns[1]))...)
			statements = append(statements, l.alter(eventsRows, false, "MODIFY TTL "+l.ttl())...)
			statements = append(statements, l.views(stream)...)
			statements = append(statements, l.views(persons)...)
			statements = append(statements, l.findPast(stream.Rows(), "hash", "(past)"), l.delete(stream.Rows(), "hash", []string{"A1", "B2"}))
			golden(t, name+".sql", strings.Join(statements, ";\n\n")+";\n")
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
