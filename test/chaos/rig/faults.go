package rig

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prickle-dev/prickle/test/chaos/oracle"
)

// failed is what every fault but Drops makes of a request.
var failed = oracle.Outcome{Failed: true}

// Status answers with a status.
func Status(code int) oracle.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ []oracle.Arrival) oracle.Outcome {
		w.WriteHeader(code)
		return failed
	}
}

// Limits answers 429 and names a time.
func Limits(after time.Duration) oracle.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ []oracle.Arrival) oracle.Outcome {
		w.Header().Set("Retry-After", strconv.FormatFloat(after.Seconds(), 'f', -1, 64))
		w.WriteHeader(http.StatusTooManyRequests)
		return failed
	}
}

// Resets breaks the connection in the hardest way.
func Resets(w http.ResponseWriter, _ *http.Request, _ []oracle.Arrival) oracle.Outcome {
	hijack(w, func(c net.Conn) {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	})
	return failed
}

// Garbage answers with what is no HTTP.
func Garbage(w http.ResponseWriter, _ *http.Request, _ []oracle.Arrival) oracle.Outcome {
	hijack(w, func(c net.Conn) { _, _ = c.Write([]byte("\x16\x03\x01 SSH-2.0 {\"ok\":true}\r\n\r\n\x00\xff")) })
	return failed
}

// Drops takes the events and breaks the connection before the answer.
func Drops(w http.ResponseWriter, _ *http.Request, _ []oracle.Arrival) oracle.Outcome {
	hijack(w, func(net.Conn) {})
	return oracle.Outcome{Took: true, Failed: true}
}

// Hangs holds requests until they are released or given up, and counts the ones that came.
type Hangs struct {
	Held    atomic.Int64
	Release chan struct{}
}

// Fault is the fault.
func (h *Hangs) Fault(w http.ResponseWriter, r *http.Request, _ []oracle.Arrival) oracle.Outcome {
	h.Held.Add(1)
	select {
	case <-h.Release:
	case <-r.Context().Done():
	}
	hijack(w, func(net.Conn) {})
	return failed
}

// Slow answers well, after a while.
func Slow(after time.Duration) oracle.Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ []oracle.Arrival) oracle.Outcome {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
			return oracle.Outcome{Took: true}
		case <-r.Context().Done():
			return oracle.Outcome{Took: true, Failed: true}
		}
	}
}

// Refuses answers 400 to what holds a marked event, and otherwise well.
func Refuses(ledger *oracle.Ledger) oracle.Fault {
	return func(w http.ResponseWriter, _ *http.Request, events []oracle.Arrival) oracle.Outcome {
		for _, a := range events {
			if e := ledger.Find(a.ID); e != nil && e.Mark == oracle.Refused {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, "this event is refused")
				// The batch is halved and sent again at once, in order.
				return oracle.Outcome{}
			}
		}
		return oracle.Outcome{Took: true}
	}
}

func hijack(w http.ResponseWriter, last func(net.Conn)) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the connection is broken already
	}
	last(conn)
	_ = conn.Close()
}

// Drips answers byte by byte, slower than anyone waits for.
func Drips(w http.ResponseWriter, r *http.Request, _ []oracle.Arrival) oracle.Outcome {
	hijack(w, func(c net.Conn) {
		ticker := time.NewTicker(500 * time.Millisecond)
		defer ticker.Stop()
		for _, b := range []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\nX-Filler: 0123456789012345678901234567890\r\n\r\n") {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			select {
			case <-ticker.C:
			case <-r.Context().Done():
				return
			}
		}
	})
	return failed
}
