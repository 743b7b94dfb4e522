package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
	format, file string
	columns      map[string]string
	waiting      func(error) // told what a part waits for
	reached      bool        // something has answered
}

// imported is what capture answers to a part.
type imported struct {
	Accepted int `json:"accepted"`
	Rejected []struct {
		Line   int    `json:"line"`
		Detail string `json:"detail"`
	} `json:"rejected"`
}

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
	query := url.Values{"format": {t.format}, "file": {t.file}, "line": {strconv.Itoa(line)}}
	for _, field := range sortedFields(t.columns) {
		query.Set("column."+field, t.columns[field])
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
	if len(no.Errors) == 0 {
		return nil, backoff.Permanent(errors.New(no.Detail))
	}
	for _, e := range no.Errors { // nothing of the part can be stored
		got.Rejected = append(got.Rejected, struct {
			Line   int    `json:"line"`
			Detail string `json:"detail"`
		}{e.Index, e.Detail})
	}
	return &got, nil
}
