package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prickle-dev/prickle/pipeline/query"
)

// Server answers commands on the project's socket.
type Server struct {
	backend  Backend
	dataDir  string
	path     string
	listener net.Listener
	patience time.Duration // clientPatience
}

// clientPatience is how long a client that stands still may keep a pass of a source from going on: whoever changes or stops the source waits for the pass.
const clientPatience = 10 * time.Second

// NewServer makes a server for the backend on the socket of the data folder.
func NewServer(backend Backend, dataDir string) *Server {
	return &Server{backend: backend, dataDir: dataDir, path: SocketPath(dataDir), patience: clientPatience}
}

// Listen takes the socket. The caller must own the data folder (see the bus's lock): a socket left by a killed process is replaced.
func (s *Server) Listen() error {
	if err := ownFolder(s.dataDir); err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if err := os.Remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("control socket: %w", err)
	}
	l, err := net.Listen("unix", s.path)
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(s.path, 0o600); err != nil {
		_ = l.Close()
		return fmt.Errorf("control socket: %w", err)
	}
	s.listener = l
	return nil
}

// Close gives the socket up. It may be called whether Run was or not.
func (s *Server) Close() error {
	if s.listener == nil {
		return nil
	}
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("control socket: %w", err)
	}
	return nil
}

// Run serves until ctx ends, which also ends the requests in flight.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(s.listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("control socket: %w", err)
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if server.Shutdown(bounded) != nil {
		_ = server.Close() // only repeats that connections were busy
	}
	<-done //nolint:errcheck // it ended because it was told to
	return nil
}

// Handler is the protocol without the socket.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		st, err := s.backend.Status(r.Context())
		answer(w, st, err)
	})
	mux.HandleFunc("POST /reload", func(w http.ResponseWriter, r *http.Request) {
		// A client that goes away does not undo half of a reload.
		changes, err := s.backend.Reload(context.WithoutCancel(r.Context()))
		answer(w, changes, err)
	})
	mux.HandleFunc("POST /query", s.query)
	mux.HandleFunc("POST /tail", s.tail)
	mux.HandleFunc("POST /sync", s.sync)
	mux.HandleFunc("POST /explain", s.explain)
	s.deadRoutes(mux)
	s.replayRoutes(mux)
	s.configRoutes(mux)
	s.eraseRoutes(mux)
	s.warehouseRoutes(mux)
	return mux
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	var in query.Request
	if !decode(w, r, &in) {
		return
	}
	out := newLines(w)
	out.end(s.backend.Query(r.Context(), in, resultLines{out}))
}

func (s *Server) tail(w http.ResponseWriter, r *http.Request) {
	var in tailRequest
	if !decode(w, r, &in) {
		return
	}
	out := newLines(w)
	out.flush()
	err := s.backend.Tail(r.Context(), in.Where, func(line json.RawMessage) error {
		defer out.flush()
		return out.send(part{Event: line})
	})
	if r.Context().Err() != nil {
		err = nil
	}
	out.end(err)
}

func (s *Server) sync(w http.ResponseWriter, r *http.Request) {
	var in syncRequest
	if !decode(w, r, &in) {
		return
	}
	out, connection := newLines(w), http.NewResponseController(w)
	hurry := func() { _ = connection.SetWriteDeadline(time.Now().Add(s.patience)) } // every connection has deadlines
	err := s.backend.Sync(r.Context(), in.Source, func(p Progress) {
		hurry()
		_ = out.send(part{Progress: &p}) // a reader that has gone away ends the request's context, and with it the pass
		out.flush()
	})
	hurry()
	out.end(err)
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(into); err != nil {
		answer(w, nil, fmt.Errorf("request: %w", err))
		return false
	}
	return true
}

// answer writes one value, or the error with status 500: the client tells errors by the field, not by the status.
func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	body := single{Value: v}
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		body = single{Error: err.Error()}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // which would change the texts of a dead letter's event
	_ = enc.Encode(body)     // the client has gone: nobody is left to tell
}
