package capture

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// allowance is what may come in by one key or webhook. A request is within it as a whole or not at all, so that one sent again is complete.
type allowance struct {
	what  string  // "key" or "webhook"
	key   string  // its name
	rate  *bucket // nil is no limit
	limit Quota   // the zero Quota is no limit
	quota *quota  // what is used of limit
	log   *slog.Logger
	stats *Stats
	*refusals
}

// refusals is what is known of refused requests of a key.
type refusals struct {
	overRate, overQuota atomic.Uint64 // events

	mu     sync.Mutex
	warned time.Time // when the log was last told about the rate
	used   string    // the last period of which the log was told that the quota is used up
}

// warnEvery is how often the log is told that a key is over its rate.
const warnEvery = time.Minute

// source is a key or a webhook, whose events have its name.
type source struct {
	what, name string
	Allowance
}

// limited are the keys and webhooks that have limits: the keys as they are configured, then the webhooks by name.
func (s *Server) limited() (all []source) {
	for i, k := range s.config.Keys {
		all = append(all, source{"key", keyName(s.config.Keys, i), k.Allowance})
	}
	for _, name := range slices.Sorted(maps.Keys(s.deps.Webhooks)) {
		all = append(all, source{"webhook", name, s.deps.Webhooks[name].Allowance()})
	}
	return slices.DeleteFunc(all, func(from source) bool { return from.Rate == 0 && from.Quota == (Quota{}) })
}

// hasQuotas reports whether there is any quota, which has to be counted.
func (s *Server) hasQuotas() bool {
	return slices.ContainsFunc(s.limited(), func(from source) bool { return from.Quota != (Quota{}) })
}

// newAllowances makes the allowances of what has one, by name; nil when nothing has.
func (s *Server) newAllowances() map[string]*allowance {
	var all map[string]*allowance
	for _, from := range s.limited() {
		a := &allowance{what: from.what, key: from.name, limit: from.Quota, log: s.deps.Log, stats: s.stats, refusals: &refusals{}}
		if from.Rate > 0 {
			a.rate = newBucket(from.Allowance)
		}
		if from.Quota != (Quota{}) {
			a.quota = s.flow.quotas.open(a.key, from.Quota.Per, s.deps.Counters)
		}
		if all == nil {
			all = map[string]*allowance{}
		}
		all[a.key] = a
	}
	return all
}

// carryOn makes s, which serves nothing yet and has the flow of old already, go on where old is.
func (s *Server) carryOn(old *Server) {
	s.allowances = s.newAllowances()
	for key, a := range s.allowances {
		was := old.allowances[key]
		if was == nil {
			continue
		}
		a.refusals = was.refusals
		if a.rate != nil && was.rate != nil && a.rate.same(was.rate) {
			a.rate = was.rate
		}
	}
}

// overLimit is the refusal of a request that is over the allowance of its key or webhook. Nothing of the request was taken.
type overLimit struct {
	code   string // "rate_limited" or "quota_exceeded"
	status int
	detail string
	retry  time.Duration // after which it may be within; 0 is not soon
}

const (
	codeRate  = "rate_limited"
	codeQuota = "quota_exceeded"
)

// Error is the detail.
func (e *overLimit) Error() string { return e.detail }

// ample says that about n events are no question.
func (a *allowance) ample(now time.Time, n int) bool {
	return (a.quota == nil || a.quota.left(now, a.limit) >= 2*int64(n)) && (a.rate == nil || a.rate.left(now) >= 2*n)
}

// check reports an *overLimit when n events are not within the allowance, without taking them.
func (a *allowance) check(ctx context.Context, now time.Time, n int) error {
	if a.quota != nil {
		if _, err := a.quota.take(ctx, now, n, a.limit, false); err != nil {
			return a.refused(err, n)
		}
	}
	if a.rate != nil {
		return a.refused(a.rate.take(now, n, false), n)
	}
	return nil
}

// take takes n events. The error is an *overLimit, or ErrUnavailable when what has been used of the quota cannot be read. giveBack returns
// some of them to the quota; the rate is about what is sent, stored or not. A nil allowance has no limits.
func (a *allowance) take(ctx context.Context, now time.Time, n int) (giveBack func(n int), err error) {
	if a == nil {
		return keep, nil
	}
	giveBack = keep
	if a.quota != nil {
		l, err := a.quota.take(ctx, now, n, a.limit, true)
		if err != nil {
			return nil, a.refused(err, n)
		}
		giveBack = func(n int) { a.quota.giveBack(l, n) }
	}
	if a.rate != nil {
		if err := a.rate.take(now, n, true); err != nil {
			giveBack(n)
			return nil, a.refused(err, n)
		}
	}
	return giveBack, nil
}

func keep(int) {}

// refused counts n events that were refused with err, and tells the operator now and then.
func (a *allowance) refused(err error, n int) error {
	over, ok := err.(*overLimit) //nolint:errorlint // it comes from bucket or quota as it is
	if !ok {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if over.code == codeQuota {
		a.overQuota.Add(uint64(n))
		a.stats.OverQuota.Add(uint64(n))
		if period := a.quota.period(); a.used != period {
			a.used = period
			a.log.Warn("a key or webhook has used up its quota: its events are refused until the period is over", a.what, a.key, "quota", a.limit.String(), "period", period)
		}
		return err
	}
	total := a.overRate.Add(uint64(n))
	a.stats.OverRate.Add(uint64(n))
	if a.warned.IsZero() || time.Since(a.warned) >= warnEvery {
		a.warned = time.Now()
		a.log.Warn("a key or webhook gets events faster than its rate: requests are refused, and SDKs and services send them again", a.what, a.key, "rate", a.rate.perSecond(), "refused_events", total)
	}
	return err
}

// KeyStatus is how far the allowance of a key or a webhook is used.
type KeyStatus struct {
	Key     string // its name
	Webhook bool   // it is a webhook
	Rate    Rate   // 0 is no limit
	Quota   Quota  // the zero Quota is no limit
	// Period is the one that the quota now counts in, such as "2026-03", and Used the events in it, of all processes as far as they are known.
	Period string
	Used   int64
	// OverRate and OverQuota are events that were refused since the start of the process. Those of requests that were refused several times
	// count several times.
	OverRate, OverQuota uint64
}

// Keys returns the state of every key that has a rate or a quota, in the order of the configuration, and of such webhooks, by name.
func (s *Server) Keys(ctx context.Context) []KeyStatus {
	s = s.active()
	var all []KeyStatus
	for _, from := range s.limited() {
		a := s.allowances[from.name]
		status := KeyStatus{Key: a.key, Webhook: a.what == "webhook", Rate: from.Rate, Quota: from.Quota, OverRate: a.overRate.Load(), OverQuota: a.overQuota.Load()}
		if a.quota != nil {
			status.Period, status.Used = a.quota.status(ctx, s.deps.Now())
		}
		all = append(all, status)
	}
	return all
}

func overRate(limit Rate, retry time.Duration) *overLimit {
	return &overLimit{
		code: codeRate, status: http.StatusTooManyRequests, retry: max(retry, time.Second),
		detail: fmt.Sprintf("over the rate of %d events a second: send again", limit),
	}
}
