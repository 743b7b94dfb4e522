package postgres

import (
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// insertStatement inserts the keys that are new and not past their retention, and returns how many of them are alive and how many are tombstones.
func insertStatement(stage string, table *warehouse.Table) string {
	var names, values strings.Builder
	for i, c := range table.Columns {
		fmt.Fprintf(&names, ", %s", warehouse.Identifier(c.Name))
		fmt.Fprintf(&values, ", %s", staged(i, c))
	}
	return fmt.Sprintf(`
		WITH new AS (
			INSERT INTO %s (_sync_key, _sync_version, _sync_at, _sync_deleted, _sync_deleted_at, _sync_hash, _sync_extra, _sync_raw%s)
			SELECT s.key, s.version, s.read_at, s.deleted, s.deleted_at, s.hash, s.extra, s.raw%s FROM %s AS s WHERE NOT s.past
			ON CONFLICT (_sync_key) DO NOTHING RETURNING _sync_deleted
		) SELECT count(*) FILTER (WHERE NOT _sync_deleted), count(*) FILTER (WHERE _sync_deleted) FROM new`,
		warehouse.Identifier(table.Rows()), names.String(), values.String(), stage)
}

// updateStatement replaces states by others.
func updateStatement(stage string, table *warehouse.Table) string {
	var set strings.Builder
	for i, c := range table.Columns {
		fmt.Fprintf(&set, ", %s = %s", warehouse.Identifier(c.Name), staged(i, c))
	}
	return fmt.Sprintf(`
		UPDATE %s AS t SET _sync_version = s.version, _sync_at = s.read_at, _sync_deleted = false, _sync_deleted_at = NULL, _sync_hash = s.hash,
			_sync_extra = s.extra, _sync_raw = s.raw%s
		FROM %s AS s
		WHERE t._sync_key = s.key AND s.version >= t._sync_version AND NOT s.deleted AND (t._sync_deleted OR s.hash <> t._sync_hash)`,
		warehouse.Identifier(table.Rows()), set.String(), stage)
}

// deleteStatement marks rows as deleted.
func deleteStatement(stage string, table *warehouse.Table) string {
	return fmt.Sprintf(`
		UPDATE %s AS t SET _sync_version = s.version, _sync_at = s.read_at, _sync_deleted = true, _sync_deleted_at = s.deleted_at
		FROM %s AS s
		WHERE t._sync_key = s.key AND s.version >= t._sync_version AND s.deleted AND NOT t._sync_deleted`, warehouse.Identifier(table.Rows()), stage)
}

// touchStatement moves on the version of what was read again.
func touchStatement(stage string, table *warehouse.Table) string {
	return fmt.Sprintf(`
		UPDATE %s AS t SET _sync_version = s.version, _sync_at = s.read_at
		FROM %s AS s
		WHERE t._sync_key = s.key AND s.version > t._sync_version`, warehouse.Identifier(table.Rows()), stage)
}

// staged is a column's value from the staging table.
func staged(i int, c warehouse.Column) string { return fmt.Sprintf("s.c%d::%s", i, typeNames[c.Type]) }
