package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// Shared returns the server of the test binary, which the first call starts. A test that lacks Postgres ends.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		if dsn := os.Getenv("PRICKLE_TEST_POSTGRES"); dsn != "" {
			shared.server = &Server{dsn: dsn}
		} else {
			shared.server, shared.err = start(nil)
		}
	}
	if errors.Is(shared.err, errMissing) {
		missing(t)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// Stop ends the server of the test binary, if this process started it.
func Stop() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil || shared.server.cmd == nil {
		return nil
	}
	err := shared.server.stop()
	shared.server = nil
	return err
}

// Database makes an empty database that is dropped at the end of the test, and returns its address with the user who owns it.
func Database(t testing.TB) (dsn string) {
	t.Helper()
	return Shared(t).Database(t)
}

// Database is the function Database for one server.
func (s *Server) Database(t testing.TB) (dsn string) {
	t.Helper()
	name := "prickle_test_" + strings.ToLower(rand.Text()[:12])
	s.Exec(t, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		s.Exec(t, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	return With(t, s.dsn, func(u *url.URL) { u.Path = "/" + name })
}

// DSN is the address of the server's own database, with the user who may do everything.
func (s *Server) DSN() string { return s.dsn }

// Addr is the server's host and port.
func (s *Server) Addr() string {
	u, err := url.Parse(s.dsn)
	if err != nil {
		return ""
	}
	return u.Host
}

// Exec runs statements in the server's own database.
func (s *Server) Exec(t testing.TB, statements ...string) {
	t.Helper()
	Exec(t, s.dsn, statements...)
}

// Exec runs statements, each in a transaction of its own.
func Exec(t testing.TB, dsn string, statements ...string) {
	t.Helper()
	ctx := context.Background()
	conn := connect(t, dsn)
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// Rows runs a query and returns its rows, values separated by "|".
func Rows(t testing.TB, dsn, query string, args ...any) []string {
	t.Helper()
	ctx := context.Background()
	conn := connect(t, dsn)
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	table, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		var line []string
		for _, v := range values {
			line = append(line, fmt.Sprint(v))
		}
		return strings.Join(line, "|"), err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return table
}

// With returns an address that was changed.
func With(t testing.TB, dsn string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}
