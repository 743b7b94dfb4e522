package capture

import (
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// Handler returns the server's handler, for tests and for serving it in some other way.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.active().serve(w, r) })
}

func (s *Server) serve(to http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler) // closes the connection; returning would answer 200
	}
	defer s.flow.inFlight.Done()
	w := answers.Get().(*answer)
	w.ResponseWriter, w.status = to, 0
	defer s.count(w, time.Now())
	defer func() {
		if v := recover(); v != nil {
			s.deps.Log.Error("panic while serving", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			s.refuse(w, &wire.Refusal{Status: http.StatusInternalServerError, Code: "internal", Detail: "internal error"})
		}
	}()
	s.stats.Requests.Add(1)
	s.stats.InFlight.Add(1)
	allowOrigin(w, r)
	if s.isCrowded() || len(r.TransferEncoding) > 0 {
		// net/http does not tell whether a body in chunks had a length, too. A proxy in front that goes by the length sees more of it than this
		// server does, so what is behind such a body is never taken for another request.
		w.Header().Set("Connection", "close")
	}
	// Whatever is read of the body, now or when the rest is discarded, has to arrive by then. Only tests serve without deadlines.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.config.Limits.BodyTimeout))
	if err := s.dispatch(w, r); err != nil {
		s.refuse(w, err)
	}
}

// count notes how a request was answered. It comes after whatever still uses w.
func (s *Server) count(w *answer, start time.Time) {
	s.stats.InFlight.Add(-1)
	s.stats.Duration.Since(start)
	if w.status == 0 {
		w.status = http.StatusOK // what net/http says when nobody says anything
	}
	s.stats.answered(w.status)
	if w.span.On() {
		w.span.Int("http.response.status_code", w.status)
		if w.status >= http.StatusBadRequest {
			w.span.Fail("refused")
		}
		w.span.End()
	}
	w.ResponseWriter, w.span = nil, trace.Span{}
	answers.Put(w)
}

func (s *Server) dispatch(w http.ResponseWriter, r *http.Request) error {
	route, ok := s.route(r.URL.Path)
	if !ok {
		return notFound()
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	switch {
	case method == http.MethodOptions:
		return s.preflight(w, r)
	case !slices.Contains(route.methods, method):
		w.Header().Set("Allow", strings.Join(append(slices.Clone(route.methods), http.MethodOptions), ", "))
		return &wire.Refusal{
			Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Detail: "this path takes " + strings.Join(route.methods, " and "),
		}
	}
	return route.handle(w, r)
}

func notFound() error {
	return &wire.Refusal{Status: http.StatusNotFound, Code: "not_found", Detail: "there is nothing at this path"}
}

// enter counts a request in, unless Run is at its end.
func (s *Server) enter() bool {
	s.flow.closing.Lock()
	defer s.flow.closing.Unlock()
	if s.flow.closed {
		return false
	}
	s.flow.inFlight.Add(1)
	return true
}

// leave waits for the requests that are in, and lets no more in.
func (s *Server) leave() {
	s.flow.closing.Lock()
	s.flow.closed = true
	s.flow.closing.Unlock()
	s.flow.inFlight.Wait()
}
