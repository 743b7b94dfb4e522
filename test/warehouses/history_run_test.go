package warehouses

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	clickhousetest "github.com/prickle-dev/prickle/test/clickhouse"
	postgrestest "github.com/prickle-dev/prickle/test/postgres"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		child(path)
	}
	os.Exit(m.Run())
}

// do makes the step's call. Events that no store takes have to be refused, and are no error then.
func (s *step) do(ctx context.Context, w pipeline.Warehouse) (pipeline.Merged, error) {
	if s.events == nil {
		return w.Merge(ctx, s.load)
	}
	for i, err := range pipeline.EventErrors(w.Send(ctx, s.events), len(s.events)) {
		switch poison := s.events[i].UUID == poisonUUID; {
		case err != nil && !poison:
			return pipeline.Merged{}, err
		case poison && err == nil:
			return pipeline.Merged{}, errors.New("an event without a UUID was taken")
		}
	}
	return pipeline.Merged{}, nil
}

// mostTries is how often a step may fail that nothing is done to any more.
const mostTries = 20

// outcome is what a history left in a store.
type outcome struct {
	Merged []string            // what each call of Merge counted that no fault struck
	Tables map[string][]string // columns, then rows
	Cursor string
}

// live takes a store through a history.
func (s *store) live(t *testing.T, all []step) outcome {
	t.Helper()
	s.open(t)
	var out outcome
	for n := range all {
		merged := s.take(t, n, &all[n])
		if all[n].events == nil && all[n].fault != cancelled && all[n].fault != crashed {
			out.Merged = append(out.Merged, fmt.Sprintf("step %d: %+v", n, merged))
		}
	}
	cursor, err := s.w.Cursor(t.Context(), "shop")
	if err != nil {
		t.Errorf("%s: Cursor: %v", s.name, err)
	}
	out.Cursor = string(cursor)
	out.Tables = map[string][]string{"events": s.table(t, "events", "uuid")}
	for n := range declared {
		for _, suffix := range []string{"", "__all"} {
			name := fmt.Sprintf("shop_s%d%s", n, suffix)
			out.Tables[name] = s.table(t, name, "_sync_key")
		}
	}
	s.close(t)
	return out
}

// take takes a store through a step.
func (s *store) take(t *testing.T, n int, st *step) pipeline.Merged {
	t.Helper()
	do := func(ctx context.Context) error {
		_, err := st.do(ctx, s.w)
		return err
	}
	switch st.fault {
	case reopened:
		s.close(t)
		s.open(t)
	case cancelled:
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(20_000))*time.Microsecond)
		if err := do(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: step %d, %v, cut off\n got %v\nwant %v", s.name, n, st, err, context.DeadlineExceeded)
		}
		cancel()
	case crashed:
		for attempt := range 3 {
			s.crash(t, s, n, attempt, do)
		}
	}
	for try := 1; ; try++ {
		merged, err := st.do(t.Context(), s.w)
		if err == nil {
			return merged
		}
		if try == mostTries || st.fault != crashed {
			t.Fatalf("%s: step %d, %v: %v", s.name, n, st, err)
		}
	}
}

// unlike are the columns that differ from store to store: what the clock said, and what only one has.
var unlike = []string{"inserted_at", "properties_json", "_sync_hash"}

// table is a table's columns and rows.
func (s *store) table(t *testing.T, name, key string) []string {
	t.Helper()
	rows, err := s.w.Query(t.Context(), "SELECT * FROM "+name)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	columns := slices.DeleteFunc(slices.Clone(rows.Columns()), func(c string) bool { return slices.Contains(unlike, c) })
	if err := rows.Close(); err != nil {
		t.Errorf("%s: Close: %v", s.name, err)
	}
	table := pipelinetest.Table(t, s.w, fmt.Sprintf("SELECT %s FROM %s ORDER BY %s", strings.Join(columns, ", "), name, key))
	for i, line := range table {
		table[i] = exponents.ReplaceAllStringFunc(line, writtenOut)
	}
	return append([]string{strings.Join(columns, "|")}, table...)
}

// exponents are numbers that Postgres writes out where they are JSON, while the others have them as they were sent.
var exponents = regexp.MustCompile(`-?\b[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]{1,3}\b`)

func writtenOut(number string) string {
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return number
	}
	if text := r.FloatString(40); strings.Contains(text, ".") {
		return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return r.RatString()
}

// differences are the places where two outcomes differ, a line for each.
func (o outcome) differences(other outcome) (lines []string) {
	compare := func(what string, a, b []string) {
		for i := range max(len(a), len(b)) {
			x, y := "nothing", "nothing"
			if i < len(a) {
				x = a[i]
			}
			if i < len(b) {
				y = b[i]
			}
			if x != y {
				lines = append(lines, fmt.Sprintf("%s %d\n got %s\nwant %s", what, i, y, x))
			}
		}
	}
	compare("merged", o.Merged, other.Merged)
	compare("cursor", []string{o.Cursor}, []string{other.Cursor})
	for _, name := range slices.Sorted(maps.Keys(o.Tables)) {
		compare(name, o.Tables[name], other.Tables[name])
	}
	return lines
}

// rounds is how many histories there are, and how many steps each has.
func rounds() (seeds uint64, steps int) {
	if os.Getenv("PRICKLE_TEST_TORTURE") != "" {
		return 20, 80
	}
	return 1, 30
}

// TestTorturedHistories takes every store through the same histories, and wants the same tables and cursors in all of them.
func TestTorturedHistories(t *testing.T) {
	engine, server := clickhousetest.Start(t), postgrestest.Start(t)
	seeds, steps := rounds()
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			all := history(seed, steps)
			first := duckDB(t, seed, steps)
			want := first.live(t, all)
			protocols := engine.Protocols() // each with and without JSON columns by turns
			one, other := protocols[seed%2], protocols[(seed+1)%2]
			for _, s := range []*store{postgresStore(t, server), clickHouse(t, engine, one, "on"), clickHouse(t, engine, other, "off")} {
				got := want.differences(s.live(t, all))
				for _, line := range got[:min(len(got), 10)] {
					t.Errorf("%s in place of %s: %s", s.name, first.name, line)
				}
			}
		})
	}
}
