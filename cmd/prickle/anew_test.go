//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A write that the disk refuses stops the embedded server. The process refuses events, waits until its files have no mistakes, also those of a reload
// meanwhile, and another takes its place under the same process id, with all that was acknowledged.
func TestBeginsAnewAfterARefusedWrite(t *testing.T) {
	t.Parallel()
	dir := project(t, map[string]string{"prickle.yaml": "capture: {listen: \"127.0.0.1:0\", keys: [k]}\nbus: {sync: interval}\npipelines: {main: {destinations: [warehouse]}}\n"})
	p := start(t, dir)
	var stored []string
	send := func() int {
		id := uuid.NewString()
		body := fmt.Sprintf(`{"api_key":"k","uuid":%q,"event":"e","distinct_id":"d","properties":{"x":%q}}`, id, strings.Repeat(uuid.NewString(), 10_000))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		code := post(ctx, p.url+"/batch/", body)
		if code == 200 {
			stored = append(stored, id)
		}
		return code
	}
	for range 3 {
		if code := send(); code != 200 {
			t.Fatalf("status %d\n%s", code, p.text())
		}
	}
	config := filepath.Join(dir, "prickle.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write := func(more string) {
		t.Helper()
		if err := os.WriteFile(config, append([]byte(more), text...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	blocks := filepath.Join(dir, "data", "bus", "store", "jetstream", "$G", "streams", "EVENTS", "msgs")
	write("mistake: 1\n")
	if err := errors.Join(os.Rename(blocks, blocks+".away"), os.WriteFile(blocks, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for code := 200; code != 503; code = send() {
		if len(stored) > 500 {
			t.Fatalf("the disk refuses writes, and events are stored\n%s", p.text())
		}
	}
	p.says("could not start with the project's files")
	if code := send(); code != 503 {
		t.Errorf("while it waits: status %d, want 503\n%s", code, p.text())
	}
	if err := errors.Join(os.Remove(blocks), os.Rename(blocks+".away", blocks)); err != nil {
		t.Fatal(err)
	}
	write("")
	p.says("the process begins anew")
	select {
	case p.url = <-p.again:
	case <-p.exited:
		t.Fatalf("it ended\n%s", p.text())
	case <-time.After(time.Minute):
		t.Fatalf("it is not ready again\n%s", p.text())
	}
	if code := send(); code != 200 {
		t.Fatalf("after that: status %d\n%s", code, p.text())
	}
	if st := p.settled(); st.PID != p.cmd.Process.Pid || st.Dead != 0 {
		t.Errorf("process %d with %d dead letters, want process %d with none", st.PID, st.Dead, p.cmd.Process.Pid)
	}
	there := map[string]int{}
	for _, row := range p.query("SELECT CAST(uuid AS VARCHAR) FROM events") {
		there[row[0].(string)]++
	}
	for _, id := range stored {
		if there[id] != 1 {
			t.Errorf("event %s was acknowledged and is there %d times", id, there[id])
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}
