package query

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const readKey = "read-key-of-24-letters-a"

// store answers with as many rows as the SQL says and then with fails. It notes what it was asked.
type store struct {
	fails error
	hold  chan struct{} // when it is there, no query goes on before it is closed
	holds chan struct{} // when it is there, takes a value when a query waits for hold
	asked []Request
}

func (s *store) Query(ctx context.Context, q Request, result Result) error {
	s.asked = append(s.asked, q)
	n, err := strconv.Atoi(q.SQL)
	if err != nil {
		return errors.New("parser: no number")
	}
	if err := result.Columns([]Column{{Name: "n", Type: pipeline.Integer}, {Name: "text"}}); err != nil {
		return err
	}
	for i := range n {
		if err := result.Row([]any{int64(i), strings.Repeat("x", 1000)}); err != nil {
			return err
		}
	}
	if s.hold != nil {
		if s.holds != nil {
			s.holds <- struct{}{}
		}
		select {
		case <-s.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.fails
}

func serve(t *testing.T, st Store, change func(*Config)) (*Server, string) {
	t.Helper()
	config := DefaultConfig()
	config.Listen, config.Keys, config.Timeout = "127.0.0.1:0", pipeline.Secrets{"another-key-of-24-letter", readKey}, time.Minute
	if change != nil {
		change(&config)
	}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	s := NewServer(config, st, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return s, server.URL
}

// do sends a request with the read key, unless header says otherwise.
func do(t *testing.T, method, url, body string, header ...string) (status int, text string, answer *http.Response, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+readKey)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), resp, err
}

func TestAnswers(t *testing.T) {
	st := &store{}
	s, url := serve(t, st, nil)
	x := strings.Repeat("x", 1000)
	for _, c := range []struct{ method, path, body, kind, want string }{
		{"POST", "/query", `{"sql":"2"}`, "application/x-ndjson", `{"n":0,"text":"` + x + "\"}\n" + `{"n":1,"text":"` + x + "\"}\n"},
		{"POST", "/query", `{"sql":"1","format":"ndjson"}`, "application/x-ndjson", `{"n":0,"text":"` + x + "\"}\n"},
		{"GET", "/query?sql=1&format=csv&param=5&param=a&limit=7", "", "text/csv; charset=utf-8", "n,text\n0," + x + "\n"},
		{"POST", "/query", `{"sql":"0"}`, "application/x-ndjson", ""},
	} {
		status, text, resp, err := do(t, c.method, url+c.path, c.body)
		if status != 200 || text != c.want || resp.Header.Get("Content-Type") != c.kind || err != nil {
			t.Errorf("%s %s %s\n got %d %s %s %v\nwant %s %s", c.method, c.path, c.body, status, resp.Header.Get("Content-Type"), text, err, c.kind, c.want)
		}
		if rows := strings.Count(c.want, x); resp.Trailer.Get("Prickle-Rows") != strconv.Itoa(rows) {
			t.Errorf("%s: trailer\n got %q\nwant %d", c.path, resp.Trailer.Get("Prickle-Rows"), rows)
		}
		if resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: pages may read it", c.path)
		}
	}
	if diff := cmp.Diff(Request{SQL: "1", Params: Params{int64(5), "a"}, Limit: 7}, st.asked[2]); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
	_, text, _, err := do(t, "POST", url+"/query", `{"sql":"30000","format":"parquet"}`)
	if rows, _ := readParquet(t, text); len(rows) != 30000 || err != nil {
		t.Errorf("parquet: %d rows, %v", len(rows), err)
	}
	if got := s.Stats(); got.Outcomes()["answered"] != 5 || got.Rows.Load() != 30004 || got.Running.Load() != 0 {
		t.Errorf("stats: %v, %d rows", got.Outcomes(), got.Rows.Load())
	}
}

func TestRefusals(t *testing.T) {
	st := &store{}
	s, url := serve(t, st, func(c *Config) { c.Rows = 3 })
	for _, c := range []struct {
		what, method, body string
		header             []string
		status             int
		want               string
	}{
		{"no key", "POST", `{"sql":"1"}`, []string{"Authorization", ""}, 401, "Bearer"},
		{"a wrong key", "POST", `{"sql":"1"}`, []string{"Authorization", "Bearer " + readKey + "x"}, 401, "Bearer"},
		{"part of a key", "POST", `{"sql":"1"}`, []string{"Authorization", "Bearer " + readKey[:20]}, 401, "Bearer"},
		{"a key of another kind", "POST", `{"sql":"1"}`, []string{"Authorization", "Basic " + readKey}, 401, "Bearer"},
		{"a key in the body", "POST", `{"sql":"1","api_key":"` + readKey + `"}`, []string{"Authorization", ""}, 401, "Bearer"},
		{"no JSON", "POST", `sql`, nil, 400, "want {"},
		{"an unknown key", "POST", `{"sq":"1"}`, nil, 400, `unknown field \"sq\"`},
		{"no SQL", "POST", `{}`, nil, 400, "sql: there is none"},
		{"an unknown format", "POST", `{"sql":"1","format":"xml"}`, nil, 400, "use json, csv or parquet"},
		{"a list as a parameter", "POST", `{"sql":"1","params":[[1]]}`, nil, 400, "value 1"},
		{"a negative limit", "POST", `{"sql":"1","limit":-1}`, nil, 400, "limit"},
		{"a large body", "POST", `{"sql":"` + strings.Repeat("1", maxBody) + `"}`, nil, 413, "larger"},
		{"bad SQL", "POST", `{"sql":"x"}`, nil, 400, "parser: no number"},
		{"too many rows", "POST", `{"sql":"4"}`, nil, 422, "more than 3 rows"},
		{"too many rows of Parquet", "POST", `{"sql":"4","format":"parquet"}`, nil, 422, "more than 3 rows"},
		{"another method", "PUT", `{"sql":"1"}`, nil, 405, ""},
		{"a preflight", "OPTIONS", "", []string{"Origin", "https://a.example"}, 405, ""},
	} {
		status, text, _, _ := do(t, c.method, url+"/query", c.body, c.header...)
		if status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s\n got %d %.200s\nwant %d %s", c.what, status, text, c.status, c.want)
		}
		if c.want != "" && !json.Valid([]byte(text)) {
			t.Errorf("%s: the answer is not JSON: %s", c.what, text)
		}
		if strings.Contains(text, readKey) {
			t.Errorf("%s: the answer tells the key", c.what)
		}
	}
	if got := s.Stats().Outcomes(); got["unauthorized"] != 5 || got["malformed"] != 7 || got["refused"] != 1 || got["too_many_rows"] != 2 || len(st.asked) != 3 {
		t.Errorf("outcomes %v, the store was asked %d times", got, len(st.asked))
	}
}

// An answer that breaks off in the middle must not look whole.
func TestBreaksOff(t *testing.T) {
	st := &store{fails: errors.New("disk gone")}
	s, url := serve(t, st, nil)
	for _, format := range []string{"json", "csv", "parquet"} {
		status, text, _, err := do(t, "POST", url+"/query", `{"sql":"20000","format":"`+format+`"}`)
		if format == "parquet" && status == 200 && !strings.HasPrefix(text, "PAR1") || status != 200 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s\n got %d with %d bytes, %v\nwant 200 and %v", format, status, len(text), err, io.ErrUnexpectedEOF)
		}
		last := text[strings.LastIndexByte(strings.TrimRight(text, "\n"), '\n')+1:]
		if format == "json" && last != `{"error":"disk gone"}`+"\n" {
			t.Errorf("the last line\n got %.100s\nwant the reason", last)
		}
	}
	if got := s.Stats().Outcomes(); got["broken"] != 3 {
		t.Errorf("outcomes %v", got)
	}
}

func TestTimeout(t *testing.T) {
	st := &store{hold: make(chan struct{})}
	s, url := serve(t, st, func(c *Config) { c.Timeout = 20 * time.Millisecond })
	if status, text, _, _ := do(t, "POST", url+"/query", `{"sql":"1"}`); status != 504 || !strings.Contains(text, "longer than 20ms") {
		t.Errorf("got %d %s\nwant 504", status, text)
	}
	if _, text, _, err := do(t, "POST", url+"/query", `{"sql":"200"}`); !strings.Contains(text, `{"error":"the answer takes longer than 20ms`) || err == nil {
		t.Errorf("after the first bytes\n got %.100s, %v\nwant the reason", text[max(0, len(text)-100):], err)
	}
	if got := s.Stats().Outcomes(); got["timeout"] != 2 {
		t.Errorf("outcomes %v", got)
	}
}

func TestConcurrent(t *testing.T) {
	st := &store{hold: make(chan struct{}), holds: make(chan struct{}, 2)}
	_, url := serve(t, st, func(c *Config) { c.Concurrent = 1 })
	done := make(chan int)
	go func() {
		status, _, _, _ := do(t, "POST", url+"/query", `{"sql":"1"}`)
		done <- status
	}()
	<-st.holds
	if status, text, resp, _ := do(t, "POST", url+"/query", `{"sql":"1"}`); status != 429 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a second question\n got %d %s\nwant 429 and Retry-After", status, text)
	}
	close(st.hold)
	if status := <-done; status != 200 {
		t.Errorf("the first question: %d", status)
	}
	if status, _, _, _ := do(t, "POST", url+"/query", `{"sql":"1"}`); status != 200 {
		t.Errorf("a question afterwards: %d", status)
	}
}

// The time for reading a question does not count while it is answered.
func TestReadTimeout(t *testing.T) {
	st := &store{hold: make(chan struct{})}
	s, _ := serve(t, st, nil)
	server := httptest.NewUnstartedServer(s.Handler())
	server.Config.ReadTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	time.AfterFunc(4*server.Config.ReadTimeout, func() { close(st.hold) })
	if status, text, _, err := do(t, "POST", server.URL+"/query", `{"sql":"1"}`); status != 200 || err != nil {
		t.Errorf("got %d %s, %v\nwant 200", status, text, err)
	}
}

func TestOrigins(t *testing.T) {
	_, url := serve(t, &store{}, func(c *Config) { c.Origins = []string{"https://a.example"} })
	for origin, want := range map[string]string{"https://a.example": "https://a.example", "https://b.example": "", "": ""} {
		for _, method := range []string{"OPTIONS", "POST"} {
			_, _, resp, _ := do(t, method, url+"/query", `{"sql":"1"}`, "Origin", origin)
			if got := resp.Header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%s from %q\n got %q\nwant %q", method, origin, got, want)
			}
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"there are keys and no address": func(c *Config) { c.Listen = "" },
		"is no host:port":               func(c *Config) { c.Listen = "8002" },
		"no key":                        func(c *Config) { c.Keys = nil },
		"shorter than 16":               func(c *Config) { c.Keys = pipeline.Secrets{"short-secret"} },
		"there twice":                   func(c *Config) { c.Keys = pipeline.Secrets{readKey, readKey} },
		"no origin":                     func(c *Config) { c.Origins = []string{"https://a.example/"} },
		"query.rows":                    func(c *Config) { c.Rows = 0 },
		"query.timeout":                 func(c *Config) { c.Timeout = 0 },
		"query.concurrent":              func(c *Config) { c.Concurrent = 0 },
	} {
		config := DefaultConfig()
		config.Listen, config.Keys = "127.0.0.1:0", pipeline.Secrets{readKey}
		change(&config)
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	config := Config{Keys: pipeline.Secrets{readKey}}
	if err := config.Conflict([]pipeline.Secret{"x", readKey}); err == nil || !strings.Contains(err.Error(), "key of capture") {
		t.Errorf("a capture key\n got %v\nwant a mistake", err)
	}
}

func TestRunAndStop(t *testing.T) {
	s, _ := serve(t, &store{}, nil)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	status, text, _, err := do(t, "POST", "http://"+s.Addr().String()+"/query", `{"sql":"1"}`)
	if status != 200 || !bytes.HasSuffix([]byte(text), []byte("}\n")) || err != nil {
		t.Errorf("got %d %s, %v", status, text, err)
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := errors.Join(<-ended, s.Close()); err != nil {
		t.Error(err)
	}
}
