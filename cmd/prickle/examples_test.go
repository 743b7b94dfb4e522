package main

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/test/clickhouse"
	"github.com/prickle-dev/prickle/test/postgres"
)

// TestExamples checks every example project, pipes its events and runs it. Beside prickle.yaml an example may have
//
//	test.env                  NAME=value lines for the variables that it needs, all made up
//	events.ndjson             events in, with everything fixed that capture would add
//	expected.ndjson           what `prickle pipe` makes of them; expected.<pipeline>.ndjson when there are several pipelines
//	expected.err              the failures that it reports on the way; without this file there must be none
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../configs/examples/*/prickle.yaml")
	if err != nil || len(files) < 12 {
		t.Fatalf("examples: %d found, %v", len(files), err)
	}
	certificate(t)
	for _, file := range files {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if env, err := os.ReadFile(filepath.Join(dir, "test.env")); err == nil {
				setEnv(t, string(env))
			}
			if base := filepath.Base(dir); base == "postgres" || base == "two-stores" {
				t.Setenv("DATABASE_URL", postgres.Start(t).Database(t))
			}
			if filepath.Base(dir) == "clickhouse" {
				t.Setenv("CLICKHOUSE_URL", clickhouse.Start(t).Database(t))
			}
			if code, out, errOut := run(t, "check", dir); code != 0 {
				t.Fatalf("check: exit code %d\n%s%s", code, out, errOut)
			}
			pipeExample(t, dir)
			runExample(t, dir)
		})
	}
}

// The test files of the examples pass, and the example of Hog has some.
func TestExamplesHogTests(t *testing.T) {
	code, out, errOut := run(t, "hog", "test", "../../configs/examples")
	if code != 0 || !strings.Contains(out, "configs/examples/hog/functions/enrich.test.yaml: 4 cases") {
		t.Errorf("exit code %d\n%s%s", code, out, errOut)
	}
}

// setEnv sets the variables of a file of NAME=value lines, for as long as the test runs.
func setEnv(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			t.Setenv(name, value)
		}
	}
}

// pipeExample compares what the pipelines make of the example's events with what is expected.
func pipeExample(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "events.ndjson")); err != nil {
		return
	}
	project, err := configs.Load(dir, components().Options())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range project.Pipelines {
		expected := "expected.ndjson"
		if len(project.Pipelines) > 1 {
			expected = "expected." + p.Name + ".ndjson"
		}
		out, errOut := pipeFile(t, dir, p.Name)
		golden(t, filepath.Join(dir, expected), out)
		if errOut != "" || exists(t, filepath.Join(dir, "expected.err")) {
			golden(t, filepath.Join(dir, "expected.err"), strings.ReplaceAll(errOut, dir+"/", ""))
		}
	}
}

func pipeFile(t *testing.T, dir, pipeline string) (stdout, stderr string) {
	t.Helper()
	events, err := os.Open(filepath.Join(dir, "events.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	var out, errOut strings.Builder
	code := execute(t.Context(), []string{"pipe", dir, "--pipeline", pipeline}, streams{in: events, out: &out, err: &errOut})
	if want := errOut.Len() > 0; (code != 0) != want {
		t.Errorf("pipe: exit code %d with %q on standard error", code, errOut.String())
	}
	return out.String(), errOut.String()
}

// golden compares got with a file, or rewrites the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// runExample starts a copy of the example as a process of its own, sends it its events, and stops it. Whatever it would call outside is a
// server of this test.
func runExample(t *testing.T, dir string) {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(copied, "data")); err != nil { // of someone who tried the example in place
		t.Fatal(err)
	}
	hooks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hooks.Close)
	for name, value := range map[string]string{
		"PRICKLE_LISTEN": "127.0.0.1:0", "HOOK_URL": hooks.URL, "SLACK_TOKEN": "", "STRIPE_URL": stripeMock(t), "NATS_URL": natsServer(t),
	} {
		t.Setenv(name, value)
	}
	p := start(t, copied)
	if events := filepath.Join(copied, "events.ndjson"); exists(t, events) {
		if code, out, errOut := run(t, "send", "-p", copied, "--file", events); code != 0 {
			t.Fatalf("send: exit code %d\n%s%s", code, out, errOut)
		}
		p.settled()
		for _, pl := range p.settled().Pipelines { // asked again: the counters of the first answer are older than its pending frames
			if pl.In == 0 || pl.In != pl.Passed+pl.Dropped+pl.Dead {
				t.Errorf("pipeline %s: %d in, %d passed, %d dropped, %d dead", pl.Name, pl.In, pl.Passed, pl.Dropped, pl.Dead)
			}
			for _, d := range pl.Destinations {
				if d.LastError != "" {
					t.Errorf("pipeline %s destination %s: %s", pl.Name, d.Name, d.LastError)
				}
			}
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code after an interrupt\n got %d\nwant 0\n%s", code, p.text())
	}
}

// natsServer starts a NATS server with JetStream on a free port and returns its address.
func natsServer(t *testing.T) string {
	t.Helper()
	return startNATS(t).ClientURL()
}

func startNATS(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the NATS server did not start")
	}
	return s
}
