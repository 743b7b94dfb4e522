package capture

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// quotas are the counts of all keys. Those of keys that are configured no more stay, for requests that were in may still use them.
type quotas struct {
	mu  sync.Mutex
	all []*quota
}

// open returns the count of a key by day or by month.
func (q *quotas) open(key, per string, counters Counters) *quota {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, known := range q.all {
		if known.key == key && known.per == per {
			return known
		}
	}
	made := &quota{key: key, per: per, counters: counters, ledgers: map[string]*ledger{}}
	q.all = append(q.all, made)
	return made
}

// settle settles all counts.
func (q *quotas) settle(ctx context.Context) error {
	q.mu.Lock()
	all := slices.Clone(q.all)
	q.mu.Unlock()
	var errs []error
	for _, one := range all {
		errs = append(errs, one.settle(ctx))
	}
	return errors.Join(errs...)
}

// settleEvery is how often counts are settled.
const settleEvery = time.Second

// countQuotas settles counts until its result is called, which settles them for the last time.
func (s *Server) countQuotas() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.keepQuotas(ctx)
	}()
	return func() {
		cancel()
		<-done
		if err := s.flow.quotas.settle(context.WithoutCancel(ctx)); err != nil {
			s.deps.Log.Error("counts of quotas cannot be stored: what came in since the last time is not counted", "error", err)
		}
	}
}

// keepQuotas settles counts until ctx ends. It tells the operator once when that fails, and once when it works again.
func (s *Server) keepQuotas(ctx context.Context) {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.flow.quotas.settle(context.WithoutCancel(ctx)) // cut off in the middle, it would not be known what was added
		switch {
		case err != nil && !failing:
			s.deps.Log.Error("counts of quotas cannot be stored: they go on in this process", "error", err)
		case err == nil && failing:
			s.deps.Log.Info("counts of quotas are stored again")
		}
		failing = err != nil
	}
}
