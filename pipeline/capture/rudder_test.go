package capture

import (
	"bytes"
	"context"
	"image/gif"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

func (fx *fixture) get(target string) *httptest.ResponseRecorder {
	return fx.do(httptest.NewRequest(http.MethodGet, target, nil))
}

func TestMerge(t *testing.T) {
	t.Run("1.2 merge", func(t *testing.T) {
		fx := newFixture(t)
		answer := fx.post("/v1/merge", `{"writeKey":"wk_test_0001","mergeProperties":[{"type":"email","value":"a@x.example"},{"type":"mobile","value":"+49"}]}`)
		events := fx.log.take(t)
		if answer.Code != 200 || len(events) != 1 || events[0].Name != "$merge_dangerously" || events[0].DistinctID != "a@x.example" || events[0].Properties.String("alias") != "+49" {
			t.Errorf("got %d %s and %+v", answer.Code, answer.Body, events)
		}
	})
}

func TestPixel(t *testing.T) {
	image := func(t *testing.T, answer *httptest.ResponseRecorder) {
		t.Helper()
		picture, err := gif.Decode(answer.Body)
		if err != nil || picture.Bounds().Dx() != 1 || picture.Bounds().Dy() != 1 || answer.Code != 200 || answer.Header().Get("Content-Type") != "image/gif" ||
			answer.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("got %d with %v: %v", answer.Code, answer.Header(), err)
		}
	}
	t.Run("1.2 pixel of a message", func(t *testing.T) {
		for target, want := range map[string]string{
			"/pixel/v1/track?writeKey=wk_test_0001&anonymousId=a&event=Mail+opened&properties.mail=7&properties.mail.x=y&context.ip=198.51.100.1&properties=z": "Mail opened",
			"/pixel/v1/page/?writeKey=wk_test_0001&userId=a&name=Docs&properties.mail=7&context.ip=198.51.100.1":                                               "$pageview",
		} {
			fx := newFixture(t)
			image(t, fx.get(target))
			events := fx.log.take(t)
			if len(events) != 1 || events[0].Name != want || events[0].DistinctID != "a" || events[0].Source != "wk1" {
				t.Fatalf("%s: %+v", target, events)
			}
			got := decodeObject(t, events[0].Properties)
			for _, m := range missing(any(map[string]any{"$ip": "198.51.100.1"}), any(got), "properties") {
				t.Error(m)
			}
			if got["mail"] == nil {
				t.Errorf("properties %v", got)
			}
		}
	})
	t.Run("8.5 pixel always answers", func(t *testing.T) {
		for target, code := range map[string]string{
			"/pixel/v1/track": "missing_write_key", "/pixel/v1/track?writeKey=x": "unknown_write_key",
			"/pixel/v1/track?writeKey=wk_test_0001&event=e":                                                        "missing_user_id",
			"/pixel/v1/track?writeKey=wk_test_0001&event=e&userId=u&properties." + strings.Repeat("a.", 20) + "=1": "",
		} {
			fx := newFixture(t)
			image(t, fx.get(target))
			if n := len(fx.log.take(t)); code != "" && (fx.Stats().Refused()[code] != 1 || n != 0) || code == "" && n != 1 {
				t.Errorf("%s: refused %v, %d events stored", target, fx.Stats().Refused(), n)
			}
		}
		fx := newFixture(t)
		fx.log.fail = ErrOverloaded
		image(t, fx.get("/pixel/v1/track?writeKey=wk_test_0001&event=e&userId=u"))
		if fx.Stats().Refused()["overloaded"] != 1 {
			t.Errorf("refused %v", fx.Stats().Refused())
		}
	})
}

func TestRudderProbes(t *testing.T) {
	t.Run("2.14 health", func(t *testing.T) {
		fx := newFixture(t)
		if answer := fx.get("/health"); answer.Code != 200 {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
		fx.deps.Ready = func(context.Context) error { return ErrUnavailable }
		checkError(t, fx.get("/health"), 503, "not_ready")
	})
	t.Run("2.14 version", func(t *testing.T) {
		answer := newFixture(t).get("/version")
		if body := decodeObject(t, answer.Body.Bytes()); answer.Code != 200 || body["name"] != "Prickle" || body["version"] == "" {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
	})
}

func TestSegmentSizes(t *testing.T) {
	message := func(size int) string {
		return `{"type":"track","event":"e","userId":"u","properties":{"p":"` + strings.Repeat("x", size) + `"}}`
	}
	body := func(messages ...string) string {
		return `{"writeKey":"wk_test_0001","batch":[` + strings.Join(messages, ",") + `]}`
	}
	t.Run("8.5 message", func(t *testing.T) {
		var told bytes.Buffer
		fx := newFixture(t)
		fx.deps.Log = slog.New(slog.NewTextHandler(&told, nil))
		for range 2 {
			if answer := fx.post("/v1/batch", body(message(1), message(33<<10))); answer.Code != 200 || len(fx.log.take(t)) != 2 {
				t.Errorf("%d %s", answer.Code, answer.Body)
			}
		}
		if n := strings.Count(told.String(), "larger than Segment takes"); n != 1 {
			t.Errorf("told %d times, want once:\n%s", n, &told)
		}
		checkError(t, fx.post("/v1/batch", body(message(1<<20))), 413, "event_too_large")
	})
	t.Run("8.5 batch", func(t *testing.T) {
		many := make([]string, 9)
		for i := range many {
			many[i] = message(500 << 10)
		}
		fx := newFixture(t)
		checkError(t, fx.post("/v1/batch", body(many...)), 413, "body_too_large")
		checkError(t, fx.post("/v1/batch", pipelinetest.Gzip(body(many...))), 413, "decompressed_too_large")
		if answer := fx.post("/v1/batch", body(many[:7]...)); answer.Code != 200 {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
		large := newFixture(t, func(c *Config) { c.Limits.Body = 8 << 20 })
		if answer := large.post("/v1/batch", body(many...)); answer.Code != 200 {
			t.Errorf("a limit of the configuration holds: %d %s", answer.Code, answer.Body)
		}
	})
}

func TestQueryMessage(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/?writeKey=k&a.b=1&a.c.d=2&e=3&e=4", nil)
	want := map[string]any{"writeKey": "k", "a": map[string]any{"b": "1", "c": map[string]any{"d": "2"}}, "e": "3"}
	if diff := cmp.Diff(want, decodeObject(t, queryMessage(r.URL.Query()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
