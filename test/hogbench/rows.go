package main

import (
	"embed"
	"time"

	"github.com/prickle-dev/prickle/hog"
)

//go:embed programs
var programs embed.FS

func program(file string) string {
	text, err := programs.ReadFile("programs/" + file)
	if err != nil {
		panic(err) // it is part of this program
	}
	return string(text)
}

// computing are the programs that every language has; library are those that live in Hog's library.
var (
	computing = []string{"fib", "mandelbrot", "sieve", "loops"}
	library   = []string{"strings", "json", "maps", "lambdas"}
)

func allRows(n *node) ([]*row, error) {
	var rows []*row
	for _, rowsOf := range []func(*node) ([]*row, error){computingRows, libraryRows, eventRows, programRows} {
		more, err := rowsOf(n)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func computingRows(n *node) ([]*row, error) {
	var rows []*row
	for _, name := range computing {
		r, err := hogRow(n, "computing", name, 50)
		if err != nil {
			return nil, err
		}
		var others []*contender
		for _, l := range languages {
			run, err := l.load(program(name + "." + l.extension))
			if err != nil {
				return nil, err
			}
			others = append(others, &contender{name: l.name, once: run})
		}
		r.against = append(r.against, comparison{others, 1})
		rows = append(rows, r)
	}
	return rows, nil
}

func libraryRows(n *node) ([]*row, error) {
	var rows []*row
	for _, name := range library {
		r, err := hogRow(n, "library", name, 15)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// hogRow compares a program with the same bytecode on PostHog's machine.
func hogRow(n *node, group, name string, atLeast float64) (*row, error) {
	text := program(name + ".hog")
	run, err := loadHog(text)
	if err != nil {
		return nil, err
	}
	r := &row{group: group, name: name, ours: &contender{name: "Hog", once: run}, allocs: -1}
	compiled, err := hog.Compile("bench.hog", text)
	if err != nil {
		return nil, err
	}
	bytecode := compiled.Bytecode()
	r.against = append(r.against, comparison{[]*contender{{
		name:  "@posthog/hogvm",
		once:  func() (string, error) { result, _, err := n.run(bytecode, 0); return result, err },
		timed: func(d time.Duration) (time.Duration, error) { _, took, err := n.run(bytecode, d); return took, err },
	}}, atLeast})
	return r, nil
}
