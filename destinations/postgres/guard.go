package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

var errNotARead = errors.New("want exactly one statement that reads: SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW")

// calls are the names in a statement that may be functions'.
type calls struct {
	made       []string // function(...)
	attributes []string // (value).function, or a column
}

// checkStatement refuses what cannot be a query by its words alone, and returns the names of the functions that it calls. What writes to tables
// is refused by the server, since the transaction is read-only.
func checkStatement(sql string) (c calls, err error) {
	found, err := words(sql)
	if err != nil {
		return c, err
	}
	for i, skipping := 0, true; skipping; i++ {
		if i >= len(found) || found[i].quoted {
			return c, errNotARead
		}
		switch found[i].text {
		case "select", "with", "values", "table", "show":
			skipping = false
		case "explain", "analyze", "verbose", "costs", "buffers", "settings", "wal", "timing", "summary", "format", "generic_plan",
			"true", "false", "on", "off", "text", "json", "yaml", "xml":
			if i == 0 && found[i].text != "explain" {
				return c, errNotARead
			}
		default:
			return c, errNotARead
		}
	}
	for _, w := range found {
		if isSecret(w.text) || (w.call || w.attribute) && runsText(w.text) {
			return c, fmt.Errorf("%s is not allowed", w.text)
		}
		switch {
		case w.call:
			c.made = append(c.made, w.text)
		case w.attribute:
			c.attributes = append(c.attributes, w.text)
		}
	}
	for _, list := range []*[]string{&c.made, &c.attributes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return c, nil
}

// isSecret knows the relations that hold passwords or the server's configuration.
func isSecret(name string) bool {
	switch name {
	case "pg_authid", "pg_shadow", "pg_user_mapping", "pg_user_mappings", "_pg_user_mappings", "user_mapping_options", "pg_foreign_server", "_pg_foreign_servers", "foreign_server_options",
		"pg_subscription", "pg_largeobject", "pg_file_settings", "pg_hba_file_rules", "pg_ident_file_mappings", "pg_config":
		return true
	}
	return false
}

// runsText knows the functions of Postgres and its own extensions that run SQL, or read a relation, given as text and are not always declared
// volatile, as those of checkCalls are.
func runsText(name string) bool {
	return strings.HasSuffix(name, "_to_xml") || strings.HasSuffix(name, "_to_xml_and_xmlschema") || strings.HasPrefix(name, "dblink") || strings.HasPrefix(name, "crosstab") || name == "connectby" || name == "xpath_table"
}

// withoutEffect are the functions that Postgres declares volatile, which is what may have an effect, and that have none.
var withoutEffect = []string{
	"random", "gen_random_uuid", "clock_timestamp", "timeofday", "pg_relation_size", "pg_table_size", "pg_indexes_size", "pg_total_relation_size",
	"pg_database_size", "pg_schema_size", "pg_tablespace_size", "pg_partition_tree", "pg_partition_ancestors", "pg_column_compression",
}

// checkCalls refuses functions that may have effects: those that the server knows under one of these names and that are volatile. A read-only
// transaction lets them run: they read files, end sessions, take locks, run SQL given as text. An attribute may be a column, so of those only what the server
// would call counts: a function that is found without its schema, and takes one value.
func (t *tx) checkCalls(ctx context.Context, c calls) error {
	if len(c.made)+len(c.attributes) == 0 {
		return nil
	}
	results, err := t.conn.Conn().PgConn().Exec(ctx, "SELECT proname FROM pg_catalog.pg_proc WHERE provolatile = 'v' AND prokind <> 'p' AND (proname IN ("+literals(c.made)+
		") OR proname IN ("+literals(c.attributes)+") AND pg_catalog.pg_function_is_visible(oid) AND pronargs >= 1 AND pronargs - pronargdefaults <= 1"+
		" AND NOT 'pg_catalog.internal'::pg_catalog.regtype::oid = ANY (proargtypes)) ORDER BY proname").ReadAll()
	if err != nil {
		return err
	}
	for _, row := range results[0].Rows {
		if name := string(row[0]); !slices.Contains(withoutEffect, name) {
			return fmt.Errorf("the function %s is not allowed: it may do more than read", name)
		}
	}
	return nil
}

// literals are names for an IN, NULL for none.
func literals(names []string) string {
	if len(names) == 0 {
		return "NULL"
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = warehouse.Literal(name)
	}
	return strings.Join(quoted, ",")
}
