package hogtest

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Process is a Node process that runs a part of the reference and answers one line of JSON with another.
type Process struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// Start starts a script of hog/testdata/reference with the npm package that it needs, until the test ends. See Reference for a missing one.
func Start(t *testing.T, script, npmPackage string) *Process {
	t.Helper()
	node, modules := Reference(t, npmPackage)
	cmd := exec.CommandContext(t.Context(), node, filepath.Join(repository(), "hog", "testdata", "reference", script), modules)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // which asks it to end
		if err := cmd.Wait(); err != nil && t.Context().Err() == nil {
			t.Errorf("reference process: %v", err)
		}
	})
	return &Process{in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

// Ask sends request and decodes what comes back into answer, a pointer.
func (p *Process) Ask(t *testing.T, request, answer any) {
	t.Helper()
	line, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	reply, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("reference process: %v", err)
	}
	if err := json.Unmarshal(reply, answer); err != nil {
		t.Fatalf("reference answer %q: %v", reply, err)
	}
}
