// Package httpsendtest helps HTTP destinations to test that they tell no secrets.
package httpsendtest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

// NoLeaks calls send against servers that fail in every way they can think of and repeat the whole request in their answers, and fails
// the test when send's error is missing or when its text holds one of the secrets. send gets the server's base URL. Secrets are at least
// six characters long.
func NoLeaks(t *testing.T, secrets []string, send func(t *testing.T, baseURL string) error) {
	t.Helper()
	for name, handler := range failures() {
		t.Run(name, func(t *testing.T) {
			t.Helper()
			server := httptest.NewServer(handler)
			defer server.Close()
			check(t, secrets, send(t, server.URL))
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		t.Helper()
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		check(t, secrets, send(t, server.URL))
	})
}

func check(t *testing.T, secrets []string, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, text := range texts(err) {
		for _, secret := range secrets {
			for _, spelling := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
				if strings.Contains(text, spelling) {
					t.Errorf("an error tells the secret %q:\n%s", secret, text)
				}
			}
		}
	}
}

// texts returns every form in which an error may be printed.
func texts(err error) []string {
	out := []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)}
	var batch *pipeline.BatchError
	if errors.As(err, &batch) {
		for _, e := range batch.Failed {
			out = append(out, texts(e)...)
		}
	}
	if inner := errors.Unwrap(err); inner != nil {
		out = append(out, texts(inner)...)
	}
	return out
}

func failures() map[string]http.HandlerFunc {
	all := map[string]http.HandlerFunc{
		"broken answer": func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprintf(conn, "HTTP/1.1 %s\r\n\r\n", dump(r))
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.String(), http.StatusFound)
		},
	}
	for _, status := range []int{400, 401, 403, 404, 409, 422, 429, 500, 502, 503} {
		all[fmt.Sprint(status)] = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, dump(r))
		}
	}
	return all
}

// dump is the request's line and headers, as a helpless server might return them.
func dump(r *http.Request) string {
	var b strings.Builder
	user, password, _ := r.BasicAuth()
	fmt.Fprintf(&b, "%s %s query %v user %s password %s", r.Method, r.RequestURI, r.URL.Query(), user, password)
	for name, values := range r.Header {
		fmt.Fprintf(&b, " %s: %s", name, strings.Join(values, ","))
	}
	return b.String()
}
