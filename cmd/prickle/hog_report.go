package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/hogcase"
)

// hogReport is the outcome of prickle hog test, and its form in JSON.
type hogReport struct {
	Passed   int           `json:"passed"`
	Failed   int           `json:"failed"`
	Cases    []hogCaseLine `json:"cases"`
	Untested []string      `json:"untested"` // programs without a test file

	files []string
}

type hogCaseLine struct {
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Name     string        `json:"name"`
	Passed   bool          `json:"passed"`
	Failures []hogMismatch `json:"failures,omitempty"`

	place string
}

type hogMismatch struct {
	Place string `json:"place"`
	What  string `json:"what"`
	Got   string `json:"got"`
	Want  string `json:"want"`
}

func (r *hogReport) add(s *hogcase.Suite, results []hogcase.Result) {
	for _, result := range results {
		line := hogCaseLine{
			File: s.Path, Line: result.Pos.Line, Name: result.Name, Passed: len(result.Failures) == 0, place: result.Pos.String(),
		}
		for _, f := range result.Failures {
			line.Failures = append(line.Failures, hogMismatch{f.Pos.String(), f.What, f.Got, f.Want})
		}
		if line.Passed {
			r.Passed++
		} else {
			r.Failed++
		}
		r.Cases = append(r.Cases, line)
	}
	if len(results) > 0 {
		r.files = append(r.files, s.Path)
	}
}

// write prints the report; the error is errSilent when a case failed.
func (r *hogReport) write(w io.Writer, asJSON bool) error {
	text := r.text()
	if asJSON {
		var buf bytes.Buffer
		e := json.NewEncoder(&buf)
		e.SetEscapeHTML(false)
		if err := e.Encode(r); err != nil {
			return err
		}
		text = buf.String()
	}
	if _, err := io.WriteString(terminalSafe(w), text); err != nil {
		return err
	}
	if r.Failed > 0 {
		return errSilent
	}
	return nil
}

func (r *hogReport) text() string {
	var b strings.Builder
	for _, path := range r.files {
		r.file(&b, path)
	}
	if len(r.Untested) > 0 {
		fmt.Fprintf(&b, "without tests: %s\n", strings.Join(r.Untested, ", "))
	}
	fmt.Fprintf(&b, "%s: %d passed, %d failed\n", count(r.Passed+r.Failed, "case"), r.Passed, r.Failed)
	return b.String()
}

// file writes a line for a file whose cases all passed, and the failures of any other.
func (r *hogReport) file(b *strings.Builder, path string) {
	passed, failed := 0, 0
	for _, c := range r.Cases {
		switch {
		case c.File != path:
		case c.Passed:
			passed++
		default:
			failed++
			c.write(b)
		}
	}
	if failed == 0 {
		fmt.Fprintf(b, "ok    %s: %s\n", path, count(passed, "case"))
	}
}

func (c hogCaseLine) write(b *strings.Builder) {
	fmt.Fprintf(b, "FAIL  %s: %s\n", c.place, c.Name)
	for _, f := range c.Failures {
		fmt.Fprintf(b, "  %s: %s\n   got %s\n  want %s\n", f.Place, f.What, indented(f.Got), indented(f.Want))
	}
}

// indented puts the lines after the first below it.
func indented(text string) string {
	return strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n       ")
}
