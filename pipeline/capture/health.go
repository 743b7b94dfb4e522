package capture

import (
	"net/http"
	"runtime/debug"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

func (s *Server) root(w http.ResponseWriter, _ *http.Request) error {
	return plain(w, "Prickle capture")
}

func (s *Server) liveness(w http.ResponseWriter, _ *http.Request) error {
	return plain(w, "alive")
}

// readiness tells load balancers whether the log takes events.
func (s *Server) readiness(w http.ResponseWriter, r *http.Request) error {
	if err := s.deps.Ready(r.Context()); err != nil {
		s.deps.Log.Warn("not ready", "error", err)
		return &wire.Refusal{Status: http.StatusServiceUnavailable, Code: "not_ready", Detail: "the event log takes no events"}
	}
	return plain(w, "ready")
}

// version says which program this is, as RudderStack's server does.
func (s *Server) version(w http.ResponseWriter, _ *http.Request) error {
	version := "unknown"
	if build, ok := debug.ReadBuildInfo(); ok && build.Main.Version != "" {
		version = build.Main.Version
	}
	return writeObject(w, object{"name": "Prickle", "version": version})
}

func plain(w http.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text + "\n"))
	return nil
}
