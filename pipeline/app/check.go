package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// CheckOnline asks every component that can tell whether the other side accepts its configuration. It changes nothing there.
func (a *App) CheckOnline(ctx context.Context) error {
	var errs []error
	check := func(what string, component any) {
		if c, ok := component.(pipeline.Checker); ok {
			if err := c.Check(ctx); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", what, err))
			}
		}
	}
	for _, p := range a.pipelines {
		for _, d := range p.destinations {
			check(fmt.Sprintf("pipeline %q destination %q", p.name, d.name), d.component)
		}
	}
	for _, s := range a.sources {
		check(fmt.Sprintf("source %q", s.name), s.source)
	}
	return errors.Join(errs...)
}

// Summary says in one line what the project holds.
func (a *App) Summary() string {
	transforms, destinations := 0, 0
	for _, p := range a.pipelines {
		transforms += len(p.chain)
		destinations += len(p.destinations)
	}
	summary := fmt.Sprintf("%s: no mistakes; files: %d, pipelines: %d, transforms: %d, destinations: %d, sources: %d",
		a.project.Name, len(a.project.Files), len(a.pipelines), transforms, destinations, len(a.sources))
	if n := len(a.webhooks); n > 0 {
		summary += fmt.Sprintf(", webhooks: %d", n)
	}
	return summary
}

// Chain returns the transforms of a pipeline; name may be empty when there is only one.
func (a *App) Chain(name string) (process.Chain, error) {
	if name == "" && len(a.pipelines) == 1 {
		return a.pipelines[0].chain, nil
	}
	var names []string
	for _, p := range a.pipelines {
		if p.name == name {
			return p.chain, nil
		}
		names = append(names, p.name)
	}
	if name == "" {
		return nil, fmt.Errorf("which pipeline? name one of %s", strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("pipeline %q: there is none of that name; there is %s", name, strings.Join(names, ", "))
}
