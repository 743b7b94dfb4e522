package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/klauspost/compress/gzip"
)

// importTarget is where a file is sent to.
type importTarget struct {
	address, key string
	client       *http.Client
	base         string // of the URLs to post to
	format       string
	columns      map[string]string
	waiting      func(error) // told what a part waits for
	reached      bool        // something has answered
}

// shown is the address without a password that is in it.
func (t *importTarget) shown() string {
	if u, err := url.Parse(t.address); err == nil {
		return u.Redacted()
	}
	return t.address
}

// how is what decides how a file is read: the format, the columns, and the key, of which it gives nothing away.
func (t *importTarget) how() string {
	how := t.format
	for _, field := range slices.Sorted(maps.Keys(t.columns)) {
		how += " " + field + "=" + t.columns[field]
	}
	return how + " by " + digest([]byte(t.key))[:8]
}

// imported is what capture answers to a part.
type imported struct {
	Accepted int         `json:"accepted"`
	Rejected []rejection `json:"rejected"`
}

// rejection is a record that was not stored.
type rejection struct {
	Line   int    `json:"line"`
	Detail string `json:"detail"`
}

// errTooLarge is a part of which capture takes less at once.
var errTooLarge = errors.New("larger than capture takes")

// refused is capture's answer to a part of which it stores nothing.
type refused struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Errors []struct {
		Index  int    `json:"index"`
		Detail string `json:"detail"`
	} `json:"errors"`
}

// importPatience is for how long a part is sent again that capture has no place for.
const importPatience = 15 * time.Minute

// post sends a part, again and again while capture has no place for it.
func (t *importTarget) post(ctx context.Context, body []byte, line int) (*imported, error) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 200*time.Millisecond, 10*time.Second
	return backoff.Retry(ctx, func() (*imported, error) { return t.try(ctx, zipped.Bytes(), line) },
		backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(importPatience), backoff.WithNotify(func(err error, _ time.Duration) { t.waiting(err) }))
}

func (t *importTarget) try(ctx context.Context, body []byte, line int) (*imported, error) {
	query := url.Values{"format": {t.format}, "line": {strconv.Itoa(line)}}
	for field, column := range t.columns {
		query.Set("column."+field, column)
	}
	within, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(within, http.MethodPost, t.base+"/import?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("Authorization", "Bearer "+t.key)
	resp, err := t.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, backoff.Permanent(ctx.Err())
		}
		err = fmt.Errorf("%w; is the project running?", err)
		if !t.reached { // it is hardly a restart
			err = backoff.Permanent(err)
		}
		return nil, err
	}
	defer resp.Body.Close()
	t.reached = true
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return nil, err
	}
	return answerOf(resp, text)
}

// answerOf tells what is final from what may be better the next time.
func answerOf(resp *http.Response, text []byte) (*imported, error) {
	var got imported
	switch {
	case resp.StatusCode == http.StatusOK:
		if err := json.Unmarshal(text, &got); err != nil {
			return nil, backoff.Permanent(fmt.Errorf("%s does not answer as capture does: %w", resp.Request.URL.Host, err))
		}
		return &got, nil
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		err := fmt.Errorf("%s answered %s: %s", resp.Request.URL.Host, resp.Status, bytes.TrimSpace(text[:min(len(text), 500)]))
		if after, _ := strconv.Atoi(resp.Header.Get("Retry-After")); after > 0 {
			return nil, errors.Join(err, backoff.RetryAfter(after))
		}
		return nil, err
	}
	var no refused
	if err := json.Unmarshal(text, &no); err != nil || no.Code == "" {
		return nil, backoff.Permanent(fmt.Errorf("%s answered %s: is that the capture address of a Prickle that knows imports?", resp.Request.URL.Host, resp.Status))
	}
	switch {
	case resp.StatusCode == http.StatusRequestEntityTooLarge:
		return nil, backoff.Permanent(fmt.Errorf("%w: %s", errTooLarge, no.Detail))
	case len(no.Errors) == 0:
		return nil, backoff.Permanent(errors.New(no.Detail))
	}
	for _, e := range no.Errors { // nothing of the part can be stored
		got.Rejected = append(got.Rejected, rejection{e.Index, e.Detail})
	}
	return &got, nil
}
