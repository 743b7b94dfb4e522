package capture

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// frames speaks HTTP/2 frame by frame, as no well-behaved client does.
type frames struct {
	*http2.Framer
	t    *testing.T
	conn net.Conn
}

// talkFrames opens an HTTP/2 connection without TLS to a server on the clock of a bubble.
func talkFrames(t *testing.T, fx *fixture) *frames {
	t.Helper()
	conn, _, _ := talk(t, fx)
	f := &frames{t: t, conn: conn}
	in := &inbox{}
	in.more.L = &in.mu
	go in.fill(conn)
	f.Framer = http2.NewFramer(conn, in)
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	f.must(io.WriteString(conn, http2.ClientPreface))
	f.must(0, f.WriteSettings())
	return f
}

func (f *frames) must(_ int, err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// inbox takes what comes at once, so that no write of the server waits for the test.
type inbox struct {
	mu     sync.Mutex
	more   sync.Cond
	text   bytes.Buffer
	closed bool
}

func (in *inbox) fill(conn net.Conn) {
	b := make([]byte, 1<<10)
	for {
		n, err := conn.Read(b)
		in.mu.Lock()
		in.text.Write(b[:n])
		in.closed = err != nil
		in.more.Signal()
		in.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (in *inbox) Read(p []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.text.Len() == 0 && !in.closed {
		in.more.Wait()
	}
	return in.text.Read(p)
}

// post sends the headers of a request with a body, complete or not.
func (f *frames) post(stream uint32, complete bool) {
	f.t.Helper()
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for _, h := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "x"}, {":path", "/e"}} {
		if err := enc.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			f.t.Fatal(err)
		}
	}
	f.must(0, f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: complete}))
}

// answer reads until the status of a stream, or returns "closed" and when.
func (f *frames) answer(start time.Time) (status string, after time.Duration) {
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return "closed", time.Since(start)
		}
		if h, ok := frame.(*http2.MetaHeadersFrame); ok {
			return h.PseudoValue("status"), time.Since(start)
		}
	}
}

func TestHTTP2SlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t)
		f := talkFrames(t, fx)
		start := time.Now()
		f.post(1, true)
		f.must(0, f.WriteData(1, false, []byte(`{"event":`)))
		if status, after := f.answer(start); status != "408" || after != fx.config.Limits.BodyTimeout {
			t.Errorf("got %s after %s, want 408 after %s", status, after, fx.config.Limits.BodyTimeout)
		}
	})
}

// Headers that never become whole hold a connection for no longer than one that says nothing.
func TestHTTP2SlowHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t)
		f := talkFrames(t, fx)
		start := time.Now()
		f.post(1, false)
		closed, dripped := make(chan struct{}), make(chan struct{})
		go func() { // a little now and then
			defer close(dripped)
			for f.WriteContinuation(1, false, nil) == nil {
				select {
				case <-time.After(time.Second):
				case <-closed:
					return
				}
			}
		}()
		status, after := f.answer(start)
		close(closed)
		<-dripped
		if limit := fx.config.Limits.IdleTimeout + 5*time.Second; status != "closed" || after > limit {
			t.Errorf("got %s after %s, want closed within %s", status, after, limit)
		}
	})
}

func TestHTTP2WithoutARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t)
		start := time.Now()
		f := talkFrames(t, fx)
		status, after := f.answer(start)
		if limit := fx.config.Limits.IdleTimeout + 5*time.Second; status != "closed" || after > limit {
			t.Errorf("got %s after %s, want closed within %s", status, after, limit)
		}
	})
}

// Headers that go on and on are cut off at their limit.
func TestHTTP2EndlessHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t)
		f := talkFrames(t, fx)
		f.post(1, false)
		var block bytes.Buffer
		enc := hpack.NewEncoder(&block)
		enc.WriteField(hpack.HeaderField{Name: "x-a", Value: strings.Repeat("a", 10_000), Sensitive: true})
		for sent := 0; ; sent += block.Len() {
			if sent > 100*maxHeaderBytes {
				t.Fatalf("%d bytes of headers were taken", sent)
			}
			if err := f.WriteContinuation(1, false, block.Bytes()); err != nil {
				break
			}
		}
	})
}

// A connection may have so many requests at once and not more, and it takes no more of their bodies than its window.
func TestHTTP2Limits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := talkFrames(t, newFixture(t))
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				t.Fatal(err)
			}
			settings, ok := frame.(*http2.SettingsFrame)
			if !ok || settings.IsAck() {
				continue
			}
			streams, _ := settings.Value(http2.SettingMaxConcurrentStreams)
			window, _ := settings.Value(http2.SettingInitialWindowSize)
			if streams != maxStreams || window != 128<<10 {
				t.Errorf("%d streams with a window of %d, want %d and %d", streams, window, maxStreams, 128<<10)
			}
			return
		}
	})
}
