package duckdb

import (
	"fmt"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// stagedState are the columns that a state is staged in, before those of the table; fill fills them.
var stagedState = []column{
	{"key", duckdb.TYPE_VARCHAR}, {"version", duckdb.TYPE_BIGINT}, {"read_at", duckdb.TYPE_TIMESTAMP_TZ}, {"deleted", duckdb.TYPE_BOOLEAN},
	{"deleted_at", duckdb.TYPE_TIMESTAMP_TZ}, {"hash", duckdb.TYPE_UBIGINT}, {"extra", duckdb.TYPE_VARCHAR}, {"raw", duckdb.TYPE_VARCHAR},
}

// insertStates is the statement that puts staged states into a table, and what they are staged in: the values of their fields as text.
func insertStates(t *warehouse.Table) (columns []column, statement string) {
	columns = append(columns, stagedState...)
	var names, values strings.Builder
	for i, c := range t.Columns {
		staged := fmt.Sprintf("c%d", i)
		columns = append(columns, column{staged, duckdb.TYPE_VARCHAR})
		fmt.Fprintf(&names, ", %s", warehouse.Identifier(c.Name))
		fmt.Fprintf(&values, ", CAST(%s AS %s)", staged, typeNames[c.Type])
	}
	return columns, fmt.Sprintf(`INSERT INTO %s (_sync_key, _sync_version, _sync_at, _sync_deleted, _sync_deleted_at, _sync_hash, _sync_extra, _sync_raw%s)
		SELECT key, version, read_at, deleted, deleted_at, hash, CAST(extra AS JSON), CAST(raw AS JSON)%s FROM prickle_given()`,
		warehouse.Identifier(t.Rows()), names.String(), values.String())
}

// givenStates are states as insertStates wants them. Fields without a column, or that do not fit theirs, become the object extra.
func givenStates(columns []column, t *warehouse.Table, states []*warehouse.State) *given {
	first := len(stagedState)
	filled := make([]bool, len(columns)-first)
	return &given{columns, len(states), func(to *place, row int) {
		s := states[row]
		clear(filled)
		extra := t.Cells(s, func(column int, text string) {
			putText(to, first+column, text)
			filled[column] = true
		})
		for i, done := range filled {
			if !done {
				putNull(to, first+i)
			}
		}
		putText(to, 0, s.Key)
		put(to, 1, s.Version)
		put(to, 2, s.At.UTC())
		put(to, 3, s.DeletedAt != nil)
		putTime(to, 4, s.DeletedAt)
		put(to, 5, s.Hash)
		putJSON(to, 6, extra)
		putJSON(to, 7, s.Data)
	}}
}

func putJSON(to *place, column int, text []byte) {
	if text == nil {
		putNull(to, column)
		return
	}
	put(to, column, text)
}
