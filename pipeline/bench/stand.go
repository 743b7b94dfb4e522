package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/app"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/query"
)

// stand is what a case works with: a private instance, the places where its events come out, what sends to it, and the result to fill.
type stand struct {
	Options
	dir       string // of the project
	gen       generator
	stored    bool // whether the project has a warehouse among its destinations
	warehouse *ledger
	hold      chan struct{} // until it is closed, the warehouse takes nothing; nil is never
	receivers []*receiver
	app       *app.App
	load      *load
	result    Result
	failed    error // of opening the receivers
}

// round measures once, in a folder that is gone afterwards.
func (c Case) round(ctx context.Context, components app.Components, o Options) (r Result, err error) {
	dir, err := os.MkdirTemp(o.Dir, "prickle-bench-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &stand{Options: o, dir: dir, gen: generator{run: uint64(time.Now().UnixMilli())}}
	s.result = Result{Case: c.Name, Batch: o.Batch, Connections: o.Connections, Gzip: o.Gzip}
	s.warehouse = newLedger(s.gen)
	defer func() {
		for _, r := range s.receivers {
			r.close()
		}
	}()
	config := c.prepare(s)
	if s.failed != nil {
		return r, s.failed
	}
	if o.Warehouse != "" {
		config += "\nwarehouse: " + o.Warehouse + "\n"
	}
	if err := writeProject(dir, config); err != nil {
		return r, err
	}
	components.Warehouses = recorded(components.Warehouses, s.warehouse, s.hold)
	if s.app, err = app.Load(dir, components, app.Options{Log: o.Log}); err != nil {
		return r, err
	}
	debug.FreeOSMemory() // what a round before this one left
	resetPeakRSS()
	if err = s.run(ctx, c.measure); err == nil && c.after != nil {
		err = c.after(ctx, s, dir)
	}
	return s.result, err
}

// run runs the instance for as long as measure takes.
func (s *stand) run(ctx context.Context, measure func(context.Context, *stand) error) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	ready := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- s.app.Run(running, func(st control.Status) { ready <- st.Capture })
	}()
	var err error
	select {
	case err := <-ended:
		return err
	case url := <-ready:
		s.load = newLoad(s.Options, s.gen, url)
		defer s.load.lines.close()
		if err = measure(ctx, s); err == nil {
			err = s.finish(ctx)
		}
	}
	stop()
	return errors.Join(err, <-ended)
}

// finish waits for what is on its way, notes the memory, and looks for every event at every place.
func (s *stand) finish(ctx context.Context) error {
	n := s.load.sent()
	s.result.Events = n
	if err := s.settle(ctx, s.places()...); err != nil {
		return err
	}
	s.figure("peak memory", "MB", peakRSS())
	s.result.EventBytes = len(s.gen.appendBatch(nil, key, 0, 1000, time.Now())) / 1000
	for _, r := range s.receivers {
		s.result.Lost += r.missing(n)
		s.result.Repeated += r.repeated
		if r.foreign > 0 {
			return fmt.Errorf("%d events arrived at webhook %s that should not have", r.foreign, r.name)
		}
	}
	if !s.stored {
		return nil
	}
	s.say("looking up %d events in the warehouse", n)
	lost, doubled, err := verify(ctx, s, n)
	s.result.Lost += lost
	s.result.Duplicated += doubled
	return err
}

// places are all ledgers that events should be in.
func (s *stand) places() []*ledger {
	var all []*ledger
	if s.stored {
		all = append(all, s.warehouse)
	}
	for _, r := range s.receivers {
		all = append(all, r.ledger)
	}
	return all
}

// settle waits until everything that was sent has arrived at the places, or nothing has for so long that it is lost.
func (s *stand) settle(ctx context.Context, places ...*ledger) error {
	for _, l := range places {
		if err := l.wait(ctx, s.load.sent(), s.patience, s.arrived); err != nil {
			return err
		}
	}
	return nil
}

// arrived is how much has come, over all places.
func (s *stand) arrived() int {
	n := 0
	for _, l := range s.places() {
		n += l.total()
	}
	return n
}

func (s *stand) figure(name, unit string, value float64) {
	s.result.Figures = append(s.result.Figures, Figure{Name: name, Unit: unit, Value: value})
}

func (s *stand) say(format string, args ...any) {
	if s.Progress != nil {
		s.Progress(fmt.Sprintf(format, args...))
	}
}

// store is the destination that is the warehouse.
func (s *stand) store() string {
	s.stored = true
	return "warehouse"
}

// receive opens a receiver that wants all events, or those that wants names.
func (s *stand) receive(name string, wants func(i int) bool) *receiver {
	r, err := newReceiver(name, newLedger(s.gen))
	if err != nil {
		s.failed = errors.Join(s.failed, err)
		return new(receiver) // of which nothing but the name is asked
	}
	r.wants, r.lose = wants, s.lose
	s.receivers = append(s.receivers, r)
	return r
}

// verify reads every id back from the warehouse. One that was named may hold other events.
func verify(ctx context.Context, s *stand, events int) (lost, doubled int, err error) {
	l := newLedger(s.gen)
	l.lose = s.lose
	var ids []int
	err = s.app.Query(ctx, query.Request{SQL: "SELECT CAST(uuid AS VARCHAR) FROM events"}, query.EachRow(func(row []any) error {
		text, _ := row[0].(string)
		i, ours := s.gen.number([]byte(text))
		if !ours && s.Warehouse != "" {
			return nil
		}
		if !ours || i >= events {
			return fmt.Errorf("the warehouse holds an event that was never sent: %v", row[0])
		}
		ids = append(ids[:0], i)
		l.add(ids, time.Time{})
		return nil
	}))
	return l.missing(events), l.repeated, err
}

// recorded returns the specs with every instance they make reporting what it committed.
func recorded(specs []pipeline.Spec[pipeline.Warehouse], l *ledger, hold <-chan struct{}) []pipeline.Spec[pipeline.Warehouse] {
	out := append([]pipeline.Spec[pipeline.Warehouse](nil), specs...)
	for i := range out {
		inner := out[i].New
		out[i].New = func(config any, env pipeline.Env) (pipeline.Warehouse, error) {
			w, err := inner(config, env)
			if err != nil {
				return nil, err
			}
			return &recorder{w, l, hold}, nil
		}
	}
	return out
}
