package capture

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// connection counts the open connections, and closes what is beyond the limit before anything is read of it.
func (s *Server) connection(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if limit := s.maxConnections(); s.flow.open.Add(1) > limit {
			_ = c.Close()
			s.tellCrowded(limit)
		}
	case http.StateClosed, http.StateHijacked:
		s.flow.open.Add(-1)
	case http.StateActive, http.StateIdle:
	}
}

// tellCrowded tells the operator at most once a minute.
func (s *Server) tellCrowded(limit int64) {
	if due(&s.flow.crowded) {
		s.deps.Log.Warn("too many connections: new ones are closed, and SDKs try again", "limit", limit)
	}
}

// due reports whether warnEvery has passed since it last was, in nanoseconds since 1970.
func due(told *atomic.Int64) bool {
	now, last := time.Now().UnixNano(), told.Load()
	return time.Duration(now-last) >= warnEvery && told.CompareAndSwap(last, now)
}

// isCrowded says that more than half of the connections are open, so that none should be kept open for a next request.
func (s *Server) isCrowded() bool { return s.flow.open.Load() > s.maxConnections()/2 }

func (s *Server) maxConnections() int64 { return int64(s.active().config.Limits.Connections) }
