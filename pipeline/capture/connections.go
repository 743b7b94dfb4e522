package capture

import (
	"net"
	"net/http"
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
	now, last := time.Now().UnixNano(), s.flow.crowded.Load()
	if time.Duration(now-last) >= warnEvery && s.flow.crowded.CompareAndSwap(last, now) {
		s.deps.Log.Warn("too many connections: new ones are closed, and SDKs try again", "limit", limit)
	}
}

// isCrowded says that more than half of the connections are open, so that none should be kept open for a next request.
func (s *Server) isCrowded() bool { return s.flow.open.Load() > s.maxConnections()/2 }

func (s *Server) maxConnections() int64 { return int64(s.active().config.Limits.Connections) }
