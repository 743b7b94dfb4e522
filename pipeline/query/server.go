package query

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Store answers questions; it is asked by several goroutines at once.
type Store interface {
	Query(ctx context.Context, q Request, result Result) error
}

// Server takes questions over HTTP. New makes one, Listen binds it, Run serves, Close gives the address up.
type Server struct {
	config   Config
	store    Store
	log      *slog.Logger
	keys     keyring
	slots    chan struct{} // one is taken by each question that is being answered
	listener net.Listener
	stats    Stats
}

// NewServer makes a server. It does no I/O.
func NewServer(config Config, store Store, log *slog.Logger) *Server {
	return &Server{config: config, store: store, log: log, keys: newKeyring(config.Keys), slots: make(chan struct{}, config.Concurrent), stats: newStats()}
}

// Listen binds the configured address. It is called once, before Run.
func (s *Server) Listen() (err error) {
	s.listener, err = net.Listen("tcp", s.config.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("query: %s is in use by another program: stop it, or set query.listen to another address: %w", s.config.Listen, err)
	case err != nil:
		return fmt.Errorf("query: listen on %s: %w", s.config.Listen, err)
	}
	return nil
}

// Addr returns the bound address with its real port.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Stats are the server's counters.
func (s *Server) Stats() *Stats { return &s.stats }

// Close gives the address up. It may be called whether Run was or not.
func (s *Server) Close() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}

// readTimeout is the time for a question to arrive.
const readTimeout = 10 * time.Second

// Run serves until ctx ends, which also ends the answers under way, and returns nil.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       readTimeout,
		// An answer has an end of its own. This one is for refusals, which nobody needs a key for.
		WriteTimeout:   readTimeout + s.config.Timeout + time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10, // a question may be in the address
		BaseContext:    func(net.Listener) context.Context { return ctx },
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("query: serve %s: %w", s.listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close() // whoever asked can ask again
	}
	<-served //nolint:errcheck // it ended because it was told to
	return nil
}
