package bench

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/destinations"
	"github.com/prickle-dev/prickle/pipeline/app"
	"github.com/prickle-dev/prickle/test/postgres"
	"github.com/prickle-dev/prickle/transforms"
)

// tiny is each case with a load that takes fractions of a second, how many events that is at least, and what it must have measured.
var tiny = []struct {
	of      Case
	options Options
	events  int
	figures string
}{
	{capture, Options{Events: 500}, 500, "capture; processor time; answer p50; answer p99"},
	{path, Options{Events: 500}, 501, "capture; processor time; whole path; to warehouse p50; to warehouse p99"},
	{single, Options{Events: 200, Connections: 8}, 200, "capture; processor time; answer p50; answer p99"},
	{forms, Options{Events: 600}, 1800, "gzip; base64; lz-string; base64 against gzip; lz-string against gzip"},
	{connections, Options{Connections: 50}, 100, "memory before; memory once all are open; memory while all are idle"},
	{importing, Options{For: 500 * time.Millisecond}, 1101, "imported; live p99 before; live p99 meanwhile; live p99 after; meanwhile against before and after; after against before"},
	{down, Options{Events: 300}, 900, "all up; one down, the others; one down against all up; waited for the one down"},
	{routing, Options{Events: 2000}, 2000, "capture; processor time; captured to delivered"},
	{idle, Options{Events: 5}, 5 + idleWarmUp, "to webhook p50; to webhook p99"},
	{freshness, Options{Events: 5}, 5 + idleWarmUp, "to warehouse p50; to warehouse p99"},
	{queue, Options{Events: 2000}, 2000, "capture; from the queue to the warehouse; first of them after"},
	{recovery, Options{Events: 2000, For: 300 * time.Millisecond}, 2001, "drained; live p99 before; live p99 meanwhile"},
	{replay, Options{Events: 2000, For: 300 * time.Millisecond}, 2001, "replayed; live p99 before; live p99 meanwhile; live p99 after; meanwhile against before and after; after against before"},
	{soak, Options{Events: 500, For: 300 * time.Millisecond}, 501, "whole path, steady; memory at the begin; memory at the end"},
}

func measured(t *testing.T, c Case, o Options) Result {
	t.Helper()
	o.Dir, o.Log = t.TempDir(), slog.New(slog.DiscardHandler)
	r, err := c.Run(t.Context(), app.Components{
		Transforms: transforms.All(), Destinations: destinations.All(), Warehouses: destinations.Warehouses(),
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Every case measures what it says and finds all events.
func TestCases(t *testing.T) {
	if len(tiny) != len(Cases()) {
		t.Errorf("%d cases are tested, %d can be run", len(tiny), len(Cases()))
	}
	for _, c := range tiny {
		t.Run(c.of.Name, func(t *testing.T) {
			t.Parallel()
			r := measured(t, c.of, c.options)
			for name := range strings.SplitSeq(c.figures, "; ") {
				if f, ok := r.Figure(name); !ok || f.Value <= 0 {
					t.Errorf("%s\n got %+v in %+v\nwant a number", name, f, r.Figures)
				}
			}
			if r.Events < c.events || r.Lost != 0 || r.Duplicated != 0 {
				t.Errorf("\n got %d events, %d lost, %d duplicated\nwant at least %d, none lost, none duplicated", r.Events, r.Lost, r.Duplicated, c.events)
			}
		})
	}
}

// A time alone bounds what is queued, too.
func TestQueueForATime(t *testing.T) {
	t.Parallel()
	if r := measured(t, queue, Options{For: 300 * time.Millisecond}); r.Events == 0 || r.Lost != 0 {
		t.Errorf("\n got %d events, %d lost\nwant some, none lost", r.Events, r.Lost)
	}
}

// The warehouse can be one that is there already, with events of others in it.
func TestNamedWarehouse(t *testing.T) {
	dsn := postgres.Start(t).Database(t)
	t.Setenv("BENCH_URL", dsn)
	for run := range 2 {
		r := measured(t, path, Options{Events: 500, Warehouse: `{postgres: {url: "${BENCH_URL}", schema: bench}}`})
		rows := postgres.Rows(t, dsn, "SELECT count(*) > $1 FROM bench.events", run*r.Events+500)
		if r.Lost != 0 || r.Duplicated != 0 || rows[0] != "true" {
			t.Errorf("run %d\n got %+v, more than %d rows: %s\nwant all of its events", run, r, run*r.Events+500, rows[0])
		}
	}
}

// An event that one destination does not get is noticed in every case, and does not hold it up for ever.
func TestCasesSeeLostEvents(t *testing.T) {
	for _, c := range tiny {
		t.Run(c.of.Name, func(t *testing.T) {
			t.Parallel() // it waits most of the time
			o := c.options
			o.patience = 10 * time.Second
			var once atomic.Bool // the first place that an event comes to forgets it
			o.lose = func(int) bool { return once.CompareAndSwap(false, true) }
			if r := measured(t, c.of, o); r.Lost != 1 {
				t.Errorf("\n got %d of %d events lost\nwant 1", r.Lost, r.Events)
			}
		})
	}
}

func TestFind(t *testing.T) {
	if all, err := Find("all"); err != nil || len(all) != len(Cases()) {
		t.Errorf("all\n got %d cases, %v\nwant %d", len(all), err, len(Cases()))
	}
	if c, err := Find("soak"); err != nil || len(c) != 1 || c[0].Name != "soak" {
		t.Errorf("soak\n got %v, %v", c, err)
	}
	if _, err := Find("sok"); err == nil || !strings.Contains(err.Error(), "soak or all") {
		t.Errorf("an unknown case\n got %v\nwant the names of all", err)
	}
}

func TestMerge(t *testing.T) {
	round := func(value float64, lost int) Result {
		return Result{Figures: []Figure{{Name: "rate", Value: value}}, Events: 10, Lost: lost}
	}
	r := merge([]Result{round(5, 0), round(1, 1), round(4, 0)})
	if f := r.Figures[0]; f.Value != 4 || len(f.Rounds) != 3 || r.Events != 30 || r.Lost != 1 {
		t.Errorf("\n got %+v\nwant the median of three rounds, 30 events, 1 lost", r)
	}
	if f := merge([]Result{round(5, 0)}).Figures[0]; f.Value != 5 || f.Rounds != nil {
		t.Errorf("one round\n got %+v", f)
	}
}

func TestLedger(t *testing.T) {
	g := generator{run: 7, names: []string{"a", "b", "c"}}
	l := newLedger(g)
	l.wants = func(i int) bool { return i%2 == 0 }
	text := []byte("[")
	for _, i := range []int{0, 2, 2, 3, 130} {
		text = append(g.appendEvent(text, i, time.Now()), ',')
	}
	text = generator{run: 8}.appendEvent(text, 4, time.Now())
	l.add(g.numbers(nil, text), time.Now())
	if l.count != 3 || l.repeated != 1 || l.foreign != 2 {
		t.Errorf("\n got %d events, %d repeated, %d foreign\nwant 3, 1 and 2", l.count, l.repeated, l.foreign)
	}
	if n := l.missing(132); n != 63 {
		t.Errorf("missing of the 66 even numbers below 132\n got %d\nwant 63", n)
	}
	if err := l.wait(t.Context(), 5, time.Hour, l.total); err != nil {
		t.Errorf("waiting for what is there: %v", err)
	}
	for _, patience := range []time.Duration{time.Millisecond, time.Hour} {
		if err := l.wait(t.Context(), 132, patience, l.total); err != nil {
			t.Errorf("waiting for what is lost: %v", err) // the second time it is not waited for
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := l.wait(stopped, 200, time.Hour, l.total); err == nil {
		t.Error("waiting for what is missing returned")
	}
	if n := testing.AllocsPerRun(10, func() { g.number(text[9:45]) }); n > 0 {
		t.Errorf("finding the number of an id allocates %v times", n)
	}
}

func TestLatencies(t *testing.T) {
	var l latencies
	for i := range 100 {
		l.add(time.Duration(100-i) * time.Millisecond)
	}
	if p := l.take(50, 99); p[0] != 51 || p[1] != 100 {
		t.Errorf("\n got %v\nwant [51 100]", p)
	}
	if p := l.take(50); p[0] != 0 {
		t.Errorf("of nothing\n got %v\nwant 0", p)
	}
}

func TestSlope(t *testing.T) {
	var samples []sample
	for i := range 30 {
		samples = append(samples, sample{time.Duration(i) * 10 * time.Second, 200 + float64(i)/2})
	}
	if got := slope(samples); got < 2.99 || got > 3.01 {
		t.Errorf("half a MB every ten seconds\n got %v MB/min\nwant 3", got)
	}
}
