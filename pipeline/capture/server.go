package capture

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prickle-dev/prickle/pipeline/measure"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// Deps are the collaborators of a Server.
type Deps struct {
	// Events is where captured events are stored. Required.
	Events Log
	// Log is for what an operator should see. Required.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Tracer follows requests with events; nil follows none.
	Tracer *trace.Tracer
	// Ready reports whether the log takes events at the moment, for /_readiness; nil means always.
	Ready func(ctx context.Context) error
	// Accepts is the cheap form of Ready, asked before a request is read: an error that is ErrOverloaded or ErrUnavailable refuses it. nil
	// takes every request.
	Accepts func() error
	// Counters count what is used of quotas. Required when a key or a webhook has one.
	Counters Counters
	// Salts tell visitors without cookies apart, for a day; nil leaves them all under the id that their SDKs send.
	Salts Salts
	// Webhooks are what is served at /webhooks/<name>, by name.
	Webhooks map[string]Webhook
}

// Server is the ingestion API. New makes one, Listen binds it, Run serves until it is asked to stop.
type Server struct {
	config  Config
	deps    Deps
	keys    *keyring
	proxies proxies
	routes  map[string]route
	room    room
	stats   *Stats
	// allowances are what may come in by keys and webhooks, by their names; nil when none is limited.
	allowances map[string]*allowance

	listener  net.Listener
	tls       *tls.Config // nil without TLS
	authority *authority  // nil without ACME
	flow      *flow
	// adopted answers in this server's place, once there is one.
	adopted atomic.Pointer[Server]
}

// flow is what goes on from one configuration to the next: the requests and connections that are in, and what is counted of quotas.
type flow struct {
	open    atomic.Int64 // connections
	crowded atomic.Int64 // when the log was last told that there are too many, in nanoseconds since 1970
	large   atomic.Int64 // the same for messages that are large
	// personless is the same for events about persons that have none.
	personless atomic.Int64
	quotas     quotas
	salts      salts

	inFlight sync.WaitGroup
	closing  sync.Mutex // guards closed, and Add of inFlight against its Wait
	closed   bool
}

// New makes a server out of its configuration. It does no I/O. Errors are *pipeline.ConfigError, joined.
func New(config Config, deps Deps) (*Server, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if deps.Events == nil || deps.Log == nil {
		return nil, errors.New("capture: Deps.Events and Deps.Log are required")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Ready == nil {
		deps.Ready = func(context.Context) error { return nil }
	}
	if deps.Accepts == nil {
		deps.Accepts = func() error { return nil }
	}
	s := &Server{config: config, deps: deps, keys: newKeyring(config.Keys), room: newRoom(config.Limits), flow: &flow{}, stats: &Stats{}}
	s.stats.Duration = measure.Seconds()
	if deps.Counters == nil && s.hasQuotas() {
		return nil, errors.New("capture: Deps.Counters is required for quotas")
	}
	s.allowances = s.newAllowances()
	s.proxies, _ = parseProxies(config.TrustedProxies) // Validate has seen to errors
	s.routes = s.routeTable()
	return s, nil
}

// MaxInFlight is how many bytes the bodies of all requests in flight may have together.
func (s *Server) MaxInFlight() int64 { return int64(s.active().config.Limits.InFlight) }

// Adopt lets next, a server that was made with another configuration for the same address and neither listens nor runs, answer all requests
// from now on. Requests that are in are answered by the old configuration, and counters, rates and quotas go on. The time limits of connections (header_timeout,
// idle_timeout, drain_timeout) stay as they were when this server began to run.
func (s *Server) Adopt(next *Server) {
	next.stats, next.flow = s.stats, s.flow
	next.carryOn(s.active())
	s.adopted.Store(next)
}

// active is the server that answers.
func (s *Server) active() *Server {
	if next := s.adopted.Load(); next != nil {
		return next
	}
	return s
}

// Stats returns the server's counters, which go on counting.
func (s *Server) Stats() *Stats { return s.stats }

// Close gives the address up. It is for a server that was told to Listen; Run, if it was called, has seen to it already.
func (s *Server) Close() error {
	if s.listener == nil {
		return nil
	}
	if s.authority != nil {
		s.authority.close()
	}
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("capture: %w", err)
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

// Run serves until ctx ends, then stops listening, lets requests in flight finish for at most Limits.DrainTimeout, cuts off the rest
// (which got no answer, so their clients send again) and returns nil. No handler runs any more when it has returned.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		if err := s.Listen(); err != nil {
			return err
		}
	}
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := s.httpServer(requests)
	served := make(chan error, 1)
	go func() { served <- s.serveOn(server) }()
	defer s.countQuotas()()
	defer s.forgetSalts()()

	select {
	case err := <-served:
		return fmt.Errorf("capture: serve %s: %w", s.config.Listen, err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(requests, s.config.Limits.DrainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		s.deps.Log.Warn("requests in flight were cut off", "after", s.config.Limits.DrainTimeout)
		cut()
		_ = server.Close() // only repeats that connections were busy
	}
	<-served //nolint:errcheck // it ended because it was told to
	s.leave()
	return nil
}

// maxHeaderBytes bounds a request's line and headers together; beyond it is 431.
const maxHeaderBytes = 64 << 10

// maxStreams is how many requests an HTTP/2 connection may have at once. What they may hold unread is bounded for the whole connection.
const maxStreams = 100

// protocols are HTTP/1, HTTP/2 over TLS, and HTTP/2 without TLS for proxies that begin with it.
func protocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return &p
}

func (s *Server) serveOn(server *http.Server) error {
	if s.tls == nil {
		return server.Serve(s.listener)
	}
	if s.authority != nil {
		s.authority.answer(s.config.Limits)
		s.authority.begin()
		defer s.authority.close()
	}
	return server.ServeTLS(s.listener, "", "")
}

func (s *Server) httpServer(requests context.Context) *http.Server {
	return &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: s.config.Limits.HeaderTimeout,
		IdleTimeout:       s.config.Limits.IdleTimeout,
		// Reading the body has its own deadline, set per request; what is left is storing and a short answer.
		WriteTimeout:   s.config.Limits.HeaderTimeout + s.config.Limits.BodyTimeout + s.config.Limits.AppendTimeout + 5*time.Second,
		MaxHeaderBytes: maxHeaderBytes,
		TLSConfig:      s.tls,
		Protocols:      protocols(),
		HTTP2:          &http.HTTP2Config{MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerConnection: 256 << 10, MaxReceiveBufferPerStream: 128 << 10},
		ConnState:      s.connection,
		BaseContext:    func(net.Listener) context.Context { return context.WithValue(requests, serving{}, requests) },
		ErrorLog:       slog.NewLogLogger(s.deps.Log.Handler(), slog.LevelDebug),
	}
}
