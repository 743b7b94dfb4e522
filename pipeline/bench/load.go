package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
)

// load sends events in batches over several connections.
type load struct {
	options Options
	gen     generator
	url     string
	client  *http.Client
	next    atomic.Int64 // number of the next event

	mu     sync.Mutex
	starts []time.Time // begin of the request of each batch, by number of its first event / batch size
}

func newLoad(o Options, g generator, url string) *load {
	transport := &http.Transport{MaxIdleConnsPerHost: o.Connections, DisableCompression: true}
	return &load{options: o, gen: g, url: url + "/batch/", client: &http.Client{Transport: transport, Timeout: time.Minute}}
}

// run sends events up to number end and returns how long it took. limit may be nil.
func (l *load) run(ctx context.Context, end int, limit *rate.Limiter) (time.Duration, error) {
	begin := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for range l.options.Connections {
		group.Go(func() error {
			var s sender
			for {
				from := int(l.next.Add(int64(l.options.Batch))) - l.options.Batch
				if from >= end {
					l.next.Add(-int64(l.options.Batch))
					return nil
				}
				to := min(from+l.options.Batch, end)
				if limit != nil {
					if err := limit.WaitN(ctx, to-from); err != nil {
						return err
					}
				}
				if err := l.post(ctx, &s, from, to); err != nil {
					return err
				}
			}
		})
	}
	err := group.Wait()
	return time.Since(begin), err
}

// sender holds the buffers of one connection.
type sender struct {
	body, zipped []byte
	gzip         *gzip.Writer
}

func (l *load) post(ctx context.Context, s *sender, from, to int) error {
	begin := time.Now()
	l.started(from, begin)
	s.body = l.gen.appendBatch(s.body[:0], key, from, to, begin)
	body := s.body
	if l.options.Gzip {
		var err error
		if body, err = s.zip(); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if l.options.Gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("capture answered %s: %s", resp.Status, answer)
	}
	return nil
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

func (l *load) started(event int, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := event / l.options.Batch
	for len(l.starts) <= i {
		l.starts = append(l.starts, time.Time{})
	}
	l.starts[i] = at
}

// start returns when the request of an event began.
func (l *load) start(event int) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := event / l.options.Batch; i < len(l.starts) {
		return l.starts[i]
	}
	return time.Time{}
}
