package oracle

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Client sends the events of some persons, one request at a time, as an SDK does: what was not acknowledged is sent again with the same
// ids until it is. Persons are not shared between clients, so that there is an order to be kept.
type Client struct {
	Ledger  *Ledger
	URL     func() string // where capture is; asked before each request
	Key     string
	Persons []string
	Batch   int  // events in a request; 1 sends single events
	Gzip    bool // compress bodies
	Mark    func(n int) Mark
	// Timeout of a request. An SDK has one, and sends again what may have been stored.
	Timeout time.Duration
	// Pace is the least time between the starts of two requests; 0 is as fast as it goes.
	Pace time.Duration

	// Refused is an answer that tells an SDK to give up, which no event here deserves; empty when there was none.
	Refused atomic.Pointer[string]
	// Repeats counts requests that were sent again.
	Repeats atomic.Int64

	handed int
}

// pause is the wait before a request is sent again. SDKs wait seconds; a short one hurts more.
const pause = 20 * time.Millisecond

// Run sends until enough is closed, and then once more what is not acknowledged yet, until it is or ctx ends: a request that is left in the
// middle could overtake what is sent afterwards.
func (c *Client) Run(ctx context.Context, enough <-chan struct{}) {
	transport := &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true}
	defer transport.CloseIdleConnections()
	web := &http.Client{Transport: transport, Timeout: c.Timeout}
	rng := rand.New(rand.NewPCG(uint64(len(c.Persons)), uint64(c.Batch)))
	for ctx.Err() == nil && c.Refused.Load() == nil {
		begun := time.Now()
		c.deliver(ctx, web, c.draw(rng))
		wait(ctx, c.Pace-time.Since(begun))
		select {
		case <-enough:
			return
		default:
		}
	}
}

// Send hands out and sends one event and returns it once it is acknowledged.
func (c *Client) Send(ctx context.Context, mark Mark) (*Event, error) {
	e := c.Ledger.Hand(c.Persons[0], mark)
	if !c.deliver(ctx, &http.Client{Timeout: c.Timeout}, []*Event{e}) {
		return nil, fmt.Errorf("a fresh event is not acknowledged: %w", context.Cause(ctx))
	}
	return e, nil
}

func (c *Client) draw(rng *rand.Rand) []*Event {
	batch := make([]*Event, 0, c.Batch)
	for range max(c.Batch, 1) {
		mark := Plain
		if c.Mark != nil {
			mark = c.Mark(c.handed)
		}
		c.handed++
		batch = append(batch, c.Ledger.Hand(c.Persons[rng.IntN(len(c.Persons))], mark))
	}
	return batch
}

// deliver sends the batch until it is acknowledged, which it reports.
func (c *Client) deliver(ctx context.Context, web *http.Client, batch []*Event) bool {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		if attempt > 0 {
			c.Repeats.Add(1)
		}
		status, text := c.post(ctx, web, batch)
		switch {
		case status == http.StatusOK:
			c.Ledger.Acknowledge(batch)
			return true
		case status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
			refusal := fmt.Sprintf("%d: %s", status, text)
			c.Refused.Store(&refusal)
			return false
		}
		if !wait(ctx, pause) {
			return false
		}
	}
	return false
}

// post makes one request. Status 0 means that there was no answer.
func (c *Client) post(ctx context.Context, web *http.Client, batch []*Event) (status int, text string) {
	path, body := c.body(batch)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.URL(), "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	if c.Gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	res, err := web.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	if err != nil {
		return 0, err.Error() // an SDK that has not seen the whole answer sends again
	}
	return res.StatusCode, string(answer)
}

func (c *Client) body(batch []*Event) (path string, body []byte) {
	if c.Batch <= 1 && len(batch) == 1 {
		path = "/capture/"
		one := batch[0].AppendJSON(nil)
		body = append(fmt.Appendf(nil, `{"api_key":%q,`, c.Key), one[1:]...)
	} else {
		path = "/batch/"
		body = fmt.Appendf(nil, `{"api_key":%q,"batch":[`, c.Key)
		for i, e := range batch {
			if i > 0 {
				body = append(body, ',')
			}
			body = e.AppendJSON(body)
		}
		body = append(body, "]}"...)
	}
	if !c.Gzip {
		return path, body
	}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	_, _ = w.Write(body)
	_ = w.Close() // writing to memory does not fail
	return path, packed.Bytes()
}

func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
