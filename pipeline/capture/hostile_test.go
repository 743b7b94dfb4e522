package capture

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// allocated runs f and returns how many bytes it allocated, whether they are still in use or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What a batch's messages share is repeated for each of them, and counts as often.
func TestSharedContextCounts(t *testing.T) {
	const messages = 2000
	body := fmt.Sprintf(`{"writeKey":%q,"context":{"ip":%q},"batch":[%s]}`, projectToken, strings.Repeat("a", 1<<20),
		strings.TrimSuffix(strings.Repeat(`{"type":"track","event":"e","userId":"u"},`, messages), ","))
	fx := newFixture(t)
	r := httptest.NewRequest(http.MethodPost, "/v1/batch", strings.NewReader(pipelinetest.Gzip(body)))
	r.Header.Set("Content-Encoding", "gzip")
	var answer *httptest.ResponseRecorder
	used := allocated(func() { answer = fx.do(r) })
	if answer.Code != http.StatusRequestEntityTooLarge || used > 300<<20 {
		t.Errorf("got status %d with %d MB allocated: %.200s\nwant 413 with little", answer.Code, used>>20, answer.Body)
	}
}

// A key that is repeated costs as much as any other text of its length.
func TestRepeatedSet(t *testing.T) {
	cost := func(times int) uint64 {
		body := fmt.Sprintf(`{"writeKey":%q,"context":{"traits":{"pad":%q}},"userId":"u","event":"e","properties":{%s"x":1}}`,
			projectToken, strings.Repeat("p", 300_000), strings.Repeat(`"$set":{},`, times))
		fx := newFixture(t)
		var answer *httptest.ResponseRecorder
		used := allocated(func() { answer = fx.do(httptest.NewRequest(http.MethodPost, "/v1/track", strings.NewReader(body))) })
		if answer.Code != http.StatusOK {
			t.Fatalf("status %d: %s", answer.Code, answer.Body)
		}
		return used
	}
	if few, many := cost(2), cost(500); many > 3*few {
		t.Errorf("500 repetitions allocate %d MB, 2 allocate %d MB", many>>20, few>>20)
	}
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// Bodies in flight share a bounded room, whoever sends them. What finds none is told to come again, and the room is free again afterwards.
func TestRoomForBodies(t *testing.T) {
	fx := newFixture(t, func(c *Config) { c.Limits.InFlight, c.Limits.Body = 2<<20, 64<<20 })
	answer := fx.do(httptest.NewRequest(http.MethodPost, "/batch/", endless{}))
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" {
		t.Errorf("a body beyond the room\n got %d %s\nwant 503 with Retry-After", answer.Code, answer.Body)
	}
	event := fmt.Sprintf(`{"api_key":%q,"event":"e","distinct_id":"u","properties":{"pad":%q}}`, projectToken, strings.Repeat("x", 900<<10))
	for range 5 {
		if answer := fx.do(httptest.NewRequest(http.MethodPost, "/capture/", strings.NewReader(event))); answer.Code != http.StatusOK {
			t.Errorf("a body that fits\n got %d %s\nwant 200", answer.Code, answer.Body)
		}
	}
	if !fx.Server.room.bodies.TryAcquire(2 << 20) {
		t.Error("room was not given back")
	}
}

// JSON may be nested as deep as 256 levels and not deeper, and a request may have so many events and not more, in every protocol and however
// little it takes to say so.
func TestDepthAndNumber(t *testing.T) {
	nested := func(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }
	many := strings.TrimSuffix(strings.Repeat("{},", 1_000_000), ",")
	for _, test := range []struct {
		name, target, body, code string
		status                   int
	}{
		// The event and its properties are two levels.
		{"posthog", "/e", fmt.Sprintf(`{"token":%q,"event":"e","distinct_id":"d","properties":{"a":%s}}`, projectToken, nested(254)), "", 200},
		{"posthog, deeper", "/e", fmt.Sprintf(`{"token":%q,"event":"e","distinct_id":"d","properties":{"a":%s}}`, projectToken, nested(255)), "json_too_deep", 400},
		{"segment", "/v1/track", fmt.Sprintf(`{"writeKey":%q,"event":"e","userId":"u","properties":{"a":%s}}`, projectToken, nested(254)), "", 200},
		{"segment, deeper", "/v1/track", fmt.Sprintf(`{"writeKey":%q,"event":"e","userId":"u","properties":{"a":%s}}`, projectToken, nested(255)), "json_too_deep", 400},
		{"posthog, many", "/batch", fmt.Sprintf(`{"api_key":%q,"batch":[%s]}`, projectToken, many), "too_many_events", 413},
		{"posthog, an array", "/e", "[" + many + "]", "too_many_events", 413},
		{"segment, many", "/v1/batch", fmt.Sprintf(`{"writeKey":%q,"batch":[%s]}`, projectToken, many), "too_many_events", 413},
	} {
		t.Run(test.name, func(t *testing.T) {
			fx := newFixture(t)
			body := strings.NewReader(pipelinetest.Gzip(test.body))
			var answer *httptest.ResponseRecorder
			used := allocated(func() { answer = fx.do(httptest.NewRequest(http.MethodPost, test.target, body)) })
			if test.code != "" {
				checkError(t, answer, test.status, test.code)
			} else if answer.Code != test.status {
				t.Errorf("got %d %s, want %d", answer.Code, answer.Body, test.status)
			}
			if used > 50<<20 {
				t.Errorf("%d MB allocated", used>>20)
			}
		})
	}
}
