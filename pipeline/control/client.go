package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/prickle-dev/prickle/pipeline/query"
)

// ErrNotRunning is returned by Dial when no process has the data folder.
var ErrNotRunning = errors.New("no running process")

// Client is a Backend over the socket of a running process.
type Client struct{ http *http.Client }

var _ Backend = (*Client)(nil)

// Dial connects to the process that owns the data folder, or returns ErrNotRunning.
func Dial(ctx context.Context, dataDir string) (*Client, error) {
	if err := ownFolder(dataDir); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	path := SocketPath(dataDir)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx, "", "")
	if err != nil {
		return nil, ErrNotRunning
	}
	if err := conn.Close(); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}, nil
}

// Status implements Backend.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var st Status
	err := c.one(ctx, http.MethodGet, "status", nil, &st)
	return st, err
}

// Reload implements Backend.
func (c *Client) Reload(ctx context.Context) (Changes, error) {
	var changes Changes
	err := c.one(ctx, http.MethodPost, "reload", nil, &changes)
	return changes, err
}

// Query implements Backend. Numbers reach the result as json.Number, so that no digit is lost.
func (c *Client) Query(ctx context.Context, q query.Request, result query.Result) error {
	return c.many(ctx, "query", q, func(p part) error {
		if p.Row == nil { // the columns, of which there may be none when there are no rows
			return result.Columns(p.Columns)
		}
		return result.Row(p.Row)
	})
}

// Tail implements Backend.
func (c *Client) Tail(ctx context.Context, where string, yield func(json.RawMessage) error) error {
	return c.many(ctx, "tail", tailRequest{Where: where}, func(p part) error { return yield(p.Event) })
}

// Sync implements Backend.
func (c *Client) Sync(ctx context.Context, source string, progress func(Progress)) error {
	return c.many(ctx, "sync", syncRequest{Source: source}, func(p part) error {
		if p.Progress != nil {
			progress(*p.Progress)
		}
		return nil
	})
}

func (c *Client) do(ctx context.Context, method, path string, in any) (*http.Response, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://prickle/"+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return resp, nil
}

func (c *Client) one(ctx context.Context, method, path string, in, out any) error {
	resp, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer := single{Value: out}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}

func (c *Client) many(ctx context.Context, path string, in any, each func(part) error) error {
	resp, err := c.do(ctx, http.MethodPost, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	dec := json.NewDecoder(resp.Body)
	dec.UseNumber()
	for {
		var p part
		if err := dec.Decode(&p); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if errors.Is(err, io.EOF) {
				return errors.New("control socket: the process went away before its answer was complete")
			}
			return fmt.Errorf("control socket: %w", err)
		}
		switch {
		case p.Error != "":
			return errors.New(p.Error)
		case p.End:
			return nil
		}
		if err := each(p); err != nil {
			return err
		}
	}
}
