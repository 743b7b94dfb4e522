package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// mark is the comment by which our relations are known. One without it was made by somebody else.
const mark = "made by prickle"

// lastOfAll and lastOfLive are the columns behind those of the data.
var (
	lastOfAll  = []string{"_sync_key", "_sync_version", "_sync_at", "_sync_deleted", "_sync_deleted_at", "_sync_hash", "_sync_extra", "_sync_raw"}
	lastOfLive = []string{"_sync_key", "_sync_at", "_sync_extra"}
)

// view is one of the views of a stream's table.
type view struct {
	name, condition string
	last            []string
	query           string // in place of the table's columns
	exists          bool
}

func viewsOf(table *warehouse.Table) []view {
	views := []view{
		{name: table.All(), last: lastOfAll},
		{name: table.Name, condition: " WHERE NOT _sync_deleted", last: lastOfLive},
	}
	if table.HasPersons() {
		views = append(views, view{name: warehouse.EventsByPerson, query: eventsByPerson(table)})
	}
	return views
}

// eventsByPerson shows events with the persons that they belong to now.
func eventsByPerson(ids *warehouse.Table) string {
	columns := make([]string, len(eventColumns))
	for i, name := range eventColumns {
		columns[i] = "e." + warehouse.Identifier(name)
		if name == "person_id" {
			columns[i] = "coalesce(m.person_id::uuid, e.person_id) AS person_id"
		}
	}
	return fmt.Sprintf("SELECT %s FROM events AS e LEFT JOIN %s AS m ON m.distinct_id = e.distinct_id",
		strings.Join(columns, ", "), warehouse.Identifier(ids.Name))
}

// inspectViews looks which of the views are there, and fails when one is not ours.
func (t *tx) inspectViews(ctx context.Context, table *warehouse.Table) ([]view, error) {
	views := viewsOf(table)
	for i := range views {
		v := &views[i]
		found, err := t.column(ctx, `SELECT c.relkind::text || coalesce(obj_description(c.oid, 'pg_class'), '') FROM pg_catalog.pg_class AS c
			WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relname = `+warehouse.Literal(v.name))
		if err != nil {
			return nil, err
		}
		if v.exists = len(found) > 0; v.exists && found[0] != "v"+mark {
			return nil, fmt.Errorf("%s is not the view that prickle made: rename what you made (ALTER TABLE %s RENAME TO …), and the view is made again",
				warehouse.Identifier(v.name), warehouse.Identifier(v.name))
		}
	}
	return views, nil
}

// dropViews drops the views, so that columns can change their type. What others have granted on them is returned as statements.
func (t *tx) dropViews(ctx context.Context, views []view) (grants []string, err error) {
	for i := len(views) - 1; i >= 0; i-- {
		v := &views[i]
		if !v.exists {
			continue
		}
		given, err := t.column(ctx, fmt.Sprintf(`SELECT format('GRANT %%s ON %%I TO %%s%%s', a.privilege_type, c.relname,
			CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
			FROM pg_catalog.pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = %s::regclass AND a.grantee <> c.relowner`, warehouse.Literal(warehouse.Identifier(v.name))))
		if err != nil {
			return nil, err
		}
		grants = append(grants, given...)
		if err := t.exec(ctx, "DROP VIEW "+warehouse.Identifier(v.name)); err != nil {
			return nil, dependent(err)
		}
		v.exists = false
	}
	return grants, nil
}

// dependent names the views of others that are in the way.
func dependent(err error) error {
	var fault *pgconn.PgError
	if !errors.As(err, &fault) || fault.Code != "2BP01" {
		return err
	}
	return fmt.Errorf("%w (%s): a column has to change its type; drop that view, and make it again after the next sync", err, strings.ReplaceAll(fault.Detail, "\n", "; "))
}

// makeViews makes the views with the columns of the data in their order.
func (t *tx) makeViews(ctx context.Context, table *warehouse.Table, views []view, grants []string) error {
	var statements []string
	for _, v := range views {
		statements = append(statements, v.create(table, v.columns(table)))
	}
	return t.exec(ctx, strings.Join(append(statements, grants...), "; "))
}

// columns are those of the data, then ours.
func (v *view) columns(table *warehouse.Table) []string {
	names := make([]string, 0, len(table.Columns)+len(v.last))
	for _, c := range table.Columns {
		names = append(names, c.Name)
	}
	return append(names, v.last...)
}

func (v *view) create(table *warehouse.Table, columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = warehouse.Identifier(c)
	}
	query := v.query
	if query == "" {
		query = fmt.Sprintf("SELECT %s FROM %s%s", strings.Join(quoted, ", "), warehouse.Identifier(table.Rows()), v.condition)
	}
	return fmt.Sprintf("CREATE OR REPLACE VIEW %[1]s AS %[2]s; COMMENT ON VIEW %[1]s IS %[3]s", warehouse.Identifier(v.name), query, warehouse.Literal(mark))
}

// remakeViews makes the views anew after columns were added. Where views of others stand on them they cannot be dropped; then the new columns come
// last.
func (t *tx) remakeViews(ctx context.Context, table *warehouse.Table, views []view) error {
	if err := t.exec(ctx, "SAVEPOINT views"); err != nil {
		return err
	}
	before := append([]view(nil), views...)
	grants, err := t.dropViews(ctx, views)
	if err == nil {
		return t.makeViews(ctx, table, views, grants)
	}
	if code(err) != "2BP01" {
		return err
	}
	if err := t.exec(ctx, "ROLLBACK TO SAVEPOINT views"); err != nil {
		return err
	}
	for _, v := range before {
		if err := t.extendView(ctx, table, v); err != nil {
			return err
		}
	}
	return nil
}

// extendView adds what is missing in a view behind its last column.
func (t *tx) extendView(ctx context.Context, table *warehouse.Table, v view) error {
	if v.query != "" {
		return t.exec(ctx, v.create(table, nil))
	}
	have, err := t.column(ctx, "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = "+warehouse.Literal(warehouse.Identifier(v.name))+"::regclass AND attnum > 0 ORDER BY attnum")
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, c := range have {
		known[c] = true
	}
	for _, c := range v.columns(table) {
		if !known[c] {
			have = append(have, c)
		}
	}
	return t.exec(ctx, v.create(table, have))
}
