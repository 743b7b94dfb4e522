package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// lines are connections to an instance. A request is written as it is and takes one of its own: the client of net/http would take as much of the
// processors for one event as the instance that is measured.
type lines struct {
	address string

	mu   sync.Mutex
	free []*line
}

// line is one connection.
type line struct {
	conn net.Conn
	in   *bufio.Reader
	head []byte
	used bool // it has been answered once
}

// answer is what came back to a request.
type answer struct {
	status int
	header http.Header
	text   []byte // its first kilobyte
}

// requestTime is how long a request may take, to the end of its answer.
const requestTime = time.Minute

// post sends a request and returns its answer. A connection that the other side has closed meanwhile is replaced.
func (ls *lines) post(ctx context.Context, f form, body []byte) (answer, error) {
	for {
		l, err := ls.take(ctx)
		if err != nil {
			return answer{}, err
		}
		a, keep, err := l.post(ctx, ls.address, f, body)
		if keep {
			ls.put(l)
			return a, err
		}
		_ = l.conn.Close() // which is of no use any more
		if l.used && err != nil && ctx.Err() == nil && closedByOther(err) {
			continue
		}
		return a, err
	}
}

// closedByOther recognises the end of a connection between two requests.
func closedByOther(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.As(err, &op) && !op.Timeout()
}

func (ls *lines) take(ctx context.Context) (*line, error) {
	ls.mu.Lock()
	if n := len(ls.free); n > 0 {
		l := ls.free[n-1]
		ls.free = ls.free[:n-1]
		ls.mu.Unlock()
		return l, nil
	}
	ls.mu.Unlock()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", ls.address)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	return &line{conn: conn, in: bufio.NewReader(conn)}, nil
}

func (ls *lines) put(l *line) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.free = append(ls.free, l)
}

// close closes the connections, which nobody uses any more.
func (ls *lines) close() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.free {
		_ = l.conn.Close() // after the last answer
	}
	ls.free = nil
}

// post sends a request over the connection. keep says that it can take another one.
func (l *line) post(ctx context.Context, address string, f form, body []byte) (a answer, keep bool, err error) {
	if ctx.Err() != nil {
		return a, true, context.Cause(ctx)
	}
	defer context.AfterFunc(ctx, func() { _ = l.conn.Close() })()
	if err := l.conn.SetDeadline(time.Now().Add(requestTime)); err != nil {
		return a, false, fmt.Errorf("capture: %w", err)
	}
	l.head = f.appendHead(l.head[:0], address, len(body))
	if _, err := (&net.Buffers{l.head, body}).WriteTo(l.conn); err != nil {
		return a, false, fmt.Errorf("capture: %w", err)
	}
	if _, err := l.in.Peek(1); err != nil { // which ReadResponse would not tell from an answer that breaks off
		return a, false, fmt.Errorf("capture: %w", err)
	}
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return a, false, fmt.Errorf("capture: %w", err)
	}
	defer resp.Body.Close()
	a = answer{status: resp.StatusCode, header: resp.Header}
	if a.text, err = io.ReadAll(io.LimitReader(resp.Body, 1<<10)); err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	}
	l.used = true
	if err != nil {
		return a, false, fmt.Errorf("capture: answer: %w", err)
	}
	return a, !resp.Close && ctx.Err() == nil, nil
}

// appendHead appends the head of a request.
func (f form) appendHead(dst []byte, host string, size int) []byte {
	dst = append(append(append(append(dst, "POST "...), f.path...), " HTTP/1.1\r\nHost: "...), host...)
	dst = append(append(dst, "\r\nUser-Agent: prickle-bench\r\nContent-Type: "...), f.contentType...)
	if f.encoding != "" {
		dst = append(append(dst, "\r\nContent-Encoding: "...), f.encoding...)
	}
	if f.bearer != "" {
		dst = append(append(dst, "\r\nAuthorization: Bearer "...), f.bearer...)
	}
	dst = strconv.AppendInt(append(dst, "\r\nContent-Length: "...), int64(size), 10)
	return append(dst, "\r\n\r\n"...)
}
