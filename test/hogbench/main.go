// Hogbench measures Hog against the machines that it is compared with, and prints the table that docs/hog/performance.md holds.
//
// It is a module of its own, so that the other languages stay out of the product's dependencies. `make bench-hog` runs it; its test, which
// `make test` runs, compiles every program in every language and compares the results.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	modules := flag.String("node-modules", filepath.Join("..", "node", "node_modules"), "where @posthog/hogvm is installed")
	round := flag.Duration("round", 200*time.Millisecond, "how long each contender runs in one round")
	rounds := flag.Int("rounds", 5, "how often each contender has its turn; the fastest round counts")
	flag.Parse()
	if err := run(*modules, *round, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "hogbench:", err)
		os.Exit(1)
	}
}

func run(modules string, round time.Duration, rounds int) error {
	node, err := startNode(modules)
	if err != nil {
		return err
	}
	defer node.stop()
	rows, err := allRows(node)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := r.agree(); err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, "measuring", r.name)
		if err := r.measure(round, rounds); err != nil {
			return err
		}
	}
	writeTable(os.Stdout, rows)
	fmt.Printf("\n%s; node %s; the fastest of %d rounds of %s each, contenders in turn.\n", versions(), node.version, rounds, round)
	return nil
}
