package control

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"
)

// endless is a Backend whose passes end with their context alone.
type endless struct {
	Backend
	ended chan struct{}
}

func (b endless) Sync(ctx context.Context, _ string, progress func(Progress)) error {
	defer close(b.ended)
	for ctx.Err() == nil {
		progress(Progress{})
	}
	return ctx.Err()
}

// A client that was suspended does not hold a pass, and whoever waits for its end.
func TestSyncWithoutAReader(t *testing.T) {
	b := endless{ended: make(chan struct{})}
	s := NewServer(b, t.TempDir())
	s.patience = 50 * time.Millisecond
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Run(ctx) }()
	conn, err := net.Dial("unix", s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = `{"source":"shop"}`
	if _, err := fmt.Fprintf(conn, "POST /sync HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	select {
	case <-b.ended:
	case <-time.After(20 * time.Second):
		t.Error("the pass goes on although nobody reads of it")
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
