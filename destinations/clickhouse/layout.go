package clickhouse

import (
	"fmt"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// layout is how tables are spelled for one server: on its own, or a cluster of replicas and shards. It makes the SQL and runs none.
type layout struct {
	database, cluster string
	json              bool
	retention         time.Duration
}

// localSuffix is that of the part of a table that one shard has. Without a cluster the table __rows has everything.
const localSuffix = "__local"

// table is what a MergeTree table is made of.
type table struct {
	name     string
	columns  []string
	version  string // the column that orders the states of a row; "" for a table that keeps all rows
	order    string
	shard    string // what decides a row's shard; "" for a table that every replica of every shard has
	rest     string // PARTITION BY, PRIMARY KEY and the like
	settings string
}

// deduplicated remembers the tokens of that many inserts, so that one sent again is dropped. Replicated tables do by themselves.
const deduplicated = "non_replicated_deduplication_window = 1000"

// create makes a table and, on a cluster, the table over its shards.
func (l layout) create(t table) []string {
	name := t.name
	if l.sharded(t) {
		name = local(t.name)
	}
	settings := []string{}
	if l.cluster == "" {
		settings = append(settings, deduplicated)
	}
	if t.settings != "" {
		settings = append(settings, t.settings)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s%s\n(\n\t%s\n)\nENGINE = %s\n", identifier(name), l.onCluster(), strings.Join(t.columns, ",\n\t"), l.engine(t))
	if t.rest != "" {
		b.WriteString(t.rest + "\n")
	}
	fmt.Fprintf(&b, "ORDER BY %s", t.order)
	if len(settings) > 0 {
		b.WriteString("\nSETTINGS " + strings.Join(settings, ", "))
	}
	statements := []string{b.String()}
	if l.sharded(t) {
		statements = append(statements, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s%s AS %s\nENGINE = Distributed(%s, %s, %s, %s)",
			identifier(t.name), l.onCluster(), identifier(name), literal(l.cluster), literal(l.database), literal(name), t.shard))
	}
	return statements
}

func (l layout) sharded(t table) bool { return l.cluster != "" && t.shard != "" }

func (l layout) engine(t table) string {
	kind, args := "MergeTree", []string{}
	switch {
	case l.sharded(t):
		args = append(args, literal("/clickhouse/tables/{shard}/"+l.database+"/"+local(t.name)), literal("{replica}"))
	case l.cluster != "": // one set of replicas over the whole cluster
		args = append(args, literal("/clickhouse/tables/"+l.database+"/"+t.name), literal("{shard}-{replica}"))
	}
	if t.version != "" {
		kind = "Replacing" + kind
		args = append(args, t.version)
	}
	if l.cluster != "" {
		kind = "Replicated" + kind
	}
	if len(args) == 0 {
		return kind
	}
	return kind + "(" + strings.Join(args, ", ") + ")"
}

func (l layout) onCluster() string {
	if l.cluster == "" {
		return ""
	}
	return " ON CLUSTER " + identifier(l.cluster)
}

// alter changes a table: on a cluster each shard's part, and the table over them, which knows columns but no indexes or TTL.
func (l layout) alter(name string, columns bool, change string) []string {
	if l.cluster == "" {
		return []string{fmt.Sprintf("ALTER TABLE %s %s", identifier(name), change)}
	}
	statements := []string{fmt.Sprintf("ALTER TABLE %s%s %s", identifier(local(name)), l.onCluster(), change)}
	if columns {
		statements = append(statements, fmt.Sprintf("ALTER TABLE %s%s %s", identifier(name), l.onCluster(), change))
	}
	return statements
}

// view makes a view, or makes it anew.
func (l layout) view(name, query string) string {
	return fmt.Sprintf("CREATE OR REPLACE VIEW %s%s AS\n%s", identifier(name), l.onCluster(), query)
}

// stored is the name of the table that holds a server's part of the rows.
func (l layout) stored(name string) string {
	if l.cluster == "" {
		return name
	}
	return local(name)
}

func local(name string) string { return strings.TrimSuffix(name, "__rows") + localSuffix }

// identifier quotes a name. Unlike in other stores a backslash escapes in it.
func identifier(name string) string { return warehouse.Identifier(strings.ReplaceAll(name, `\`, `\\`)) }

// literal quotes a text.
func literal(text string) string { return warehouse.Literal(strings.ReplaceAll(text, `\`, `\\`)) }
