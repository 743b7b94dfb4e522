package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type noBooks struct{ err error }

func (b noBooks) Books(context.Context) (any, error) { return map[string]int{"in": 3}, b.err }

func server(config Config, state Readiness, err error) *Server {
	return New(config, Deps{
		Metrics: http.NotFoundHandler(), Books: noBooks{err}, Log: slog.New(slog.DiscardHandler),
		Ready: func(context.Context) Readiness { return state },
	})
}

func TestRoutes(t *testing.T) {
	full := Readiness{Reasons: []Reason{{"disk_low", "12 MB free"}}, Information: []Reason{{"destination_paused", "crm"}}}
	for _, c := range []struct {
		method, path string
		state        Readiness
		err          error
		status       int
		body         string
	}{
		{"GET", "/", Readiness{}, nil, 200, "/readyz"},
		{"GET", "/healthz", full, nil, 200, "alive"},
		{"HEAD", "/healthz", full, nil, 200, ""},
		{"GET", "/readyz", Readiness{}, nil, 200, `"reasons": []`},
		{"GET", "/readyz", full, nil, 503, `"code": "disk_low"`},
		{"GET", "/readyz", Readiness{Information: full.Information}, nil, 200, `"code": "destination_paused"`},
		{"GET", "/books", Readiness{}, nil, 200, `"in": 3`},
		{"GET", "/books", Readiness{}, errors.New("no bus"), 503, `"error": "no bus"`},
		{"POST", "/readyz", Readiness{}, nil, 405, ""},
		{"GET", "/nothing", Readiness{}, nil, 404, ""},
	} {
		w := httptest.NewRecorder()
		server(DefaultConfig(), c.state, c.err).Handler().ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%s %s\n got %d %s\nwant %d with %s", c.method, c.path, w.Code, w.Body, c.status, c.body)
		}
	}
}

func TestAutoTakesAFreePort(t *testing.T) {
	if l, err := net.Listen("tcp", DefaultListen); err == nil { // else somebody else has taken it, which does as well
		defer l.Close()
	}
	s := server(DefaultConfig(), Readiness{}, nil)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	resp, err := http.Get("http://" + s.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if s.Addr().String() == DefaultListen || resp.StatusCode != http.StatusOK {
		t.Errorf("address %s, status %d", s.Addr(), resp.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
