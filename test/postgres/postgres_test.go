package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/prickle-dev/prickle/test/postgres"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := postgres.Stop(); err != nil {
		fmt.Println("stop Postgres:", err)
		code = 1
	}
	os.Exit(code)
}

func TestDatabaseForEachTest(t *testing.T) {
	var first string
	t.Run("one", func(t *testing.T) {
		first = postgres.Database(t)
		postgres.Exec(t, first, "CREATE TABLE x (a int)", "INSERT INTO x VALUES (1)")
	})
	second := postgres.Database(t)
	if got := postgres.Rows(t, second, "SELECT count(*) FROM pg_tables WHERE tablename = 'x'"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("tables of another test\n got %v\nwant 0", got)
	}
	if conn, err := pgx.Connect(context.Background(), first); err == nil {
		conn.Close(context.Background())
		t.Error("the database of a test that has ended\n got a connection\nwant it dropped")
	}
}

// What was committed is there after the server was killed, and what was not is not.
func TestKillAndRestart(t *testing.T) {
	s := postgres.Start(t)
	dsn := s.Database(t)
	postgres.Exec(t, dsn, "CREATE TABLE x (a int)", "INSERT INTO x VALUES (1)")
	conn, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(context.Background(), "BEGIN; INSERT INTO x VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if _, err := conn.Exec(context.Background(), "COMMIT"); err == nil {
		t.Error("a commit after the kill\n got no error\nwant one")
	}
	s.Restart(t)
	if got := postgres.Rows(t, dsn, "SELECT a FROM x"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("rows after the kill\n got %v\nwant the committed one", got)
	}
}

func TestPasswordIsNeeded(t *testing.T) {
	dsn := postgres.With(t, postgres.Start(t).DSN(), func(u *url.URL) { u.User = url.UserPassword("prickle", "wrong") })
	if conn, err := pgx.Connect(context.Background(), dsn); err == nil {
		conn.Close(context.Background())
		t.Error("a wrong password\n got a connection\nwant none")
	}
}
