package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/fetch"
)

// call runs a program that calls fetch, and returns the request it made.
func call(t *testing.T, code string) (fetch.Request, error) {
	t.Helper()
	program, err := hog.CompileExpression("call", code)
	if err != nil {
		t.Fatal(err)
	}
	v, err := program.Run(t.Context(), hog.Env{})
	if err != nil {
		t.Fatal(err)
	}
	args, _ := v.AsArray()
	return fetch.Parse(args.Items)
}

func TestParse(t *testing.T) {
	for code, want := range map[string]string{
		`['https://x/']`:       `POST https://x/ Content-Type=application/json <nil>`,
		`['https://x/', null]`: `POST https://x/ Content-Type=application/json <nil>`,
		`['https://x/', {'method': 'put', 'body': 'text', 'other': 1}]`:                  `PUT https://x/ Content-Type=application/json "text"`,
		`['https://x/', {'body': {'a': [1, 2.5, null]}, 'headers': {'X': 'y', 'n': 1}}]`: `POST https://x/ X=y "{\"a\":[1,2.5,null]}"`,
		`['https://x/', {'headers': {}, 'method': '', 'body': ''}]`:                      `POST https://x/  <nil>`,
		`['https://x/', {'headers': null, 'method': null, 'body': null}]`:                `POST https://x/ Content-Type=application/json <nil>`,
		`['https://x/', {'method': 'GET', 'body': {'a': 1}}]`:                            `GET https://x/ Content-Type=application/json <nil>`,
		`['https://x/', {'method': 'head', 'body': 'a'}]`:                                `HEAD https://x/ Content-Type=application/json <nil>`,
		`['https://x/', {'headers': 'none'}]`:                                            `POST https://x/  <nil>`,
		`[]`:                                                                             `want a URL`,
		`[1]`:                                                                            `want the URL as a text, got number`,
		`['https://x/', 'b']`:                                                            `want an object with method, headers and body, got string`,
	} {
		r, err := call(t, code)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			var headers []string
			for _, name := range slices.Sorted(maps.Keys(r.Header)) {
				headers = append(headers, name+"="+r.Header[name])
			}
			body := "<nil>"
			if r.Body != nil {
				body = fmt.Sprintf("%q", r.Body)
			}
			got = strings.Join([]string{r.Method, r.URL, strings.Join(headers, ","), body}, " ")
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", code, got, want)
		}
	}
}

func TestDo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/json":
			fmt.Fprintf(w, `{"method":%q,"body":%q,"type":%q}`, r.Method, body, r.Header.Get("Content-Type"))
		case "/text":
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, "short and stout\xff")
		case "/long":
			_, _ = w.Write(make([]byte, fetch.MaxAnswer+1))
		}
	}))
	closed := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	closed.Close()
	header := map[string]string{"Content-Type": "text/plain"}
	for path, want := range map[string]string{
		server.URL + "/json":  `{"status":200,"body":{"method":"PUT","body":"hello","type":"text/plain"}}`,
		server.URL + "/text":  `{"status":418,"body":"short and stout�"}`,
		server.URL + "/empty": `{"status":200,"body":""}`,
		server.URL + "/long":  `{"status":500,"body":"Error: the answer is longer than 8 MB"}`,
		"http://bad url/":     `{"status":500,"body":"Error: the URL or the method is not valid"}`,
		"file:///etc/passwd":  `{"status":500,"body":"Error: unsupported protocol scheme \"file\""}`,
	} {
		v, err := fetch.Request{Method: http.MethodPut, URL: path, Header: header, Body: []byte("hello")}.Do(t.Context(), server.Client())
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	v, err := fetch.Request{Method: http.MethodGet, URL: closed.URL + "/?key=secret"}.Do(t.Context(), closed.Client())
	if got := v.String(); err != nil || !strings.Contains(got, "'status': 500, 'body': 'Error: ") || strings.Contains(got, "secret") {
		t.Errorf("got %s, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (fetch.Request{Method: http.MethodGet, URL: server.URL}).Do(ctx, server.Client()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestRedirect wants neither the program's headers nor the URL, which may hold keys, to go to another host.
func TestRedirect(t *testing.T) {
	seen := make(chan http.Header, 2)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header }))
	defer other.Close()
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/here":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		default:
			seen <- r.Header
		}
	}))
	defer first.Close()
	for path, key := range map[string]string{"/away?token=secret": "", "/here?token=secret": "secret"} {
		r := fetch.Request{Method: "POST", URL: first.URL + path, Header: map[string]string{"X-Api-Key": "secret", "Content-Type": "text/plain"}}
		if _, err := r.Do(t.Context(), first.Client()); err != nil {
			t.Fatal(err)
		}
		h := <-seen
		if h.Get("X-Api-Key") != key || h.Get("Referer") != "" || h.Get("Content-Type") != "text/plain" {
			t.Errorf("%s: got the headers %v", path, h)
		}
	}
}
