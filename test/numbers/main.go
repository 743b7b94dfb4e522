// Command numbers measures what this project has set itself to reach, and prints it as one table.
//
//	go run .                    everything; the soak alone takes half an hour
//	go run . -only pipe         the engines' comparison alone
//	go run . -only down,soak -for 2m -soak 10m
//
// The rates of a whole instance are those of `prickle bench`. `prickle pipe` is compared with Benthos, and with @posthog/hogvm in Node, on one file.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// settings say what to measure and where everything is.
type settings struct {
	prickle string // the command
	modules string // a node_modules folder with @posthog/hogvm
	only    []string
	time    time.Duration // of a case
	soak    time.Duration
	rounds  int
	events  int // in the file of the comparison
	log     io.Writer
}

func main() {
	s := settings{log: os.Stderr}
	var only string
	flag.StringVar(&s.prickle, "prickle", filepath.Join("..", "..", "bin", "prickle"), "the command")
	flag.StringVar(&s.modules, "node-modules", filepath.Join("..", "node", "node_modules"), "where @posthog/hogvm is installed")
	flag.StringVar(&only, "only", "", "cases of prickle bench, or pipe, with commas between; default: all")
	flag.DurationVar(&s.time, "for", time.Minute, "how long a case sends")
	flag.DurationVar(&s.soak, "soak", 30*time.Minute, "how long the soak sends")
	flag.IntVar(&s.rounds, "rounds", 3, "how often everything but the soak is measured")
	flag.IntVar(&s.events, "events", 1_000_000, "events in the file of the comparison")
	flag.Parse()
	if only != "" {
		s.only = strings.Split(only, ",")
	}
	if err := run(s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "numbers:", err)
		os.Exit(1)
	}
}

func run(s settings, out io.Writer) error {
	var rows []row
	for _, name := range caseNames() {
		if !s.wants(name) {
			continue
		}
		fmt.Fprintln(s.log, "measuring", name)
		more, err := s.bench(name)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	if s.wants("pipe") {
		fmt.Fprintln(s.log, "measuring pipe")
		more, err := s.pipe()
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	writeTable(out, rows)
	fmt.Fprintf(out, "\n%s %s, %d processors, load generator included; %v a case, %d rounds.\n", runtime.Version(), runtime.GOARCH, runtime.NumCPU(), s.time, s.rounds)
	return nil
}

func (s settings) wants(name string) bool { return len(s.only) == 0 || slices.Contains(s.only, name) }
