package capture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Counters are counts that survive a restart and that all processes of a project share. They are called from several goroutines.
type Counters interface {
	// Add adds n, which may be 0 or negative, to the count of a key in a period, and returns the sum of what all processes have added. After an
	// error it is unknown whether n was added.
	Add(ctx context.Context, key, period string, n int64) (sum int64, err error)
}

// quota counts a key's events in the current period. What is counted here is added to the shared count about once a second, so several
// processes together may let in as much more as they take in a second, and a crash forgets no more than that.
type quota struct {
	key, per string
	counters Counters

	mu      sync.Mutex
	current *ledger
	ledgers map[string]*ledger // by period: the current one, and earlier ones of which something is still to be added
	failed  time.Time          // when reading the shared count last failed
}

// ledger is the count of one period.
type ledger struct {
	period   string
	from, to time.Time
	known    bool  // shared has been read
	shared   int64 // of all processes, as far as it was heard of
	fresh    int64 // counted here and not yet added to shared
	refusing bool  // something was refused since shared was heard of: it may have become less
}

func (l *ledger) holds(now time.Time) bool { return !now.Before(l.from) && now.Before(l.to) }

const (
	// countTimeout bounds a question for the shared count.
	countTimeout = 5 * time.Second
	// countPause is how long requests are refused without asking after a question failed.
	countPause = time.Second
	// longestRetry is the longest wait that is worth telling a client: SDKs do not wait longer.
	longestRetry = 5 * time.Minute
)

// take reports an *overLimit when n events are more than what is left, or ErrUnavailable when what is left cannot be found out, and counts
// them otherwise, unless they are only asked about. The ledger is for giveBack.
func (q *quota) take(ctx context.Context, now time.Time, n int, limit Quota, forGood bool) (*ledger, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l, err := q.open(ctx, now)
	if err != nil {
		return nil, err
	}
	if l.shared+l.fresh+int64(n) > limit.Events {
		l.refusing = true
		over := &overLimit{code: codeQuota, status: http.StatusTooManyRequests, detail: "the quota of " + limit.String() + " is used up"}
		if retry := l.to.Sub(now); retry <= longestRetry {
			over.retry = max(retry, time.Second)
		}
		return nil, over
	}
	if forGood {
		l.fresh += int64(n)
	}
	return l, nil
}

// left is how many events of a limit are left now, and 0 when that has to be asked for.
func (q *quota) left(now time.Time, limit Quota) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.current; l != nil && l.known && l.holds(now) {
		return limit.Events - l.shared - l.fresh
	}
	return 0
}

// giveBack takes n events out of the count again.
func (q *quota) giveBack(l *ledger, n int) {
	if n == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	l.fresh -= int64(n)
	q.ledgers[l.period] = l // it may be that of a period that is over, and left out already
}

// open returns the ledger of the period that now falls in. Whichever way the clock steps, a period goes on with its own count.
func (q *quota) open(ctx context.Context, now time.Time) (*ledger, error) {
	if q.current == nil || !q.current.holds(now) {
		name, from, to := Quota{Per: q.per}.period(now)
		if q.ledgers[name] == nil {
			q.ledgers[name] = &ledger{period: name, from: from, to: to}
		}
		q.current = q.ledgers[name]
	}
	if q.current.known {
		return q.current, nil
	}
	if !q.failed.IsZero() && time.Since(q.failed) < countPause {
		return nil, ErrUnavailable
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTimeout)
	defer cancel()
	shared, err := q.counters.Add(ctx, q.key, q.current.period, 0)
	if err != nil {
		q.failed = time.Now()
		return nil, errors.Join(ErrUnavailable, err)
	}
	q.current.shared, q.current.known = shared, true
	return q.current, nil
}

// settle adds what was counted to the shared count, and hears what the others have.
func (q *quota) settle(ctx context.Context) error {
	q.mu.Lock()
	var open []*ledger
	for name, l := range q.ledgers {
		switch {
		case l.fresh != 0 || l.refusing && l == q.current:
			open = append(open, l)
		case l != q.current:
			delete(q.ledgers, name)
		}
	}
	q.mu.Unlock()
	var errs []error
	for _, l := range open {
		errs = append(errs, q.settleOne(ctx, l))
	}
	return errors.Join(errs...)
}

func (q *quota) settleOne(ctx context.Context, l *ledger) error {
	q.mu.Lock()
	fresh := l.fresh
	q.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	shared, err := q.counters.Add(ctx, q.key, l.period, fresh)
	if err != nil {
		return fmt.Errorf("quota of %q: %w", q.key, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	l.shared, l.fresh, l.known, l.refusing = shared, l.fresh-fresh, true, false
	return nil
}

func (q *quota) period() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.current.period
}

func (q *quota) status(ctx context.Context, now time.Time) (period string, used int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, _ = q.open(ctx, now) // without the shared count, what this process knows has to do
	return q.current.period, q.current.shared + q.current.fresh
}
