package query

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// pipes is a listener whose connections are in memory, where the time of a synctest bubble holds.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() (net.Conn, error) {
	here, there := net.Pipe()
	p.conns <- there
	return here, nil
}

// TestRefusedSlowReader cuts off somebody without a key who does not read what is answered.
func TestRefusedSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := DefaultConfig()
		config.Keys = pipeline.Secrets{readKey}
		s := NewServer(config, &store{}, slog.New(slog.DiscardHandler))
		listener := &pipes{make(chan net.Conn), make(chan struct{})}
		s.listener = listener
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		conn, err := listener.dial()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET /query?sql=1 HTTP/1.1\r\nHost: warehouse\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(config.Timeout + time.Minute) // of the bubble
		if answer, err := io.ReadAll(conn); len(answer) > 0 || err != nil {
			t.Errorf("after more than a minute\n got %q, %v\nwant a closed connection", answer, err)
		}
		stop()
		if err := errors.Join(<-ended, conn.Close()); err != nil {
			t.Error(err)
		}
	})
}
