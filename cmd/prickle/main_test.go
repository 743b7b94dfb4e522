package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/query"
	"github.com/rogpeppe/go-internal/testscript"
)

// asCommand makes the test binary behave as the command, so that tests can run and kill whole processes without building anything.
const asCommand = "PRICKLE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	testscript.Main(m, map[string]func(){"prickle": main})
}

// instance is a project run by a process of its own.
type instance struct {
	t      *testing.T
	dir    string
	url    string
	cmd    *exec.Cmd
	again  <-chan string // the URL when it is ready once more
	exited chan struct{}

	mu     sync.Mutex
	output strings.Builder
}

// start runs the project in dir and returns when it is ready.
func start(t *testing.T, dir string, env ...string) *instance {
	t.Helper()
	return startWith(t, dir, nil, env...)
}

// startWith is start with flags.
func startWith(t *testing.T, dir string, flags []string, env ...string) *instance {
	t.Helper()
	p := &instance{t: t, dir: dir, exited: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], append([]string{"run", dir}, flags...)...)
	p.cmd.Env = append(append(os.Environ(), asCommand+"=1"), env...)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = writerFunc(p.note)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	p.again = ready
	go p.read(out, ready)
	t.Cleanup(p.kill)
	select {
	case p.url = <-ready:
	case <-p.exited:
		t.Fatalf("the process ended before it was ready:\n%s", p.text())
	case <-time.After(time.Minute):
		t.Fatalf("the process was not ready in time:\n%s", p.text())
	}
	return p
}

func (p *instance) read(out io.Reader, ready chan<- string) {
	defer close(p.exited)
	for in := bufio.NewScanner(out); in.Scan(); {
		line := in.Text()
		_, _ = p.note([]byte(line + "\n"))
		if strings.Contains(line, " is ready after ") {
			_, url, _ := strings.Cut(line, "capturing on ")
			ready <- url
		}
	}
	_ = p.cmd.Wait()
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func (p *instance) note(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(b)
}

// text is everything that the process has printed.
func (p *instance) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// says waits until the process has printed a text.
func (p *instance) says(text string) {
	p.t.Helper()
	poll(p.t, "it says: "+text, func() (bool, string) { return strings.Contains(p.text(), text), p.text() })
}

// kill ends the process without a chance to do anything.
func (p *instance) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // it may have ended already
	<-p.exited
}

// stop asks the process to end and returns its exit code.
func (p *instance) stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(time.Minute):
		p.t.Fatalf("the process did not stop:\n%s", p.text())
	}
	return p.cmd.ProcessState.ExitCode()
}

// settled waits until nothing is pending any more.
func (p *instance) settled() control.Status {
	p.t.Helper()
	client, err := control.Dial(p.t.Context(), filepath.Join(p.dir, "data"))
	if err != nil {
		p.t.Fatal(err)
	}
	var st control.Status
	poll(p.t, "nothing is pending", func() (bool, string) {
		if st, err = client.Status(p.t.Context()); err != nil {
			return false, err.Error()
		}
		return st.Pending+st.Retrying == 0, fmt.Sprintf("%+v\n%s", st, p.text())
	})
	return st
}

// poll asks until the answer is yes.
func poll(t *testing.T, what string, yes func() (bool, string)) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(2 * time.Minute)
	for {
		ok, state := yes()
		if ok {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s: %s", what, state)
		}
	}
}

// query runs SQL against the running process and returns its rows.
func (p *instance) query(sql string) [][]any {
	p.t.Helper()
	client, err := control.Dial(p.t.Context(), filepath.Join(p.dir, "data"))
	if err != nil {
		p.t.Fatal(err)
	}
	var rows [][]any
	err = client.Query(p.t.Context(), query.Request{SQL: sql}, query.EachRow(func(row []any) error {
		rows = append(rows, row)
		return nil
	}))
	if err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// post sends a body and returns the status, or 0 when there was no answer.
func post(ctx context.Context, url, body string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

// project writes files into a new folder.
func project(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs one command in this process and returns what it printed.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errOut strings.Builder
	code = execute(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &errOut})
	return code, out.String(), errOut.String()
}
