package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

// importing is live traffic at a steady rate while old events are imported, as `prickle import` does by itself.
var importing = Case{
	Name: "import", Summary: "live events while old ones are imported: what they notice",
	defaults: Options{For: 20 * time.Second, Batch: 100, Connections: 16},
	prepare: func(s *stand) string {
		return project(pipelines("bench", "[hog: enrich.hog]", []string{s.receive("live", nil).arrays(soon)}))
	},
	measure: measureImport,
}

const (
	importPerS = 5000 // events a second, which is prickle import's own
	importPart = 1000 // events in a request of an import
)

// importForm is a part of a file.
var importForm = form{name: "import", path: "/import?format=events", contentType: "application/json", encoding: "gzip", bearer: key}

func measureImport(ctx context.Context, s *stand) error {
	live := s.receivers[0]
	if _, _, _, err := s.burst(ctx, span{events: max(s.Events, s.Batch)}, live.ledger); err != nil { // so that everything has run once
		return err
	}
	before, err := s.steady(ctx, live)
	if err != nil {
		return err
	}
	s.say("importing %d events/s meanwhile", importPerS)
	running, stop := context.WithCancel(ctx)
	defer stop()
	imported, ended := 0, make(chan error, 1)
	begin := time.Now()
	go func() { ended <- s.load.importUntil(running, &imported) }()
	during, err := s.steady(ctx, live)
	took := time.Since(begin)
	stop()
	if importErr := <-ended; err == nil && importErr != nil {
		err = fmt.Errorf("import: %w", importErr)
	}
	if err != nil {
		return err
	}
	if err := s.settle(ctx, live.ledger); err != nil {
		return err
	}
	after, err := s.steady(ctx, live)
	if err != nil {
		return err
	}
	s.figure("imported", "events/s", perSecond(imported, took))
	s.noticed(before[1], during[1], after[1])
	return nil
}

// importUntil imports part after part until ctx ends; the part at hand is finished.
func (l *load) importUntil(ctx context.Context, imported *int) error {
	limit := rate.NewLimiter(importPerS, importPart)
	var s sender
	for limit.WaitN(ctx, importPart) == nil {
		from := l.reserve(importPart)
		s.body = s.body[:0]
		for i := from; i < from+importPart; i++ {
			s.body = append(l.gen.appendEvent(s.body, i, time.Now().AddDate(0, -1, 0)), '\n')
		}
		body, err := s.zip()
		if err != nil {
			return err
		}
		if err := l.insist(context.WithoutCancel(ctx), importForm, body); err != nil {
			return err
		}
		*imported += importPart
	}
	return nil
}

// reserve takes the numbers of n events that are sent in some other way, whole batches of them.
func (l *load) reserve(n int) (from int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from = l.next
	l.next += (n + l.options.Batch - 1) / l.options.Batch * l.options.Batch
	return from
}
