package parquet

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// asVictim makes the test binary a process that fills a lake until it is killed.
const asVictim = "PRICKLE_TEST_LAKE_VICTIM"

// victim sends batches from two goroutines while a third puts pieces together all the time, and prints the uuids of what it was told is safe.
func victim(dir string) {
	l := New(Config{Path: dir, Partition: Day, File: FileConfig{Bytes: leastFile, Every: time.Hour}}, pipeline.Env{Now: time.Now})
	if err := l.Open(context.Background()); err != nil {
		panic(err)
	}
	go func() {
		for {
			if err := l.Compact(context.Background()); err != nil {
				panic(err)
			}
		}
	}()
	lines := make(chan string)
	for range 2 {
		go func() {
			for {
				events := spread(pipelinetest.Events(0, 20+rand.IntN(50)), 30)
				var said strings.Builder
				for i := range events {
					events[i].UUID = uuid.NewString()
					fmt.Fprintln(&said, events[i].UUID)
				}
				if err := l.Send(context.Background(), events); err != nil {
					panic(err)
				}
				lines <- said.String()
			}
		}()
	}
	for text := range lines {
		fmt.Print(text)
	}
}

// A process is killed again and again while it writes and puts together. Whatever it was told is safe is live exactly once.
func TestKilled(t *testing.T) {
	lakes, rounds := 1, 6
	if os.Getenv("PRICKLE_TEST_TORTURE") != "" {
		lakes, rounds = 8, 25
	}
	for range lakes {
		killed(t, rounds)
	}
}

// killed fills a lake and kills who fills it, round after round. Each round reads all of the lake, so that a number of small lakes is tried in place
// of one large one.
func killed(t *testing.T, rounds int) {
	t.Helper()
	dir, safe := t.TempDir(), map[string]bool{}
	for range rounds {
		for id := range fill(t, dir, rand.IntN(3000)) {
			safe[id] = true
		}
		c := &clock{time.Now()}
		l := opened(t, Config{Path: dir}, c)
		checkLive(t, l, safe)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l.stop = nil // the cleanup finds it closed
	}
	if len(safe) < 100*rounds {
		t.Errorf("only %d events in %d rounds", len(safe), rounds)
	}
}

// fill runs a victim until it has said some uuids, kills it, and returns all that it has said.
func fill(t *testing.T, dir string, atLeast int) map[string]bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asVictim+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for in := bufio.NewScanner(out); in.Scan(); {
		if len(in.Text()) == 36 { // or the end of a line is missing
			said[in.Text()] = true
		}
		if len(said) == 100+atLeast {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	return said
}

func checkLive(t *testing.T, l *Lake, safe map[string]bool) {
	t.Helper()
	rows := map[string]int{}
	for _, id := range l.uuids(t) {
		rows[id]++
	}
	lost, twice := 0, 0
	for id := range safe {
		if rows[id] == 0 {
			lost++
		}
	}
	for _, n := range rows {
		if n > 1 {
			twice++
		}
	}
	if lost > 0 || twice > 0 {
		t.Errorf("of %d safe events %d are lost; of %d in the lake %d are there twice", len(safe), lost, len(rows), twice)
	}
}
