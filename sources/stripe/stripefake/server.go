// Package stripefake is a stateful stand-in for Stripe's API, for tests. It keeps objects and events in memory and answers as the API
// documents: lists newest first with limit, starting_after and created bounds, embedded lists cut short, deleted objects, an event feed
// that lags, has no order inside a second and forgets after 30 days, rate limits, and keys without permissions. Parameters that the API
// does not have are refused.
package stripefake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Retention is how long an event stays in the feed.
const Retention = 30 * 24 * time.Hour

// Embedded is the number of items that an embedded list shows.
const Embedded = 10

// Server is an account. It is an http.Handler, safe for concurrent use.
type Server struct {
	// Now is the clock, time.Now by default. Lag is how long a new event stays invisible, none by default. Before is called ahead of every
	// request, with no lock held. All three are set before the first use.
	Now    func() time.Time
	Lag    func() time.Duration
	Before func(*http.Request)

	mu       sync.Mutex
	key      string
	serial   int
	tables   map[string][]*object // in the order of creation
	events   []*event
	denied   map[string]bool
	faults   []Fault
	requests []Request
}

// Request is one that the server has answered.
type Request struct {
	URL     string
	Version string // the Stripe-Version header
	Status  int
	At      time.Time
}

// Fault is an answer that stands in for the real one.
type Fault struct {
	Status     int
	RetryAfter string // header, left out when empty
	Reason     string // header Stripe-Rate-Limited-Reason, left out when empty
	Body       string // a fitting error object when empty
}

// New returns an empty account that takes key.
func New(key string) *Server {
	return &Server{
		Now: time.Now, Lag: func() time.Duration { return 0 }, Before: func(*http.Request) {},
		key: key, tables: map[string][]*object{}, denied: map[string]bool{},
	}
}

// SetKey makes key the only one that is taken.
func (s *Server) SetKey(key string) { s.locked(func() { s.key = key }) }

// Deny takes the key the right to read a table, or "events".
func (s *Server) Deny(table string) { s.locked(func() { s.denied[table] = true }) }

// Allow gives the right back.
func (s *Server) Allow(table string) { s.locked(func() { delete(s.denied, table) }) }

// Fail answers the coming requests with faults, one each.
func (s *Server) Fail(faults ...Fault) { s.locked(func() { s.faults = append(s.faults, faults...) }) }

// Requests returns what was asked so far and forgets it.
func (s *Server) Requests() (out []Request) {
	s.locked(func() { out, s.requests = s.requests, nil })
	return out
}

func (s *Server) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// refusal is an error answer. It is panicked and recovered inside this package only.
type refusal struct {
	status  int
	headers map[string]string
	fields  map[string]string
	raw     string
}

func refuse(status int, kind, code, param, message string) refusal {
	fields := map[string]string{"type": kind, "message": message}
	if code != "" {
		fields["code"] = code
	}
	if param != "" {
		fields["param"] = param
	}
	return refusal{status: status, fields: fields}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Before(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("Request-Id", fmt.Sprintf("req_%d", s.serial))
	w.Header().Set("Content-Type", "application/json")
	status, body := s.answer(w.Header(), r)
	s.requests = append(s.requests, Request{
		URL: r.URL.String(), Version: r.Header.Get("Stripe-Version"), Status: status, At: s.Now(),
	})
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left is its own problem
}

func (s *Server) answer(h http.Header, r *http.Request) (status int, body []byte) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case refusal:
			for name, value := range v.headers {
				h.Set(name, value)
			}
			status, body = v.status, []byte(v.raw)
			if v.raw == "" {
				body = indent(map[string]any{"error": v.fields})
			}
		default:
			panic(v)
		}
	}()
	s.authorize(r)
	s.fault()
	return http.StatusOK, indent(s.route(r))
}

func indent(v any) []byte {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // values come from tests
	}
	return b
}

func (s *Server) authorize(r *http.Request) {
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if key != s.key {
		panic(refuse(http.StatusUnauthorized, "invalid_request_error", "", "", "Invalid API Key provided: "+masked(key)))
	}
}

func masked(key string) string {
	return key[:min(8, len(key))] + "*********" + key[max(0, len(key)-4):]
}

func (s *Server) fault() {
	if len(s.faults) == 0 {
		return
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	v := refuse(f.Status, "api_error", "", "", "Sorry! There was an error while talking to one of our backends.")
	if f.Status == http.StatusTooManyRequests {
		v = refuse(f.Status, "invalid_request_error", "rate_limit", "", "Request rate limit exceeded. Learn more about rate limits in our documentation.")
	}
	v.raw, v.headers = f.Body, map[string]string{}
	if f.RetryAfter != "" {
		v.headers["Retry-After"] = f.RetryAfter
	}
	if f.Reason != "" {
		v.headers["Stripe-Rate-Limited-Reason"] = f.Reason
	}
	panic(v)
}

func (s *Server) permit(table string) {
	if s.denied[table] {
		message := fmt.Sprintf("The provided key '%s' does not have the required permissions for this endpoint on account 'acct_1'. "+
			"Having the 'rak_%s_read' permission would allow this request to continue.", masked(s.key), strings.TrimSuffix(table, "s"))
		panic(refuse(http.StatusForbidden, "invalid_request_error", "", "", message))
	}
}
