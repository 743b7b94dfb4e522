package app

import (
	"context"

	"github.com/prickle-dev/prickle/pipeline/books"
	"github.com/prickle-dev/prickle/pipeline/control"
)

// accounts are what the books are kept of.
func accounts(pipelines []*builtPipeline) books.Project {
	project := books.Project{}
	for _, p := range pipelines {
		names := []string{}
		for _, d := range p.destinations {
			names = append(names, d.name)
		}
		project[p.name] = names
	}
	return project
}

// booksStatus is what the books say, nil while there are none or they cannot be read.
func (a *App) booksStatus(ctx context.Context) *control.BooksStatus {
	if a.running.Load() == nil {
		return nil
	}
	s, err := a.keeper.Statement(ctx)
	if err != nil {
		a.options.Log.Debug("reading the books", "error", err)
		return nil
	}
	out := &control.BooksStatus{Since: s.Since, Balance: s.Balance, Lost: s.Lost}
	for _, d := range s.Destinations {
		out.Destinations = append(out.Destinations, control.AccountStatus(d))
	}
	return out
}
