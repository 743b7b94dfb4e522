package warehouses

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/destinations/clickhouse"
	"github.com/prickle-dev/prickle/destinations/duckdb"
	"github.com/prickle-dev/prickle/destinations/postgres"
	"github.com/prickle-dev/prickle/pipeline"
	clickhousetest "github.com/prickle-dev/prickle/test/clickhouse"
	postgrestest "github.com/prickle-dev/prickle/test/postgres"
)

// store is one of the stores under test with a place of its own.
type store struct {
	name string
	w    pipeline.Warehouse
	make func() (pipeline.Warehouse, error)
	// crash does a step while the store dies, and brings the store back. attempt is how often the step was tried before.
	crash func(t *testing.T, s *store, n, attempt int, do func(ctx context.Context) error)
}

func (s *store) open(t *testing.T) {
	t.Helper()
	var err error
	if s.w, err = s.make(); err == nil {
		err = s.w.(pipeline.Opener).Open(context.Background())
	}
	if err != nil {
		t.Fatalf("%s: Open: %v", s.name, err)
	}
}

func (s *store) close(t *testing.T) {
	t.Helper()
	if err := s.w.(pipeline.Closer).Close(); err != nil {
		t.Errorf("%s: Close: %v", s.name, err)
	}
}

// killing runs do, and kill at some moment from its beginning on.
func killing(kill func(), do func(ctx context.Context) error) {
	var dying sync.WaitGroup
	dying.Add(1)
	time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, func() {
		defer dying.Done()
		kill()
	})
	_ = do(context.Background()) // it is done again
	dying.Wait()
}

func openedDuckDB(path string) (pipeline.Warehouse, error) {
	c := duckdb.Spec.NewConfig().(*duckdb.Config)
	c.Path = path
	return duckdb.Spec.New(c, pipeline.Env{})
}

// The environment of a child process that does one step on a DuckDB file until it is killed.
const (
	childFile = "PRICKLE_TEST_WAREHOUSES_FILE"
	childSeed = "PRICKLE_TEST_WAREHOUSES_SEED"
	childStep = "PRICKLE_TEST_WAREHOUSES_STEP" // the number of steps, and of the one to do
)

func duckDB(t *testing.T, seed uint64, steps int) *store {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	return &store{
		name: "DuckDB",
		make: func() (pipeline.Warehouse, error) { return openedDuckDB(path) },
		crash: func(t *testing.T, s *store, n, _ int, _ func(context.Context) error) {
			s.close(t)
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childFile+"="+path, fmt.Sprint(childSeed, "=", seed), fmt.Sprint(childStep, "=", steps, " ", n))
			out, err := cmd.StdoutPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := out.Read(make([]byte, 1)); err != nil {
				t.Errorf("DuckDB: the child did not begin: %v", err)
			}
			killing(func() { _ = cmd.Process.Kill() }, func(context.Context) error { return nil })
			_ = cmd.Wait()
			s.open(t)
		},
	}
}

// child does its step, says so before, and waits to be killed.
func child(path string) {
	var seed uint64
	var steps, n int
	fmt.Sscan(os.Getenv(childSeed), &seed)
	fmt.Sscan(os.Getenv(childStep), &steps, &n)
	w, err := openedDuckDB(path)
	if err == nil {
		err = w.(pipeline.Opener).Open(context.Background())
	}
	if err != nil {
		os.Exit(1)
	}
	all := history(seed, steps)
	fmt.Print("x")
	_, _ = all[n].do(context.Background(), w)
	select {} //nolint:staticcheck // it ends by being killed
}

func postgresStore(t *testing.T, server *postgrestest.Server) *store {
	dsn := server.Database(t)
	return &store{
		name: "Postgres",
		make: func() (pipeline.Warehouse, error) {
			c := postgres.Spec.NewConfig().(*postgres.Config)
			c.URL = pipeline.Secret(dsn)
			return postgres.Spec.New(c, pipeline.Env{})
		},
		crash: func(t *testing.T, _ *store, _, _ int, do func(context.Context) error) {
			killing(server.Kill, do)
			server.Restart(t)
		},
	}
}

// clickHouse dies at some moment, or when it has stored the next insert and before it says so: the second time the one after that, and so on.
func clickHouse(t *testing.T, server *clickhousetest.Server, protocol, json string) *store {
	dsn := server.DatabaseOver(t, protocol)
	return &store{
		name: "ClickHouse over " + protocol + " with json " + json,
		make: func() (pipeline.Warehouse, error) {
			c := clickhouse.Spec.NewConfig().(*clickhouse.Config)
			c.URL, c.Pace, c.JSON = pipeline.Secret(dsn), 0, json
			return clickhouse.Spec.New(c, pipeline.Env{})
		},
		crash: func(t *testing.T, _ *store, n, attempt int, do func(context.Context) error) {
			server.Kill()
			if n%2 == 0 {
				server.Restart(t)
				killing(server.Kill, do)
			} else {
				server.Restart(t, "-die-after-insert", fmt.Sprint(1+attempt))
				_ = do(context.Background())
				server.Kill()
			}
			server.Restart(t)
		},
	}
}
