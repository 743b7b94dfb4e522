package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// contender is an engine that reads events from standard input and writes those that it lets through to standard output.
type contender struct {
	name    string
	command []string
	perCore []float64 // events a second of processor time, by round
	output  []string  // what became of the first events, to compare
}

// pipe runs all contenders in turn, several times, and returns the rows of the comparison.
func (s settings) pipe() (rows []row, err error) {
	dir, err := os.MkdirTemp("", "prickle-numbers-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	in := filepath.Join(dir, "events.ndjson")
	match, err := writeEvents(in, s.events)
	if err != nil {
		return nil, err
	}
	all, err := s.contenders(dir)
	if err != nil {
		return nil, err
	}
	for range s.rounds {
		for _, c := range all {
			fmt.Fprintln(s.log, "  ", c.name)
			if err := c.run(in, filepath.Join(dir, "out.ndjson"), s.events, match); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return compare(all)
}

func (s settings) contenders(dir string) ([]*contender, error) {
	bytecode, benthos := filepath.Join(dir, "program.hoge"), filepath.Join(dir, "benthos")
	for _, command := range [][]string{
		{s.prickle, "hog", "compile", "pipe/hog/program.hog", "-o", bytecode},
		{"go", "build", "-o", benthos, "./benthos"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", command[0], err, out)
		}
	}
	return []*contender{
		{name: "prickle pipe", command: []string{s.prickle, "pipe", "pipe/expr"}},
		{name: "Benthos", command: []string{benthos, "pipe/benthos.yaml"}},
		{name: "prickle pipe, in Hog", command: []string{s.prickle, "pipe", "pipe/hog"}},
		{name: "@posthog/hogvm in Node", command: []string{"node", "pipe/reference.js", s.modules, bytecode}},
	}, nil
}

// run runs the engine once on one core, and counts the lines that come out. Its processor time counts, not the time on the clock: what else
// the machine does must not.
func (c *contender) run(in, out string, events, match int) error {
	stdin, err := os.Open(in)
	if err != nil {
		return err
	}
	defer stdin.Close()
	stdout, err := os.Create(out)
	if err != nil {
		return err
	}
	defer stdout.Close()
	var stderr bytes.Buffer
	cmd := exec.Command(c.command[0], c.command[1:]...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s", err, stderr.Bytes())
	}
	took := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.perCore = append(c.perCore, float64(events)/max(took, time.Millisecond).Seconds())
	n, err := c.read(out)
	if err == nil && n != match {
		err = fmt.Errorf("%d events came out, want %d", n, match)
	}
	return err
}

// compared is how many events of each output are compared.
const compared = 1000

// read counts the lines of an output and keeps the first ones in a form that is the same for all engines.
func (c *contender) read(path string) (n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	c.output = c.output[:0]
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		n++
		if len(c.output) < compared {
			var e struct {
				UUID, Event string
				Properties  map[string]any
			}
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				return n, err
			}
			same, err := json.Marshal(e)
			if err != nil {
				return n, err
			}
			c.output = append(c.output, string(same))
		}
	}
	return n, lines.Err()
}

// compare makes the rows: the rates, and ours by theirs round by round. All must have written the same.
func compare(all []*contender) ([]row, error) {
	var rows []row
	for _, c := range all {
		for i := range c.output {
			if c.output[i] != all[0].output[i] {
				return nil, fmt.Errorf("%s wrote\n%s\nand %s\n%s", all[0].name, all[0].output[i], c.name, c.output[i])
			}
		}
		rows = append(rows, row{what: c.name, unit: " events/s a core", rounds: c.perCore})
	}
	for _, pair := range []struct {
		ours, theirs int
		atLeast      float64
	}{{0, 1, 20}, {2, 3, 4}} {
		ours, theirs := all[pair.ours], all[pair.theirs]
		r := row{what: ours.name + " against " + theirs.name, unit: " times", atLeast: pair.atLeast}
		for i := range ours.perCore {
			r.rounds = append(r.rounds, ours.perCore[i]/theirs.perCore[i])
		}
		rows = append(rows, r)
	}
	return rows, nil
}
