package main

import (
	"context"
	"time"

	"github.com/prickle-dev/prickle/hog"
)

// programRows are what surrounds a run: compiling a function of 100 lines, and starting a program that does nothing.
func programRows(*node) ([]*row, error) {
	text := program("long.hog")
	empty, err := hog.Compile("empty.hog", "return null")
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	compile := func() (string, error) {
		_, err := hog.Compile("long.hog", text)
		return "", err
	}
	start := func() (string, error) {
		_, err := empty.Run(ctx, hog.Env{})
		return "", err
	}
	return []*row{
		{group: "programs", name: "compile 100 lines", ours: &contender{name: "Hog", once: compile}, under: time.Millisecond, allocs: -1},
		{group: "programs", name: "start a run", ours: &contender{name: "Hog", once: start}, under: 300 * time.Nanosecond},
	}, nil
}
