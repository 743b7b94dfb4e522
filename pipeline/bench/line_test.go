package bench

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Requests arrive as they were meant, over one connection until the other side closes that.
func TestLines(t *testing.T) {
	var opened atomic.Int64
	var got []string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		h := r.Header
		got = append(got, strings.Join([]string{r.Method, r.RequestURI, h.Get("Content-Type"), h.Get("Content-Encoding"), h.Get("Authorization"), string(body)}, " "))
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, strings.Repeat("no", 3000))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	ls := &lines{address: strings.TrimPrefix(s.URL, "http://")}
	defer ls.close()
	for i, f := range []form{plain, zipped, importForm} {
		if i == 2 {
			s.CloseClientConnections()
		}
		a, err := ls.post(t.Context(), f, []byte("body"))
		if err != nil || a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "3" || string(a.text) != strings.Repeat("no", 512) {
			t.Fatalf("answer\n got %d %v %q, %v\nwant 503", a.status, a.header, a.text, err)
		}
	}
	want := []string{
		"POST /batch/ application/json   body", "POST /batch/ application/json gzip  body",
		"POST /import?format=events application/json gzip Bearer " + key + " body",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("%d connections, want one before the others were closed and one after", n)
	}
}

// A request ends with its context, and one to nobody with an error.
func TestLinesEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	}))
	ls := &lines{address: strings.TrimPrefix(s.URL, "http://")}
	if a, err := ls.post(ctx, plain, []byte("body")); err == nil {
		t.Errorf("a request whose context has ended\n got %v\nwant an error", a)
	}
	close(release)
	s.Close()
	var op *net.OpError
	if _, err := ls.post(t.Context(), plain, []byte("body")); !errors.As(err, &op) {
		t.Errorf("nobody listens\n got %v\nwant a refusal", err)
	}
}
