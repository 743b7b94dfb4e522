// Package admin serves what whoever runs the process wants to know, over HTTP and on a port of its own, so that it answers when capture does
// not: metrics, health, readiness with reasons, and the books. Everything is read-only, and none of it holds events or secrets.
package admin

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

// Books tell what became of every event.
type Books interface {
	// Books returns the accounts, to be marshalled as JSON.
	Books(ctx context.Context) (any, error)
}

// Reason is one thing that stands in the way, or that is worth knowing.
type Reason struct {
	Code   string `json:"code"`   // for programs, for example "disk_low"
	Detail string `json:"detail"` // for people
}

// Readiness says whether the process takes events.
type Readiness struct {
	Reasons     []Reason // why it does not; it does when there is none
	Information []Reason // what is not as it should be and no reason to be taken out of the traffic
}

// Deps are the collaborators of a Server; all are required. They are asked from many goroutines at once, before the project is open and
// while it closes.
type Deps struct {
	Metrics http.Handler
	Ready   func(ctx context.Context) Readiness
	Books   Books
	Log     *slog.Logger
}

// Server is the admin endpoint. New makes one, Listen binds it, Run serves.
type Server struct {
	config   Config
	deps     Deps
	listener net.Listener
}

// New makes a server. It does no I/O.
func New(config Config, deps Deps) *Server { return &Server{config: config, deps: deps} }

// Listen binds the configured address. It is called once, before Run.
func (s *Server) Listen() (err error) {
	if s.config.Listen != Auto {
		s.listener, err = listen(s.config.Listen)
		return err
	}
	if s.listener, err = net.Listen("tcp", DefaultListen); !errors.Is(err, syscall.EADDRINUSE) {
		return wrap(DefaultListen, err)
	}
	host, _, _ := net.SplitHostPort(DefaultListen) // it is a constant
	if s.listener, err = listen(net.JoinHostPort(host, "0")); err != nil {
		return err
	}
	s.deps.Log.Info("the default admin address is taken, so another is used: set admin.listen to have one that stays", "default", DefaultListen, "address", s.Addr().String())
	return nil
}

func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	return l, wrap(address, err)
}

func wrap(address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("admin: %s is in use by another program, or this project is running already: stop it, or set admin.listen to another address: %w", address, err)
	case err != nil:
		return fmt.Errorf("admin: listen on %s: %w", address, err)
	}
	return nil
}

// Addr returns the bound address with its real port, or nil before Listen.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Run serves until ctx ends, lets answers under way finish for a second, and returns nil.
func (s *Server) Run(ctx context.Context) error {
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(s.deps.Log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("admin: serve %s: %w", s.listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(requests, time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close() // whoever asked can ask again
	}
	<-served //nolint:errcheck // it ended because it was told to
	return nil
}
