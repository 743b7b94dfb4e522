package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// emptyLake is a file without rows in every lake, so that the pattern of all its files finds one.
const emptyLake = "_prickle/empty.parquet"

// prepareFolders gives every lake its empty file, which cannot be done later, and returns the statement that lets queries read the folders.
func (s *settings) prepareFolders(ctx context.Context, db *database) (string, error) {
	folders := slices.Clone(s.files)
	exported, err := s.prepareExports(ctx, db)
	if err != nil {
		return "", fmt.Errorf("export: %w", err)
	}
	if exported != "" {
		folders = append(folders, exported)
	}
	for _, name := range slices.Sorted(maps.Keys(s.lakes)) {
		folders = append(folders, s.lakes[name])
		if err := makeLake(ctx, db, s.lakes[name]); err != nil {
			return "", fmt.Errorf("lakes: %s: %w", name, err)
		}
	}
	quoted := make([]string, len(folders))
	for i, folder := range folders {
		path, err := filepath.Abs(folder)
		if err != nil {
			return "", err
		}
		quoted[i] = warehouse.Literal(path)
	}
	return "SET GLOBAL allowed_directories = [" + strings.Join(quoted, ", ") + "]", nil
}

// prepareExports finds the folder of the files of months, and makes it when it is configured and not there.
func (s *settings) prepareExports(ctx context.Context, db *database) (dir string, err error) {
	if s.exportDir == "" {
		db.exportDir, err = exportDir(ctx, db)
		return db.exportDir, err
	}
	if db.exportDir, err = filepath.Abs(s.exportDir); err != nil {
		return "", err
	}
	return db.exportDir, os.MkdirAll(db.exportDir, 0o755)
}

// makeLake makes the folder of a lake that nobody has written to yet.
func makeLake(ctx context.Context, db *database, folder string) error {
	path := filepath.Join(folder, filepath.FromSlash(emptyLake))
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var columns []string
	for _, c := range eventColumns() {
		columns = append(columns, "NULL::"+c[1]+" AS "+warehouse.Identifier(c[0]))
	}
	_, err := db.ExecContext(ctx, "COPY (SELECT "+strings.Join(columns, ", ")+" LIMIT 0) TO "+warehouse.Literal(path)+" (FORMAT parquet)")
	return err
}

// lakeMark is the comment of the views that show lakes, by which they are known when the configuration names them no more.
const lakeMark = "a lake, by prickle"

// showLakes makes two views of each lake, and removes those of lakes that are configured no more. <name> has each event once, <name>__all whatever is
// in the files, without the search for what is there twice.
func showLakes(ctx context.Context, conn *sql.Conn, lakes map[string]string) error {
	if err := hideLakes(ctx, conn); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(lakes)) {
		path, err := filepath.Abs(lakes[name])
		if err != nil {
			return err
		}
		pattern := warehouse.Literal(filepath.ToSlash(path) + "/**/*.parquet")
		all, once := warehouse.Identifier(name+"__all"), warehouse.Identifier(name)
		for _, statement := range []string{
			"CREATE VIEW " + all + " AS SELECT * FROM read_parquet(" + pattern + ", hive_partitioning = false, union_by_name = true)",
			"COMMENT ON VIEW " + all + " IS " + warehouse.Literal(lakeMark),
			"CREATE VIEW " + once + " AS SELECT * FROM " + all + " QUALIFY row_number() OVER (PARTITION BY uuid ORDER BY received_at, inserted_at) = 1",
			"COMMENT ON VIEW " + once + " IS " + warehouse.Literal(lakeMark),
		} {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("lakes: %s: %w", name, err)
			}
		}
	}
	return nil
}

func hideLakes(ctx context.Context, conn *sql.Conn) error {
	rows, err := conn.QueryContext(ctx, "SELECT view_name FROM duckdb_views() WHERE comment = "+warehouse.Literal(lakeMark))
	if err != nil {
		return err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := conn.ExecContext(ctx, "DROP VIEW "+warehouse.Identifier(name)); err != nil {
			return err
		}
	}
	return nil
}
