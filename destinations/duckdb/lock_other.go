//go:build !unix

package duckdb

import "os"

// lockedBy cannot tell here; a file that another process has open is refused by DuckDB.
func lockedBy(*os.File, purpose) (pid int, locked bool) { return 0, false }
