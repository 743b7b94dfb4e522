package sdks

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience is how long an SDK may take for anything. It is long because machines are slow.
const patience = 2 * time.Minute

// driver is a program that uses an SDK. It may go on until its standard input ends.
type driver struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.Closer
	output bytes.Buffer
	ended  chan struct{}
}

func drive(t *testing.T, dir string, argv ...string) *driver {
	t.Helper()
	d := &driver{t: t, cmd: exec.Command(argv[0], argv[1:]...), ended: make(chan struct{})}
	d.cmd.Dir, d.cmd.Stdout, d.cmd.Stderr = dir, &d.output, &d.output
	d.cmd.WaitDelay = patience // a browser that outlives its driver holds the output
	in, err := d.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.stdin = in
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(d.ended)
		_ = d.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill() // it has ended, if the test went well
		<-d.ended
	})
	return d
}

// until asks until the answer is yes, the program ends, or there is no hope.
func (d *driver) until(yes func() bool) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for hope := time.After(patience); !yes(); {
		select {
		case <-ticker.C:
		case <-d.ended:
			return
		case <-hope:
			return
		}
	}
}

// finish lets the program end and returns what it has printed.
func (d *driver) finish() string {
	d.t.Helper()
	_ = d.stdin.Close() // it may have ended
	select {
	case <-d.ended:
	case <-time.After(patience):
		d.t.Fatal("the program with the SDK does not end")
	}
	if code := d.cmd.ProcessState.ExitCode(); code != 0 {
		d.t.Errorf("the program with the SDK ended with exit code %d:\n%s", code, d.output.String())
	}
	return d.output.String()
}

// nodeDir is where the SDKs from npm are, and what uses them.
const nodeDir = "../node"

// node runs a script of test/node, or ends the test when that cannot be.
func node(t *testing.T, script string, args ...string) *driver {
	t.Helper()
	if _, err := os.Stat(filepath.Join(nodeDir, "node_modules", ".installed")); err != nil {
		missing(t, "what is in test/node/node_modules (run `make tools`)")
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node")
	}
	return drive(t, nodeDir, append([]string{"node", script}, args...)...)
}

// browser runs a script of test/node that opens Chromium.
func browser(t *testing.T, script string, args ...string) *driver {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		missing(t, "chromium (the package chromium of Debian)")
	}
	return node(t, script, append(args, path)...)
}

// golang runs a program of the module posthog-go, with one of its files replaced if overlay names any.
func golang(t *testing.T, program, overlay string, args ...string) *driver {
	t.Helper()
	return drive(t, ".", append([]string{build(t, "posthog-go", program, "-overlay", overlay)}, args...)...)
}
