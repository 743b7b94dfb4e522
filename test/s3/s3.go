// Package s3 runs a real S3 server, versitygw over a folder, for tests. `make tools` builds it.
package s3

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Server is a running server. Buckets are folders of Root.
type Server struct {
	Endpoint, AccessKey, SecretKey, Root string

	t    testing.TB
	meta string // a folder for what other file systems keep in extended attributes, which not all have
	cmd  *exec.Cmd
}

// Program is the path of the server's program.
func Program() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "bin", "versitygw")
}

var said sync.Once

// Start starts a server on a free port with the buckets. Without the program the test is skipped, with a line that says so, or fails when
// PRICKLE_TEST_ALL is set, which says that nothing is to be left out.
func Start(t testing.TB, buckets ...string) *Server {
	t.Helper()
	if _, err := os.Stat(Program()); err != nil {
		if os.Getenv("PRICKLE_TEST_ALL") != "" {
			t.Fatalf("no S3 server: %v: run make tools", err)
		}
		said.Do(func() {
			fmt.Fprintln(os.Stderr, "NOT TESTED: everything with S3, since bin/versitygw is missing: run make tools")
		})
		t.Skip("no S3 server")
	}
	s := &Server{AccessKey: "test-access", SecretKey: "test-secret-key-of-the-server", Root: t.TempDir(), meta: t.TempDir(), t: t}
	for _, b := range buckets {
		if err := os.Mkdir(filepath.Join(s.Root, b), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Endpoint = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	t.Cleanup(s.Stop)
	return s
}

// Restart starts the server again on its old address and folder.
func (s *Server) Restart() {
	s.t.Helper()
	s.cmd = exec.Command(Program(), "--port", s.Endpoint, "--quiet", "posix", "--sidecar", s.meta, s.Root)
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.After(30 * time.Second); ; {
		if conn, err := net.Dial("tcp", s.Endpoint); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			s.t.Fatal("the S3 server did not start")
		}
	}
}

// Stop ends the server at once. It may be stopped already.
func (s *Server) Stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}
