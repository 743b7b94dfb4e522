package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// change turns a running configuration into another. Its parts are called in their order.
type change struct {
	old, next *App
	capture   *capture.Server

	processes  []*process.Stage   // of next, by pipeline; an old one where nothing changed
	deliveries [][]*deliver.Stage // of next, by pipeline and destination
	runners    map[string]*ingest.Runner

	ended   []any // keys of services that end: stages and runners
	started []any // keys of services that begin
	retired []any // components that nothing uses afterwards

	webhooks control.Changes
}

func newChange(old, next *App) *change {
	return &change{old: old, next: next, runners: map[string]*ingest.Runner{}}
}

// prepare does everything that can fail. Components that did not change are taken over from the old configuration.
func (s *change) prepare(ctx context.Context) (err error) {
	for i, p := range s.next.pipelines {
		j := slices.IndexFunc(s.old.pipelines, func(o *builtPipeline) bool { return o.name == p.name })
		stages, err := s.destinations(ctx, p, j)
		if err != nil {
			return err
		}
		s.deliveries = append(s.deliveries, stages)
		if j >= 0 && s.old.pipelines[j].print == p.print {
			p.chain = s.old.pipelines[j].chain
			s.processes = append(s.processes, s.old.processes[j])
			continue
		}
		if j >= 0 {
			s.ended = append(s.ended, s.old.processes[j])
		}
		stage := s.old.processOf(s.next.pipelines[i])
		s.processes, s.started = append(s.processes, stage), append(s.started, stage)
		if err := stage.Open(); err != nil {
			return err
		}
	}
	s.removed()
	if err := s.sources(ctx); err != nil {
		return err
	}
	if s.old.capture != nil {
		continueWebhooks(s.old.webhooks, s.next.webhooks)
		s.capture, err = s.old.newCapture(s.next.captureConfig, s.next.webhooks)
	}
	return err
}

// destinations opens the changed destinations of p, which is the old configuration's pipeline j, or a new one when j is negative.
func (s *change) destinations(ctx context.Context, p *builtPipeline, j int) ([]*deliver.Stage, error) {
	var stages []*deliver.Stage
	for i := range p.destinations {
		d := &p.destinations[i]
		if d.component == s.next.warehouse {
			d.component = s.old.warehouse
		}
		o := -1
		if j >= 0 {
			o = slices.IndexFunc(s.old.pipelines[j].destinations, func(b builtDestination) bool { return b.name == d.name })
		}
		if o >= 0 && s.old.pipelines[j].destinations[o].print == d.print {
			d.component = s.old.pipelines[j].destinations[o].component
			stages = append(stages, s.old.deliveries[j][o])
			continue
		}
		if d.component != s.old.warehouse {
			if err := s.old.open(ctx, fmt.Sprintf("destination %q", d.name), d.component); err != nil {
				return nil, err
			}
		}
		stage := s.old.deliverOf(p, d)
		stages, s.started = append(stages, stage), append(s.started, stage)
	}
	return stages, nil
}

// removed notes the stages and destinations of which the new configuration has none, or another.
func (s *change) removed() {
	var kept []any
	for _, stages := range s.deliveries {
		for _, stage := range stages {
			kept = append(kept, stage)
		}
	}
	for j, p := range s.old.pipelines {
		if !slices.ContainsFunc(s.next.pipelines, func(n *builtPipeline) bool { return n.name == p.name }) {
			s.ended = append(s.ended, s.old.processes[j])
		}
		for o, stage := range s.old.deliveries[j] {
			if slices.Contains(kept, any(stage)) {
				continue
			}
			s.ended = append(s.ended, stage)
			if c := p.destinations[o].component; c != s.old.warehouse {
				s.retired = append(s.retired, c)
			}
		}
	}
}

func (s *change) sources(ctx context.Context) error {
	for i := range s.next.sources {
		n := &s.next.sources[i]
		j := slices.IndexFunc(s.old.sources, func(o builtSource) bool { return o.name == n.name })
		if j >= 0 && s.old.sources[j].print == n.print {
			n.source, s.runners[n.name] = s.old.sources[j].source, s.old.runners[n.name]
			continue
		}
		if err := s.old.open(ctx, fmt.Sprintf("source %q", n.name), n.source); err != nil {
			return err
		}
		s.runners[n.name] = s.old.runnerOf(*n)
		s.started = append(s.started, s.runners[n.name])
	}
	for _, o := range s.old.sources {
		if s.runners[o.name] != s.old.runners[o.name] {
			s.ended, s.retired = append(s.ended, s.old.runners[o.name]), append(s.retired, o.source)
		}
	}
	return nil
}

// retire ends what the new configuration does not have any more, each within the time that its stage needs for what is in hand. Pipelines
// end before destinations, so that nothing is handed to one that has ended.
func (s *change) retire() {
	for _, stage := range s.ended {
		if _, ok := stage.(*process.Stage); ok {
			s.old.tiers.stop(stage)
		}
	}
	for _, stage := range s.ended {
		if _, ok := stage.(*process.Stage); !ok {
			s.old.tiers.stop(stage)
		}
	}
}

// adopt makes the new configuration the one that everybody sees. Counters go on where a part of the same name has ended.
func (s *change) adopt() {
	a := s.old
	for i, p := range s.next.pipelines {
		j := slices.IndexFunc(a.pipelines, func(o *builtPipeline) bool { return o.name == p.name })
		if j < 0 {
			continue
		}
		if s.processes[i] != a.processes[j] {
			s.processes[i].Continue(a.processes[j])
		}
		for d, stage := range s.deliveries[i] {
			for _, o := range a.deliveries[j] {
				if o != stage && o.Target().Name == p.destinations[d].name {
					stage.Continue(o)
				}
			}
		}
	}
	if s.capture != nil {
		a.capture.Adopt(s.capture)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.project, a.prints, a.captureConfig = s.next.project, s.next.prints, s.next.captureConfig
	s.webhooks = webhookChanges(a.webhooks, s.next.webhooks)
	a.webhooks, a.pipelines, a.sources = s.next.webhooks, s.next.pipelines, s.next.sources
	a.processes, a.deliveries, a.runners = s.processes, s.deliveries, s.runners
}

// added are the pipelines and destinations that the old configuration did not have. It comes before adopt.
func (s *change) added() []target {
	var added []target
	for _, p := range s.next.pipelines {
		if !s.old.has(p.name, "") {
			added = append(added, target{p.name, ""})
		}
		for _, d := range p.destinations {
			if !s.old.has(p.name, d.name) {
				added = append(added, target{p.name, d.name})
			}
		}
	}
	return added
}

// begin starts what is new.
func (s *change) begin() {
	for _, key := range s.started {
		s.old.tiers.startStage(key)
	}
}

func (s *change) changes() control.Changes {
	var c control.Changes
	names := func(keys []any) (out []string) {
		for _, key := range keys {
			switch k := key.(type) {
			case *process.Stage:
				out = append(out, target{k.Pipeline().Name, ""}.String())
			case *deliver.Stage:
				out = append(out, target{k.Target().Pipeline, k.Target().Name}.String())
			case *ingest.Runner:
				out = append(out, fmt.Sprintf("source %q", k.Status().Source))
			}
		}
		return out
	}
	ended := names(s.ended)
	for _, name := range names(s.started) {
		if i := slices.Index(ended, name); i >= 0 {
			ended = slices.Delete(ended, i, i+1)
			c.Changed = append(c.Changed, name)
			continue
		}
		c.Added = append(c.Added, name)
	}
	c.Removed = append(ended, s.webhooks.Removed...)
	c.Added, c.Changed = append(c.Added, s.webhooks.Added...), append(c.Changed, s.webhooks.Changed...)
	return c
}
