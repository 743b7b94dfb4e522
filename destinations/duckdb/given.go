package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// given is rows of this process that a statement reads as the table prickle_given(). They are written straight into the vectors that DuckDB works on,
// when it comes to them: no copy of them waits in a table, and what is wrong with one of them is an error of the statement.
type given struct {
	columns []column
	count   int
	put     func(to *place, row int) // writes all columns of one row
}

// column is a name and a type of DuckDB's; JSON is given as text.
type column struct {
	name string
	typ  duckdb.Type
}

// givenKey is where a context has the rows for the statements that are run with it.
type givenKey struct{}

// in is the context to run statements with that read the rows.
func (g *given) in(ctx context.Context) context.Context { return context.WithValue(ctx, givenKey{}, g) }

// registerGiven makes the table function known to the database. Queries of users cannot name it: allow lets through functions that it knows, and their
// contexts have no rows.
func registerGiven(ctx context.Context, c *duckdb.Connector) (err error) {
	db := sql.OpenDB(struct{ driver.Connector }{c}) // which does not close the connector, and makes the connections that the driver wants here
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return duckdb.RegisterTableUDF(conn, "prickle_given", duckdb.ChunkTableFunction{
		BindArgumentsContext: func(ctx context.Context, _ map[string]any, _ ...any) (duckdb.ChunkTableSource, error) {
			g, ok := ctx.Value(givenKey{}).(*given)
			if !ok {
				return nil, errors.New("prickle_given() has rows for Prickle's own statements only")
			}
			return newGivenSource(g)
		},
	})
}

// givenSource hands the rows to one statement.
type givenSource struct {
	*given
	infos []duckdb.ColumnInfo
	next  int
}

func newGivenSource(g *given) (*givenSource, error) {
	s := &givenSource{given: g, infos: make([]duckdb.ColumnInfo, len(g.columns))}
	for i, c := range g.columns {
		info, err := duckdb.NewTypeInfo(c.typ)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		}
		s.infos[i] = duckdb.ColumnInfo{Name: c.name, T: info}
	}
	return s, nil
}

func (s *givenSource) ColumnInfos() []duckdb.ColumnInfo { return s.infos }

func (s *givenSource) Cardinality() *duckdb.CardinalityInfo {
	return &duckdb.CardinalityInfo{Cardinality: uint(s.count), Exact: true}
}

func (s *givenSource) Init() { s.next = 0 }

// FillChunk writes the next rows, as many as fit. No rows end it.
func (s *givenSource) FillChunk(chunk duckdb.DataChunk) error {
	n := min(duckdb.GetDataChunkCapacity(), s.count-s.next)
	to := place{chunk: chunk}
	for to.row = range n {
		s.put(&to, s.next+to.row)
	}
	if to.err != nil {
		return to.err
	}
	s.next += n
	return chunk.SetSize(n)
}

// place is a row of a vector that is being filled, and the first error of doing so.
type place struct {
	chunk duckdb.DataChunk
	row   int
	err   error
}

// put writes a value into a column. DuckDB copies it.
func put[T int32 | int64 | uint64 | bool | time.Time | duckdb.UUID | []byte](to *place, column int, value T) {
	if err := duckdb.SetChunkValue(to.chunk, column, to.row, value); err != nil && to.err == nil {
		to.err = err
	}
}

// putText writes a text. As a string the driver would copy it once more.
func putText(to *place, column int, text string) {
	put(to, column, unsafe.Slice(unsafe.StringData(text), len(text)))
}

// putNull leaves a column empty.
func putNull(to *place, column int) {
	if err := to.chunk.SetValue(column, to.row, nil); err != nil && to.err == nil {
		to.err = err
	}
}

// putTime writes a time, or leaves the column empty.
func putTime(to *place, column int, t *time.Time) {
	if t == nil {
		putNull(to, column)
		return
	}
	put(to, column, t.UTC())
}
