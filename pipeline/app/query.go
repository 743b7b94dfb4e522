package app

import (
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/query"
)

func (a *App) buildQuery(errs *mistakes) {
	a.queryConfig = query.DefaultConfig()
	errs.add(a.project.Query, a.project.Query.Decode(&a.queryConfig))
	var tokens []pipeline.Secret
	for _, key := range a.captureConfig.Keys {
		tokens = append(tokens, key.Token)
	}
	errs.add(a.project.Query, a.queryConfig.Conflict(tokens))
}

// openQuery takes the address where other programs ask.
func (a *App) openQuery() error {
	if !a.queryConfig.On() {
		return nil
	}
	a.query = query.NewServer(a.queryConfig, a, a.options.Log.With("component", "query"))
	if err := a.query.Listen(); err != nil {
		return err
	}
	a.closers = append(a.closers, closer{what: "query", close: a.query.Close})
	return nil
}
