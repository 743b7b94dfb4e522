package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
)

// wanted is a figure of a case, and what it must be.
type wanted struct {
	figure  string
	what    string
	atLeast float64
	under   float64
}

// cases are the cases of prickle bench in order, each with its figures. One without a bound is there to judge the others by.
var cases = []struct {
	name    string
	figures []wanted
}{
	{"capture", []wanted{
		{"capture", "capture in batches of 100, durable", 80_000, 0},
		{"answer p99", "the same: answer, p99", 0, 0},
	}},
	{"path", []wanted{
		{"whole path", "whole path: a Hog function, the warehouse", 40_000, 0},
		{"to warehouse p99", "the same at a quarter of that: to the warehouse, p99", 0, 0},
	}},
	{"single", []wanted{
		{"capture", "capture, one event a request, 64 connections", 8000, 0},
		{"answer p99", "the same: answer, p99", 0, 50},
	}},
	{"forms", []wanted{
		{"gzip", "batches of 100, packed with gzip", 0, 0},
		{"base64 against gzip", "the same as base64 in a form, against gzip", 50, 0},
		{"lz-string against gzip", "the same as lz-string in a form, against gzip", 50, 0},
	}},
	{"down", []wanted{
		{"all up", "three destinations, all up", 0, 0},
		{"one down against all up", "one of three down: the others against all up", 80, 0},
		{"all up again against all up", "all up again against all up", 0, 0},
	}},
	{"routing", []wanted{{"captured to delivered", "routing only: 10 pipelines, 30 destinations", 60_000, 0}}},
	{"idle", []wanted{
		{"to webhook p50", "capture to webhook, idle, p50", 0, 15},
		{"to webhook p99", "capture to webhook, idle, p99", 0, 50},
	}},
	{"freshness", []wanted{{"to warehouse p99", "capture to a query of DuckDB, idle, p99", 0, 2000}}},
	{"queue", []wanted{{"from the queue to the warehouse", "a full queue drains into DuckDB", 50_000, 0}}},
	{"connections", []wanted{
		{"what they take", "10,000 idle connections take", 0, 300},
		{"memory while all are idle", "the whole process with them", 0, 0},
	}},
	{"import", []wanted{
		{"imported", "old events are imported", 0, 0},
		{"meanwhile against before and after", "live p99 meanwhile, against without an import", 0, 110},
		{"after against before", "live p99 after the import, against before", 0, 0},
	}},
	{"recovery", []wanted{
		{"drained", "a queue of 1 million drains", 30_000, 0},
		{"live p99 before", "the live destination before: p99", 0, 0},
		{"live p99 meanwhile", "the live destination meanwhile: p99", 0, 0},
	}},
	{"replay", []wanted{
		{"replayed", "the log is replayed to a new destination", 0, 0},
		{"meanwhile against before and after", "live p99 meanwhile, against without a replay", 0, 110},
		{"after against before", "live p99 after the replay, against before", 0, 0},
	}},
	{"soak", []wanted{
		{"whole path, steady", "the whole path at half its rate", 0, 0},
		{"memory grows by", "the same: memory grows by", 0, 1},
	}},
}

// peak is how much memory each case may take, in MB.
const peak = 700

func caseNames() []string {
	var names []string
	for _, c := range cases {
		names = append(names, c.name)
	}
	return names
}

// result is what prickle bench prints as JSON.
type result struct {
	Figures []struct {
		Name, Unit string
		Value      float64
		Rounds     []float64
	}
	Lost, Duplicated int
}

// bench runs a case and returns the rows of its figures.
func (s settings) bench(name string) ([]row, error) {
	args := []string{"bench", "--json", "--case", name, "--rounds", strconv.Itoa(s.rounds), "--for", s.time.String()}
	switch name {
	case "soak":
		args = []string{"bench", "--json", "--case", name, "--for", s.soak.String()}
	case "recovery", "replay", "forms", "queue", "connections":
		args = args[:len(args)-2] // its time is only that of the traffic before
	}
	cmd := exec.Command(s.prickle, args...)
	cmd.Stderr = s.log
	out, err := cmd.Output()
	var r result
	if jsonErr := json.Unmarshal(out, &r); jsonErr != nil { // it fails as well when events are lost, and then says what it measured
		return nil, fmt.Errorf("prickle bench --case %s: %w", name, errorOf(err, jsonErr))
	}
	return r.rows(name)
}

func errorOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r result) rows(name string) ([]row, error) {
	faults := ""
	if r.Lost > 0 || r.Duplicated > 0 {
		faults = fmt.Sprintf(" (%d lost, %d duplicated)", r.Lost, r.Duplicated)
	}
	var rows []row
	for _, c := range cases {
		if c.name != name {
			continue
		}
		for _, w := range append(c.figures[:len(c.figures):len(c.figures)], wanted{"peak memory", "peak memory of " + name, 0, peak}) {
			one, err := r.row(w)
			if err != nil {
				return nil, fmt.Errorf("prickle bench --case %s: %w", name, err)
			}
			one.faults = faults
			rows = append(rows, one)
		}
	}
	return rows, nil
}

func (r result) row(w wanted) (row, error) {
	for _, f := range r.Figures {
		if f.Name == w.figure {
			rounds := f.Rounds
			if len(rounds) == 0 {
				rounds = []float64{f.Value}
			}
			return row{what: w.what, unit: " " + f.Unit, rounds: rounds, atLeast: w.atLeast, under: w.under}, nil
		}
	}
	return row{}, fmt.Errorf("it did not print %q", w.figure)
}
