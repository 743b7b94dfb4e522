package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// connector makes connections that let go of the database when they are closed.
type connector struct{ *duckdb.Connector }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return connection{made.(*duckdb.Conn)}, nil
}

// connection is one of DuckDB's with another Close.
type connection struct{ *duckdb.Conn }

// Close ends the transaction, if there is one, and the connection. What is left of a statement that was interrupted holds the database open until the
// connection is used once more, and whoever opens the file again in this process, as a reload does, would wait for ever.
func (c connection) Close() error {
	_, err := c.ExecContext(context.Background(), "ROLLBACK", nil)
	if failed := (*duckdb.Error)(nil); errors.As(err, &failed) && (failed.Type == duckdb.ErrorTypeTransaction || failed.Type == duckdb.ErrorTypeFatal) {
		err = nil // there is no transaction, or nothing that could hold anything
	}
	return errors.Join(err, c.Conn.Close())
}
