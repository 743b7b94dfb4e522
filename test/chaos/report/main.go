// Command report puts the results of the chaos suite into the table of a document, between two comments that mark its place. The rows of cases that did
// not run stay.
//
//	report -results results.ndjson -into docs/reliability.md
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/test/chaos/result"
)

const (
	begin = "<!-- chaos: begin -->\n"
	end   = "<!-- chaos: end -->"
)

func main() {
	results := flag.String("results", "", "the suite's results, a line of JSON for each case")
	into := flag.String("into", "docs/reliability.md", "the document")
	flag.Parse()
	if err := run(*results, *into); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(results, into string) error {
	text, err := os.ReadFile(results)
	if err != nil {
		return err
	}
	rows, err := read(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%s: %w", results, err)
	}
	document, err := os.ReadFile(into)
	if err != nil {
		return err
	}
	out, err := update(string(document), rows)
	if err != nil {
		return fmt.Errorf("%s: %w", into, err)
	}
	return os.WriteFile(into, []byte(out), 0o644)
}

// read takes the last line of each case, in the order in which cases first came.
func read(r io.Reader) ([]result.Row, error) {
	var rows []result.Row
	at := map[string]int{}
	for dec := json.NewDecoder(r); ; {
		var next result.Row
		err := dec.Decode(&next)
		switch {
		case errors.Is(err, io.EOF):
			if len(rows) == 0 {
				return nil, errors.New("there are no results")
			}
			return rows, nil
		case err != nil:
			return nil, err
		}
		i, known := at[next.Case]
		if !known {
			i = len(rows)
			at[next.Case] = i
			rows = append(rows, result.Row{})
		}
		rows[i] = next
	}
}

// heading is that of the table. Numbers of events are sums over all destinations, but for the acknowledged ones.
const heading = "| case | runs | acknowledged | delivered | dead | lost | twice in the warehouse | repeated elsewhere | order broken | overtaken after a retry | recovery: median, longest |\n" +
	"| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n"

// line is a row of the table, in Markdown.
func line(r *result.Row) string {
	name := r.Case
	if r.Note != "" {
		name += noteBegins + r.Note + ")"
	}
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %s, %s |\n", name, r.Runs, r.Acknowledged, r.Delivered, r.Dead,
		r.Lost, r.Doubled, r.Repeated, r.Reordered, r.Overtaken, seconds(r.Recovery), seconds(r.Slowest))
}

const noteBegins = " ("

// caseOf is the case that a row of the table is about; "" for what is no such row.
func caseOf(line string) string {
	cells := strings.Split(line, "|")
	if len(cells) < 3 || strings.Contains(heading, line) {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimSpace(cells[1]), noteBegins)
	return name
}

// update puts rows in the place of those of the same cases, and the other ones behind.
func update(document string, rows []result.Row) (string, error) {
	before, rest, ok1 := strings.Cut(document, begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		return "", fmt.Errorf("the marks %q and %q are not there", strings.TrimSpace(begin), end)
	}
	var b strings.Builder
	b.WriteString(before + begin + "\n" + heading)
	for old := range strings.Lines(table) {
		name := caseOf(old)
		if i := slices.IndexFunc(rows, func(r result.Row) bool { return r.Case == name }); i >= 0 {
			old = line(&rows[i])
			rows = slices.Delete(rows, i, i+1)
		}
		if name != "" {
			b.WriteString(old)
		}
	}
	for i := range rows {
		b.WriteString(line(&rows[i]))
	}
	return b.String() + "\n" + end + after, nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
