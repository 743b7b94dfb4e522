package sdks

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// fault is what a middleman does to the first requests with events.
type fault struct {
	name  string
	times int64
	spoil func(m *middleman, w http.ResponseWriter, r *http.Request)
}

var faults = []fault{
	{"429", 2, func(m *middleman, w http.ResponseWriter, r *http.Request) { m.refuse(w, r, http.StatusTooManyRequests) }},
	{"503", 2, func(m *middleman, w http.ResponseWriter, r *http.Request) {
		m.refuse(w, r, http.StatusServiceUnavailable)
	}},
	// Before a byte of the body is read.
	{"reset", 1, func(_ *middleman, w http.ResponseWriter, _ *http.Request) { reset(w) }},
	// After the events are stored.
	{"lost-answer", 1, func(m *middleman, w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		m.proxy.ServeHTTP(answer, r)
		if answer.Code >= 300 {
			m.t.Errorf("the request whose answer is to be lost was answered with %d: %s", answer.Code, answer.Body)
		}
		reset(w)
	}},
}

// middleman is a proxy before the project. Without a fault it is an ordinary one.
type middleman struct {
	t       *testing.T
	url     string
	project string
	fault   fault
	bare    bool // it knows no settings of SDKs
	proxy   *httputil.ReverseProxy
	seen    atomic.Int64 // requests with events
}

func newMiddleman(t *testing.T, project string, f fault) *middleman {
	t.Helper()
	target, err := url.Parse(project)
	if err != nil {
		t.Fatal(err)
	}
	m := &middleman{t: t, project: project, fault: f, proxy: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // the settings that the project serves name it
	}}}
	server := httptest.NewServer(m)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	m.url = server.URL
	return m
}

// carriesEvents reports whether a request is one of those that are spoilt.
func carriesEvents(r *http.Request) bool {
	return r.Method == http.MethodPost && !strings.HasPrefix(r.URL.Path, "/flags") && r.URL.Path != "/v1/m"
}

func (m *middleman) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.bare && strings.HasPrefix(r.URL.Path, "/array/") {
		r.URL.Path = "/nothing"
	}
	if carriesEvents(r) {
		if m.seen.Add(1) <= m.fault.times {
			m.fault.spoil(m, w, r)
			return
		}
	}
	m.proxy.ServeHTTP(w, r)
}

// refuse answers with a status, and with the headers for browsers that the project gives its own errors.
func (m *middleman) refuse(w http.ResponseWriter, r *http.Request, status int) {
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, m.project+"/nothing", nil)
	if err != nil {
		m.t.Error(err)
		return
	}
	ask.Header.Set("Origin", r.Header.Get("Origin"))
	own, err := http.DefaultClient.Do(ask)
	if err != nil {
		m.t.Error(err)
		return
	}
	_ = own.Body.Close()
	for name, values := range own.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			w.Header()[name] = values
		}
	}
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(status)
}

// reset breaks the connection in the hardest way.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // it is broken already
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
