package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
)

// load sends events over several connections.
type load struct {
	options Options
	gen     generator
	url     string
	lines   *lines
	answers *latencies // of each request; nil for none

	mu     sync.Mutex
	next   int         // number of the next event
	since  int         // from which event on starts are kept
	starts []time.Time // when the request of each batch began
}

func newLoad(o Options, g generator, url string) *load {
	return &load{options: o, gen: g, url: url, lines: &lines{address: strings.TrimPrefix(url, "http://")}, since: -1}
}

// span says how much to send. It ends at whatever comes first; a bound that is zero is none.
type span struct {
	events int
	time   time.Duration
	until  <-chan struct{}
	perS   float64 // events a second; 0 for as fast as they are taken
}

// sent is how many events have been sent.
func (l *load) sent() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

// send sends, and returns when every request has been answered: how many events it sent, when it began and how long it took.
func (l *load) send(ctx context.Context, s span) (n int, begin time.Time, took time.Duration, err error) {
	first := l.sent()
	begin = time.Now()
	limit := rate.NewLimiter(rate.Inf, 0)
	if s.perS > 0 {
		limit = rate.NewLimiter(rate.Limit(s.perS), l.options.Batch)
	}
	end := 0
	if s.events > 0 {
		end = first + s.events
	}
	err = l.eachConnection(ctx, func(ctx context.Context) error {
		var buffers sender
		for !s.over(begin) {
			if err := limit.WaitN(ctx, l.options.Batch); err != nil {
				return err
			}
			from, to := l.take(end)
			if from == to {
				return nil
			}
			if err := l.post(ctx, &buffers, from, to); err != nil {
				return err
			}
		}
		return nil
	})
	return l.sent() - first, begin, time.Since(begin), err
}

// eachConnection calls send for each connection at the same time.
func (l *load) eachConnection(ctx context.Context, send func(ctx context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for range l.options.Connections {
		group.Go(func() error { return send(ctx) })
	}
	return group.Wait()
}

func (s *span) over(begin time.Time) bool {
	if s.time > 0 && time.Since(begin) >= s.time {
		return true
	}
	select {
	case <-s.until: // of a nil channel never
		return true
	default:
		return false
	}
}

// take takes the numbers of the next batch, none from end on; an end of 0 is none.
func (l *load) take(end int) (from, to int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from = l.next
	l.next += l.options.Batch
	if end > 0 {
		l.next = max(min(l.next, end), from)
	}
	return from, l.next
}

// watch keeps when requests begin from now on, and returns a function that gives an event's time since then to to, for a ledger to call.
func (l *load) watch(to *latencies) func(i int, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since, l.starts = l.next, nil
	return func(i int, at time.Time) {
		if start := l.start(i); !start.IsZero() {
			to.add(at.Sub(start))
		}
	}
}

func (l *load) started(event int, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since < 0 || event < l.since {
		return
	}
	i := (event - l.since) / l.options.Batch
	for len(l.starts) <= i {
		l.starts = append(l.starts, time.Time{})
	}
	l.starts[i] = at
}

// start returns when the request of an event began, if it is kept.
func (l *load) start(event int) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := (event - l.since) / l.options.Batch; l.since >= 0 && event >= l.since && i < len(l.starts) {
		return l.starts[i]
	}
	return time.Time{}
}

// sender holds the buffers of one connection.
type sender struct {
	body, zipped []byte
	gzip         *gzip.Writer
	lz           lzPacker
}

// post sends events, as often as it takes until they are accepted: an instance that is full says so, and SDKs wait and send again.
func (l *load) post(ctx context.Context, s *sender, from, to int) error {
	begin := time.Now()
	l.started(from, begin)
	s.body = l.gen.appendBatch(s.body[:0], key, from, to, begin)
	body, f := s.body, plain
	if l.options.Gzip {
		var err error
		if body, err = s.zip(); err != nil {
			return err
		}
		f = zipped
	}
	if err := l.insist(ctx, f, body); err != nil {
		return err
	}
	if l.answers != nil {
		l.answers.add(time.Since(begin))
	}
	return nil
}

// insist sends a body until it is accepted.
func (l *load) insist(ctx context.Context, f form, body []byte) error {
	for {
		again, err := l.request(ctx, f, body)
		if err != nil || again == 0 {
			return err
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// request returns 0 when the events were taken, or how long to wait.
func (l *load) request(ctx context.Context, f form, body []byte) (again time.Duration, err error) {
	a, err := l.lines.post(ctx, f, body)
	switch {
	case err != nil:
		return 0, err
	case a.status == http.StatusServiceUnavailable:
		seconds, _ := strconv.Atoi(a.header.Get("Retry-After"))
		return time.Duration(max(seconds, 1)) * time.Second, nil
	case a.status != http.StatusOK:
		return 0, fmt.Errorf("capture answered %d: %s", a.status, a.text)
	}
	return 0, nil
}

func (s *sender) zip() ([]byte, error) {
	buf := bytes.NewBuffer(s.zipped[:0])
	if s.gzip == nil {
		s.gzip = gzip.NewWriter(buf)
	} else {
		s.gzip.Reset(buf)
	}
	if _, err := s.gzip.Write(s.body); err != nil {
		return nil, err
	}
	err := s.gzip.Close()
	s.zipped = buf.Bytes()
	return s.zipped, err
}
