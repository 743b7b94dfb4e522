package clickhouse

import (
	"context"
	"testing"

	driver "github.com/ClickHouse/clickhouse-go/v2"
)

// Connect opens a plain connection to a DSN, for what a test does behind the warehouse's back.
func Connect(t testing.TB, dsn string) driver.Conn {
	t.Helper()
	options, err := driver.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db, err := driver.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (s *Server) connect(t testing.TB) driver.Conn { return Connect(t, s.DSN) }

func withoutCancel(t testing.TB) context.Context { return context.WithoutCancel(t.Context()) }
