package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// hangUp serves fx and sends it a request's beginning; end is what the client does then. It returns the answer, once the server has seen the end and tried to
// store what it has.
func hangUp(t *testing.T, fx *fixture, body string, length int, end func(*net.TCPConn) error) (answer string) {
	t.Helper()
	requests := make(chan context.Context, 1)
	fx.log.before = func(ctx context.Context) error {
		<-(<-requests).Done() // net/http has seen that the client sends no more
		if ctx.Err() == nil {
			_, bounded := ctx.Deadline()
			if !bounded {
				return errors.New("storing has no bound in time")
			}
		}
		return ctx.Err()
	}
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		requests <- r.Context()
		fx.Handler().ServeHTTP(w, r)
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", length, body); err != nil {
		t.Fatal(err)
	}
	if err := end(conn.(*net.TCPConn)); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
	<-done
	return string(text)
}

// A client that sends no more than its request gets its answer, and the events of one that is gone are stored, unless its request is not complete.
func TestHalfClosed(t *testing.T) {
	for name, test := range map[string]struct {
		length int
		end    func(*net.TCPConn) error
		answer string
		stored int
	}{
		"half closed":            {len(goodEvent), (*net.TCPConn).CloseWrite, "HTTP/1.1 200 OK", 1},
		"gone":                   {len(goodEvent), (*net.TCPConn).Close, "", 1},
		"half closed too early":  {len(goodEvent) + 1, (*net.TCPConn).CloseWrite, "HTTP/1.1 400 Bad Request", 0},
		"gone before it was all": {len(goodEvent) + 1, (*net.TCPConn).Close, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			answer := hangUp(t, fx, goodEvent, test.length, test.end)
			if !strings.HasPrefix(answer, test.answer) || (answer == "") != (test.answer == "") {
				t.Errorf("answer\n got %q\nwant %s", answer, test.answer)
			}
			if n := len(fx.log.take(t)); n != test.stored {
				t.Errorf("%d events stored, want %d", n, test.stored)
			}
		})
	}
}

// The context of a complete request ends with the server, without a goroutine for each, and has the request's values.
func TestOutlast(t *testing.T) {
	type key struct{}
	server, stop := context.WithCancel(t.Context())
	client, gone := context.WithCancel(context.WithValue(context.WithValue(server, serving{}, server), key{}, "value"))
	j := &job{ctx: client}
	j.outlast()
	gone()
	if j.ctx.Err() != nil || j.ctx.Value(key{}) != "value" {
		t.Errorf("the client is gone: %v, value %v", j.ctx.Err(), j.ctx.Value(key{}))
	}
	child, cancel := context.WithCancel(j.ctx)
	defer cancel()
	stop()
	if child.Err() == nil {
		t.Error("the context does not end with the server at once")
	}
}
