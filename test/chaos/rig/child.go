package rig

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience is how long anything may take that must happen. It is long because machines are slow.
const Patience = 5 * time.Minute

// child is a process of this test.
type child struct {
	t      testing.TB
	name   string
	cmd    *exec.Cmd
	exited chan struct{}

	mu     sync.Mutex
	output strings.Builder
}

// spawn starts a process and returns when a line that it prints has been found good by ready.
func spawn(t testing.TB, name string, argv, env []string, ready func(line string) bool) *child {
	t.Helper()
	c, ok := launch(t, name, argv, env, ready)
	if !ok {
		t.Fatalf("%s ended before it was ready, or was not ready in time:\n%s", name, c.Text())
	}
	return c
}

// launch is spawn for a process that may end before it is ready.
func launch(t testing.TB, name string, argv, env []string, ready func(line string) bool) (c *child, ok bool) {
	t.Helper()
	c = &child{t: t, name: name, exited: make(chan struct{})}
	c.cmd = exec.Command(argv[0], argv[1:]...)
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.SysProcAttr = dieWithParent()
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd.Stderr = c
	if err := c.cmd.Start(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(c.Kill)
	good := make(chan struct{})
	go c.read(out, ready, good)
	select {
	case <-good:
		return c, true
	case <-c.exited:
	case <-time.After(Patience):
	}
	return c, false
}

func (c *child) read(out io.Reader, ready func(string) bool, good chan struct{}) {
	defer close(c.exited)
	found := false
	for in := bufio.NewScanner(out); in.Scan(); {
		_, _ = c.Write([]byte(in.Text() + "\n"))
		if ready != nil && ready(in.Text()) && !found { // a process that begins anew is ready again, elsewhere
			found = true
			close(good)
		}
	}
	_ = c.cmd.Wait()
}

// mostOutput bounds what is kept of a process's output.
const mostOutput = 1 << 20

// Write keeps output.
func (c *child) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.output.Len() < mostOutput {
		c.output.Write(b)
	}
	return len(b), nil
}

// Text is what the process has printed.
func (c *child) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.output.String()
}

// Exited is closed when the process has ended.
func (c *child) Exited() <-chan struct{} { return c.exited }

// Kill ends the process without a chance to do anything.
func (c *child) Kill() {
	_ = c.cmd.Process.Signal(syscall.SIGKILL) // it may have ended already
	<-c.exited
}

// Signal sends a signal.
func (c *child) Signal(s os.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatalf("%s: %v\n%s", c.name, err, c.Text())
	}
}

// Stop asks the process to end and returns its exit code.
func (c *child) Stop() int {
	c.t.Helper()
	c.Signal(syscall.SIGTERM)
	select {
	case <-c.exited:
	case <-time.After(Patience):
		c.t.Fatalf("%s did not stop:\n%s", c.name, c.Text())
	}
	return c.cmd.ProcessState.ExitCode()
}
