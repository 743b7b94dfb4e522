package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a Postgres server: one that this process started, or the one that PRICKLE_TEST_POSTGRES names.
type Server struct {
	dsn string // of the superuser and the database postgres

	bin, dir string
	port     int
	settings []string
	account  *syscall.Credential // nil for the user that runs the tests

	cmd    *exec.Cmd
	exited chan struct{}
	log    *bytes.Buffer
}

// startTimeout is how long a server may take to answer, recovery after a kill included.
const startTimeout = time.Minute

// Start starts a server of the test's own, which Kill and Restart may be called on. Settings are added to its configuration, as "fsync=on"; by
// default nothing is synced to disk, which survives the server's death but not the machine's. A test that lacks Postgres ends.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := start(settings)
	if errors.Is(err, errMissing) {
		missing(t)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("stop Postgres: %v", err)
		}
	})
	return s
}

var errMissing = errors.New("there is no postgres")

// missing ends a test that lacks its counterpart: loudly, and as a failure where everything is to be tested.
func missing(t testing.TB) {
	t.Helper()
	const what = "NOT TESTED: Postgres is missing (Debian's package postgresql, or PRICKLE_TEST_POSTGRES=postgres://… for another server)"
	if os.Getenv("PRICKLE_TEST_ALL") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// start makes a cluster and its server.
func start(settings []string) (*Server, error) {
	s := &Server{settings: settings}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return nil, errMissing
	}
	s.bin = filepath.Dir(found[len(found)-1])
	var err error
	if s.dir, err = os.MkdirTemp("", "prickle-postgres-"); err != nil {
		return nil, err
	}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.run(); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

const password = "not a secret: 'tests' only"

// prepare makes the cluster's files. Postgres refuses to run as root, so root's tests run it as another user.
func (s *Server) prepare() error {
	if os.Getuid() == 0 {
		if err := s.chooseAccount(); err != nil {
			return err
		}
	}
	file := filepath.Join(s.dir, "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	if s.account != nil {
		for _, path := range []string{s.dir, file} {
			if err := os.Chown(path, int(s.account.Uid), int(s.account.Gid)); err != nil {
				return err
			}
		}
	}
	cmd := s.command("initdb", "-D", s.data(), "-U", "prickle", "--pwfile="+file, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	s.dsn = fmt.Sprintf("postgres://prickle:%s@127.0.0.1:%d/postgres?sslmode=disable", strings.ReplaceAll(password, " ", "%20"), s.port)
	return l.Close()
}

func (s *Server) chooseAccount() error {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		s.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return nil
	}
	return errors.New("a server does not run as root, and there is neither a user postgres nor a user nobody")
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.account}
	return cmd
}

// run starts the server process and waits until it answers.
func (s *Server) run() error {
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port), "-k", s.dir, "-h", "127.0.0.1", "-F"}
	for _, setting := range append([]string{"max_connections=50", "wal_level=logical"}, s.settings...) {
		args = append(args, "-c", setting)
	}
	deadline := time.After(startTimeout)
	for {
		s.launch(args)
		again, err := s.ready(deadline)
		if !again {
			return err
		}
	}
}

// launch starts the process from a thread of its own, which lives as long as the process: the kernel kills the server when that thread ends, so
// that no server outlives a test binary, however that ends.
func (s *Server) launch(args []string) {
	s.log, s.exited = &bytes.Buffer{}, make(chan struct{})
	cmd := s.command("postgres", args...)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	endWithParent(cmd.SysProcAttr)
	s.cmd = cmd
	started := make(chan struct{})
	go func(exited chan struct{}) {
		runtime.LockOSThread()
		defer close(exited)
		err := cmd.Start()
		close(started)
		if err == nil {
			_ = cmd.Wait()
		}
	}(s.exited)
	<-started
}

// ready waits until the server answers. A server that ends while those of the one before still hold its memory is to be started again.
func (s *Server) ready(deadline <-chan time.Time) (again bool, err error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.exited:
			log := s.log.String()
			if strings.Contains(log, "shared memory block") || strings.Contains(log, "lock file") {
				return true, nil
			}
			return false, fmt.Errorf("postgres ended\n%s", log)
		case <-deadline:
			return false, fmt.Errorf("postgres did not answer within %s: %w", startTimeout, err)
		case <-tick.C:
			var conn *pgx.Conn
			if conn, err = pgx.Connect(context.Background(), s.dsn); err == nil {
				return false, conn.Close(context.Background())
			}
		}
	}
}

// Kill ends the server and all of its processes by SIGKILL, as the kernel does when memory is out, and returns when they are gone.
func (s *Server) Kill() {
	pids := append(children(s.cmd.Process.Pid), s.cmd.Process.Pid)
	for i := len(pids) - 1; i >= 0; i-- { // the parent first, or it would begin to recover
		_ = syscall.Kill(pids[i], syscall.SIGKILL)
	}
	<-s.exited
}

// Restart starts the server again on the same data and address, after Kill or after a stop of its own.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	<-s.exited
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// EnableTLS has the server restart with a certificate and its key in PEM. It takes connections without TLS too.
func (s *Server) EnableTLS(t testing.TB, certificate, key []byte) {
	t.Helper()
	for name, text := range map[string][]byte{"server.crt": certificate, "server.key": key} {
		path := filepath.Join(s.data(), name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if s.account == nil {
			continue
		}
		if err := os.Chown(path, int(s.account.Uid), int(s.account.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	s.settings = append(s.settings, "ssl=on")
	s.Restart(t)
}

// stop ends the server and removes its files.
func (s *Server) stop() error {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.exited
	}
	return os.RemoveAll(s.dir)
}
