package clickhouse

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a running engine, or the server that PRICKLE_TEST_CLICKHOUSE names.
type Server struct {
	// DSN is its address without a database, such as "http://127.0.0.1:38123".
	DSN string
	// NativeDSN is its address in the native protocol, such as "clickhouse://127.0.0.1:39000": DSN itself for a server that is named so, and ""
	// for one that is named by its HTTP interface.
	NativeDSN string

	dir   string
	cmd   *exec.Cmd
	stdin io.Closer
}

// The protocols that a server may be reached by.
const (
	HTTP   = "http"
	Native = "native"
)

// Protocols are those by which tests go to the server: both for an engine, the one of its DSN for a server.
func (s *Server) Protocols() []string {
	switch {
	case s.NativeDSN == "":
		return []string{HTTP}
	case s.DSN == s.NativeDSN:
		return []string{Native}
	}
	return []string{HTTP, Native}
}

var shared struct {
	sync.Mutex
	server *Server
}

// Shared returns the server that all tests of a process use, and starts it for the first of them. It ends with the process.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		if dsn := os.Getenv("PRICKLE_TEST_CLICKHOUSE"); dsn != "" {
			shared.server = &Server{DSN: strings.TrimSuffix(dsn, "/")}
			if !strings.HasPrefix(dsn, "http") {
				shared.server.NativeDSN = shared.server.DSN
			}
		} else {
			dir, err := os.MkdirTemp("", "prickle-clickhouse-")
			if err != nil {
				t.Fatal(err)
			}
			shared.server = start(t, dir)
		}
	}
	return shared.server
}

// Stop ends the shared server and removes its data. A TestMain calls it after its tests.
func Stop() {
	shared.Lock()
	defer shared.Unlock()
	if s := shared.server; s != nil && s.cmd != nil {
		s.end()
		_ = os.RemoveAll(s.dir)
	}
	shared.server = nil
}

// Start starts an engine for one test, with flags of the command beside its own. It is an engine even when PRICKLE_TEST_CLICKHOUSE names a server,
// because a test that wants its own means to kill it.
func Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	s := start(t, t.TempDir(), flags...)
	t.Cleanup(s.end)
	return s
}

func start(t testing.TB, dir string, flags ...string) *Server {
	t.Helper()
	s := &Server{dir: dir}
	s.launch(t, "127.0.0.1:0", "127.0.0.1:0", flags...)
	return s
}

// startTimeout is how long an engine is started again that cannot open its data, as happens for some seconds after one was killed.
const startTimeout = 30 * time.Second

func (s *Server) launch(t testing.TB, listen, native string, flags ...string) {
	t.Helper()
	deadline := time.After(startTimeout)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		err := s.launchOnce(t, listen, native, flags...)
		if err == nil {
			return
		}
		s.Kill()
		select {
		case <-deadline:
			t.Fatalf("the engine did not start: %v", err)
		case <-again.C:
		}
	}
}

func (s *Server) launchOnce(t testing.TB, listen, native string, flags ...string) error {
	t.Helper()
	args := append([]string{"-lib", library(t), "-data", filepath.Join(s.dir, "data"), "-listen", listen, "-native", native}, flags...)
	s.cmd = exec.Command(binary(t), args...)
	s.cmd.Stderr = os.Stderr
	var err error
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("start the engine: %v", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return err
	}
	addresses := strings.Fields(strings.TrimPrefix(line, "listening "))
	if len(addresses) != 2 {
		return fmt.Errorf("it says %q", line)
	}
	s.DSN, s.NativeDSN = "http://"+addresses[0], "clickhouse://"+addresses[1]
	return nil
}

// Address is the host and port of DSN.
func (s *Server) Address() string { return host(s.DSN) }

// AddressOver is the host and port of one of the Protocols.
func (s *Server) AddressOver(protocol string) string { return host(s.dsn(protocol)) }

func (s *Server) dsn(protocol string) string {
	if protocol == Native {
		return s.NativeDSN
	}
	return s.DSN
}

func host(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return ""
	}
	return u.Host
}

// CPU is the processor time that the engine has used so far; 0 for a server, and where the system does not tell.
func (s *Server) CPU() time.Duration {
	if s.cmd == nil {
		return 0
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, fields, _ := strings.Cut(string(stat), ") ")
	var ticks time.Duration
	for i, f := range strings.Fields(fields) {
		if i == 11 || i == 12 { // utime and stime, in hundredths of a second
			n, _ := strconv.Atoi(f)
			ticks += time.Duration(n)
		}
	}
	return ticks * 10 * time.Millisecond
}

// Kill ends the engine with SIGKILL: nothing is written that has not been.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may have killed itself
	_ = s.cmd.Wait()
}

// Restart starts the engine again on the same data and addresses, after Kill. flags take the place of those that it was started with.
func (s *Server) Restart(t testing.TB, flags ...string) {
	t.Helper()
	s.launch(t, s.Address(), s.AddressOver(Native), flags...)
}

func (s *Server) end() {
	_ = s.stdin.Close()
	_ = s.cmd.Wait()
}

// Database makes an empty database on the server and returns its DSN.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return s.database(t, s.DSN)
}

// DatabaseOver is Database for one of the Protocols.
func (s *Server) DatabaseOver(t testing.TB, protocol string) string {
	t.Helper()
	return s.database(t, s.dsn(protocol))
}

func (s *Server) database(t testing.TB, over string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:12])
	db := s.connect(t)
	if err := db.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		// What a killed engine cannot drop goes with its folder.
		_ = db.Exec(withoutCancel(t), "DROP DATABASE IF EXISTS "+name)
		_ = db.Close()
	})
	base, query, found := strings.Cut(over, "?")
	dsn := strings.TrimSuffix(base, "/") + "/" + name
	if found {
		dsn += "?" + query
	}
	return dsn
}

var built struct {
	sync.Once
	path string
	err  error
}

// binary builds the command once for each process that tests.
func binary(t testing.TB) string {
	t.Helper()
	built.Do(func() {
		var dir string
		if dir, built.err = os.MkdirTemp("", "prickle-engine-"); built.err != nil {
			return
		}
		built.path = filepath.Join(dir, "engine")
		out, err := exec.Command("go", "build", "-o", built.path, "github.com/prickle-dev/prickle/test/clickhouse/engine").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("build the engine: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// library finds libchdb.so, or says loudly what is not tested without it.
func library(t testing.TB) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	path := filepath.Join(filepath.Dir(here), "..", "node", "node_modules", "@chdb", "lib-"+runtime.GOOS+"-"+arch+"-gnu", "libchdb.so")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	why := "the engine of ClickHouse (npm package chdb) is not installed: run `make tools`, or set PRICKLE_TEST_CLICKHOUSE"
	if os.Getenv("PRICKLE_TEST_ALL") != "" {
		t.Fatal(why)
	}
	t.Skip("NOT TESTED: " + why)
	return ""
}
