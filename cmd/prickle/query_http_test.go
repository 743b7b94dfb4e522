package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Questions are answered while events are captured and written, to whoever has a read key and nobody else.
func TestQueryOverHTTP(t *testing.T) {
	const key = "read-key-of-24-characters"
	p := start(t, project(t, map[string]string{"prickle.yaml": queryProject + "query: {listen: 127.0.0.1:0, keys: [" + key + "], concurrent: 2, rows: 2000}\n"}))
	url := p.settled().Query
	const batches, each = 20, 50
	var writing sync.WaitGroup
	writing.Go(func() {
		for b := range batches {
			var events []string
			for i := range each {
				events = append(events, fmt.Sprintf(`{"event":"e","distinct_id":"u%d","properties":{"n":%d}}`, i, b*each+i))
			}
			if status := post(t.Context(), p.url+"/batch/", `{"api_key":"phc_test","batch":[`+strings.Join(events, ",")+`]}`); status != http.StatusOK {
				t.Errorf("capture answered %d", status)
			}
		}
	})
	before := 0
	for range 20 {
		status, text := question(t, url, key, `{"sql":"SELECT count(*) AS n FROM events"}`)
		var n int
		if _, err := fmt.Sscanf(text, `{"n":%d}`, &n); status != 200 || err != nil || n < before || n > batches*each {
			t.Errorf("got %d %s after %d\nwant a count that grows", status, text, before)
		}
		before = n
	}
	writing.Wait()
	p.settled()
	status, text := question(t, url, key, `{"sql":"SELECT CAST(properties->>'$.n' AS INTEGER) AS n FROM events WHERE n >= $1 ORDER BY n","params":[998],"format":"csv"}`)
	if status != 200 || text != "n\n998\n999\n" {
		t.Errorf("got %d %s", status, text)
	}
	if status, text = question(t, url, key, `{"sql":"SELECT * FROM range(3000)"}`); status != 422 {
		t.Errorf("3000 rows\n got %d %.100s\nwant 422", status, text)
	}
	if status, text = question(t, url, key, `{"sql":"DELETE FROM events"}`); status != 400 || !strings.Contains(text, "one statement that reads") {
		t.Errorf("a DELETE\n got %d %s\nwant 400", status, text)
	}
	if status, text = question(t, url, "phc_test", `{"sql":"SELECT 1"}`); status != 401 {
		t.Errorf("a capture key\n got %d %s\nwant 401", status, text)
	}
	if got := p.metrics(); !strings.Contains(got, `prickle_query_requests_total{outcome="answered"} 21`) {
		t.Errorf("metrics: %s", got)
	}
	if code := p.stop(); code != 0 || !strings.Contains(p.text(), "queries on "+url) || strings.Contains(p.text(), key) {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}

// question asks over HTTP.
func question(t *testing.T, url, key, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(text)
}

// metrics is what the admin endpoint shows, without what is not about questions.
func (p *instance) metrics() string {
	p.t.Helper()
	resp, err := http.Get(p.settled().Admin + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "prickle_query_") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
