package capture

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// posthogBatch and segmentBatch are requests of n events with a key.
func posthogBatch(token string, n int) string {
	return `{"api_key":"` + token + `","batch":[` + strings.TrimSuffix(strings.Repeat(`{"event":"e","distinct_id":"d"},`, n), ",") + `]}`
}

// posthogList is a request whose token stands in its events, so that it is known only after they are decoded.
func posthogList(token string, n int) string {
	return `[` + strings.TrimSuffix(strings.Repeat(`{"token":"`+token+`","event":"e","distinct_id":"d"},`, n), ",") + `]`
}

func segmentBatch(token string, n int) string {
	return `{"writeKey":"` + token + `","batch":[` + strings.TrimSuffix(strings.Repeat(`{"type":"track","event":"e","userId":"u"},`, n), ",") + `]}`
}

func (fx *fixture) post(target, body string) *httptest.ResponseRecorder {
	return fx.do(httptest.NewRequest("POST", target, strings.NewReader(body)))
}

func withRate(rate Rate, burst int) func(*Config) {
	return func(c *Config) { c.Keys[0].Rate, c.Keys[0].Burst = rate, burst }
}

func withQuota(events int64, per string) func(*Config) {
	return func(c *Config) { c.Keys[0].Quota = Quota{events, per} }
}

// Each SDK is told in the way that makes it send again, and a request is stored whole or not at all.
func TestRate(t *testing.T) {
	for target, test := range map[string]struct {
		body   func(string, int) string
		status int
	}{
		"/batch/": {posthogBatch, 429}, "/i/v0/ai/batch": {posthogBatch, 429}, "/e/": {posthogBatch, 503}, "/i/v0/e/": {posthogList, 503},
		"/capture/": {posthogList, 503}, "/v1/batch": {segmentBatch, 429}, "/v1/import": {segmentBatch, 429}, "/beacon/v1/batch": {segmentBatch, 429},
	} {
		t.Run(target, func(t *testing.T) {
			fx := newFixture(t, withRate(10, 0))
			if answer := fx.post(target, test.body(projectToken, 6)); answer.Code != 200 {
				t.Fatalf("within the rate: %d %s", answer.Code, answer.Body)
			}
			answer := fx.post(target, test.body(projectToken, 6))
			checkError(t, answer, test.status, "rate_limited")
			if got := answer.Header().Get("Retry-After"); got != "1" {
				t.Errorf("Retry-After %q, want 1", got)
			}
			if n := len(fx.log.take(t)); n != 6 {
				t.Errorf("%d events stored, want the first 6", n)
			}
			if n := fx.Stats().OverRate.Load(); n != 6 {
				t.Errorf("%d events count as refused, want 6", n)
			}
			if answer := fx.post(target, test.body("wk_test_0001", 100)); answer.Code != 200 {
				t.Errorf("another key: %d %s", answer.Code, answer.Body)
			}
			fx.now = fx.now.Add(200 * time.Millisecond) // refused requests use nothing up
			if answer := fx.post(target, test.body(projectToken, 6)); answer.Code != 200 {
				t.Errorf("later: %d %s", answer.Code, answer.Body)
			}
		})
	}
}

// A request of more events than the burst comes through once the bucket is full, and is paid off afterwards.
func TestRateOfLargeRequests(t *testing.T) {
	fx := newFixture(t, withRate(10, 20))
	stored, start := 0, fx.now
	for fx.now.Before(start.Add(100 * time.Second)) {
		if answer := fx.post("/batch", posthogBatch(projectToken, 75)); answer.Code == 200 {
			stored += 75
		} else if retry := answer.Header().Get("Retry-After"); retry == "" {
			t.Fatal("no Retry-After")
		}
		fx.now = fx.now.Add(time.Second)
	}
	if most := 100*10 + 75; stored > most || stored < 100*10-75 {
		t.Errorf("%d events came through in 100 s at 10 events a second", stored)
	}
}

func TestQuotaAnswers(t *testing.T) {
	limited := `{"status":"Ok","quota_limited":["events"]}`
	for _, test := range []struct {
		target string
		body   func(string, int) string
		status int
		answer string
	}{
		{"/batch/", posthogBatch, 200, limited},
		{"/e/", posthogBatch, 200, limited},
		{"/e/", posthogList, 200, limited},
		{"/e/?beacon=1", posthogBatch, 204, ""},
		{"/v1/batch", segmentBatch, 429, `{"type":"throttled_error","code":"quota_exceeded","detail":"the quota of 10 events a day is used up"}`},
	} {
		t.Run(test.target, func(t *testing.T) {
			fx := newFixture(t, withQuota(10, PerDay))
			if answer := fx.post(test.target, test.body(projectToken, 9)); answer.Code >= 300 || strings.Contains(answer.Body.String(), "quota") {
				t.Fatalf("within the quota: %d %s", answer.Code, answer.Body)
			}
			answer := fx.post(test.target, test.body(projectToken, 2))
			if answer.Code != test.status || answer.Body.String() != test.answer || answer.Header().Get("Retry-After") != "" {
				t.Errorf("over the quota\n got %d %s %v\nwant %d %s", answer.Code, answer.Body, answer.Header(), test.status, test.answer)
			}
			if n := len(fx.log.take(t)); n != 9 {
				t.Errorf("%d events stored, want 9", n)
			}
			if limited, refused := fx.Stats().OverQuota.Load(), fx.Stats().Refused()["quota_exceeded"]; limited != 2 || refused != 1 {
				t.Errorf("%d events and %d requests count as refused, want 2 and 1", limited, refused)
			}
			if answer := fx.post(test.target, test.body(projectToken, 1)); answer.Code >= 300 || len(fx.log.take(t)) != 1 {
				t.Errorf("the last event of the quota: %d %s", answer.Code, answer.Body)
			}
		})
	}
}

// The wait is told when it is short enough to be waited for.
func TestQuotaRetryAfter(t *testing.T) {
	fx := newFixture(t, withQuota(1, PerMonth))
	fx.now = time.Date(2026, 3, 31, 23, 57, 0, 0, time.UTC)
	for _, want := range []string{"", "180"} {
		if got := fx.post("/v1/batch", segmentBatch(projectToken, 1)).Header().Get("Retry-After"); got != want {
			t.Errorf("Retry-After\n got %q\nwant %q", got, want)
		}
	}
	fx.now = fx.now.Add(180 * time.Second)
	if answer := fx.post("/v1/batch", segmentBatch(projectToken, 1)); answer.Code != 200 {
		t.Errorf("in the next month: %d %s", answer.Code, answer.Body)
	}
}

// What was not stored is not counted: it will be sent again. Neither is what the pipeline never sees.
func TestQuotaCountsWhatIsStored(t *testing.T) {
	fx := newFixture(t, withQuota(10, PerMonth))
	fx.log.fail = ErrUnavailable
	for range 5 {
		checkError(t, fx.post("/batch", posthogBatch(projectToken, 10)), 503, "unavailable")
	}
	fx.log.fail = nil
	fx.post("/batch", `{"api_key":"`+projectToken+`","event":"$performance_event","distinct_id":"d"}`)
	fx.post("/batch", `{"api_key":"`+projectToken+`","event":"","distinct_id":"d"}`)
	if keys := fx.Keys(t.Context()); keys[0].Used != 0 || keys[0].Period != "2026-03" {
		t.Errorf("got %+v, want nothing used in 2026-03", keys)
	}
	if answer := fx.post("/batch", posthogBatch(projectToken, 10)); strings.Contains(answer.Body.String(), "quota") || len(fx.log.take(t)) != 10 {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

// second is another process of the same project.
func (fx *fixture) second(t *testing.T) *fixture {
	t.Helper()
	other := &fixture{log: &memoryLog{}, counts: fx.counts, now: fx.now}
	deps := fx.deps
	deps.Events, deps.Now = other.log, func() time.Time { return other.now }
	s, err := New(fx.config, deps)
	if err != nil {
		t.Fatal(err)
	}
	other.Server = s
	return other
}

func (fx *fixture) settle(t *testing.T) {
	t.Helper()
	if err := fx.flow.quotas.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestQuotaIsShared(t *testing.T) {
	fx := newFixture(t, withQuota(100, PerMonth))
	fx.post("/batch", posthogBatch(projectToken, 30))
	fx.settle(t)
	fx.post("/batch", posthogBatch(projectToken, 7)) // lost with the process
	other := fx.second(t)
	if used := other.Keys(t.Context())[0].Used; used != 30 {
		t.Errorf("a new process starts from %d, want what was settled, 30", used)
	}
	other.post("/batch", posthogBatch(projectToken, 60))
	third := other.second(t) // knows nothing of the 60 yet, which are the bounded overshoot
	third.post("/batch", posthogBatch(projectToken, 20))
	other.settle(t)
	third.settle(t)
	if sum := fx.counts.sum("posthog", "2026-03"); sum != 110 {
		t.Errorf("the shared count is %d, want 110", sum)
	}
	for _, process := range []*fixture{other, third} {
		process.post("/batch", posthogBatch(projectToken, 1))
		process.settle(t)
		if answer := process.post("/batch", posthogBatch(projectToken, 1)); !strings.Contains(answer.Body.String(), "quota_limited") {
			t.Errorf("over the quota together: %d %s", answer.Code, answer.Body)
		}
	}
	// When another process gives back what it could not store, those that refuse hear of it.
	fx.counts.sums["posthog 2026-03"] = 50
	third.settle(t)
	if answer := third.post("/batch", posthogBatch(projectToken, 1)); strings.Contains(answer.Body.String(), "quota") {
		t.Errorf("after the count has shrunk: %s", answer.Body)
	}
}

// Whichever way the clock steps, each period keeps its count.
func TestQuotaAndTheClock(t *testing.T) {
	fx := newFixture(t, withQuota(10, PerDay))
	full := func(step time.Duration) bool {
		fx.now = fx.now.Add(step)
		return strings.Contains(fx.post("/batch", posthogBatch(projectToken, 10)).Body.String(), "quota_limited")
	}
	for i, test := range []struct {
		step time.Duration
		full bool
	}{
		{0, false}, {time.Hour, true}, {-2 * time.Hour, true}, {12 * time.Hour, true}, {time.Hour, false}, {time.Second, true},
		{-time.Hour, true}, {time.Hour, true}, {24 * 365 * time.Hour, false}, {-24 * 365 * time.Hour, true},
	} {
		if i%3 == 2 {
			fx.settle(t)
		}
		if got := full(test.step); got != test.full {
			t.Fatalf("step %d, at %s: the quota is used up: %v, want %v", i, fx.now, got, test.full)
		}
	}
	fx.settle(t)
	if a, b := fx.counts.sum("posthog", "2026-03-01"), fx.counts.sum("posthog", "2026-03-02"); a != 10 || b != 10 {
		t.Errorf("counts of the two days are %d and %d, want 10 each", a, b)
	}
	fx.settle(t)
	if n := len(fx.allowances["posthog"].quota.ledgers); n != 1 {
		t.Errorf("%d ledgers are kept, want only the current one", n)
	}
}

// Without the shared count nobody knows what is left, so nothing is taken; and nobody waits for it but the first.
func TestQuotaWithoutCounters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, withQuota(10, PerDay))
		fx.counts.set(errors.New("away"))
		checkError(t, fx.post("/batch", posthogBatch(projectToken, 1)), 503, "unavailable")
		fx.counts.set(nil)
		checkError(t, fx.post("/batch", posthogBatch(projectToken, 1)), 503, "unavailable")
		time.Sleep(countPause)
		if answer := fx.post("/batch", posthogBatch(projectToken, 1)); answer.Code != 200 {
			t.Errorf("once it is back: %d %s", answer.Code, answer.Body)
		}
	})
}

// Run settles about once a second, and what is left when it ends.
func TestRunSettlesQuotas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, withQuota(100, PerDay))
		conn, stop, done := talk(t, fx)
		go func() { _, _ = bytes.NewBuffer(nil).ReadFrom(conn) }()
		fx.post("/batch", posthogBatch(projectToken, 3))
		time.Sleep(settleEvery + time.Millisecond)
		synctest.Wait()
		if sum := fx.counts.sum("posthog", "2026-03-01"); sum != 3 {
			t.Errorf("after a second %d events are counted, want 3", sum)
		}
		fx.counts.set(errors.New("away"))
		fx.post("/batch", posthogBatch(projectToken, 4))
		time.Sleep(3 * settleEvery)
		fx.counts.set(nil)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if sum := fx.counts.sum("posthog", "2026-03-01"); sum != 7 {
			t.Errorf("after the end %d events are counted, want 7", sum)
		}
	})
}

// The operator is told once for each period, and at most once a minute of a rate.
func TestLimitsAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		fx := newFixture(t, withQuota(10, PerDay), func(c *Config) { c.Keys[1].Rate = 5 })
		for _, a := range fx.allowances {
			a.log = slog.New(slog.NewTextHandler(&out, nil))
		}
		for range 50 {
			fx.post("/batch", posthogBatch(projectToken, 20))
			fx.post("/batch", posthogBatch("wk_test_0001", 5))
		}
		fx.now = fx.now.Add(24 * time.Hour)
		fx.post("/batch", posthogBatch(projectToken, 20))
		time.Sleep(warnEvery)
		for range 50 {
			fx.post("/batch", posthogBatch("wk_test_0001", 5))
		}
		if quota, rate := strings.Count(out.String(), "quota"), strings.Count(out.String(), "faster than its rate"); quota != 2*2 || rate != 2 {
			t.Errorf("want two lines of each:\n%s", &out)
		}
		if strings.Contains(out.String(), projectToken) {
			t.Errorf("a token is logged: %s", &out)
		}
	})
}

// A refused request costs little: its events are not decoded.
func TestRefusedRequestsAreCheap(t *testing.T) {
	fx := newFixture(t, withRate(1, 0), func(c *Config) { c.Keys[1].Rate = 1 << 30 })
	fx.post("/batch", posthogBatch(projectToken, 1000))
	cost := func(token string) uint64 {
		body := posthogBatch(token, 5000)
		fx.post("/batch", body)
		return uint64(testing.AllocsPerRun(5, func() { fx.post("/batch", body) }))
	}
	if refused, taken := cost(projectToken), cost("wk_test_0001"); refused > taken/20 {
		t.Errorf("a refused request makes %d allocations, one that is taken %d", refused, taken)
	}
}

func TestParseAllowances(t *testing.T) {
	for text, want := range map[string]any{
		"500/s": Rate(500), "2K/s": Rate(2000), " 3 / s ": Rate(3), "1M/s": Rate(1e6),
		"10M/month": Quota{10e6, PerMonth}, "500K/day": Quota{5e5, PerDay}, "2G/month": Quota{2e9, PerMonth}, "7/day": Quota{7, PerDay},
	} {
		var got any
		var err error
		if _, ok := want.(Rate); ok {
			var r Rate
			err = r.UnmarshalText([]byte(text))
			got = r
		} else {
			var q Quota
			err = q.UnmarshalText([]byte(text))
			got = q
		}
		if err != nil || got != want {
			t.Errorf("%q\n got %v, %v\nwant %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "0/s", "5", "-1/s", "1.5/s", "5/m", "K/s", "5k/s", "99999999999999999999/s", "9G/s", "5/s/s"} {
		var r Rate
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("rate %q gives %d", text, r)
		}
	}
	for _, text := range []string{"", "0/day", "10", "10/fortnight", "10/Month", "-1/day", "9999999999999G/month"} {
		var q Quota
		if err := q.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("quota %q gives %+v", text, q)
		}
	}
}

// A new configuration goes on with what was used under the old one, and nothing that was counted is lost.
func TestAllowancesOutliveAConfiguration(t *testing.T) {
	fx := newFixture(t, withRate(10, 0), withQuota(20, PerMonth), func(c *Config) { c.Keys[1].Quota = Quota{100, PerDay} })
	adopt := func(change func(*Config)) {
		t.Helper()
		config := fx.config
		config.Keys = slices.Clone(config.Keys)
		change(&config)
		next, err := New(config, fx.deps)
		if err != nil {
			t.Fatal(err)
		}
		fx.Adopt(next)
	}
	limited := func(token string, n int) string {
		answer := fx.post("/batch", posthogBatch(token, n))
		if answer.Code == 200 && !strings.Contains(answer.Body.String(), "quota") {
			return ""
		}
		return answer.Body.String()
	}
	if text := limited(projectToken, 10); text != "" {
		t.Fatal(text)
	}
	fx.post("/batch", posthogBatch("wk_test_0001", 30))
	adopt(func(c *Config) { c.Keys[0].Quota.Events, c.Keys[1].Quota = 25, Quota{} })
	if text := limited(projectToken, 1); !strings.Contains(text, "rate_limited") {
		t.Errorf("an unchanged rate begins anew: %s", text)
	}
	fx.now = fx.now.Add(time.Second)
	if text := limited(projectToken, 10); text != "" {
		t.Errorf("a second later: %s", text)
	}
	fx.now = fx.now.Add(time.Second)
	if text := limited(projectToken, 6); !strings.Contains(text, "quota") {
		t.Errorf("over the new quota: %q", text)
	}
	adopt(func(c *Config) { c.Keys[0].Quota.Events = 26 })
	if text := limited(projectToken, 6); text != "" {
		t.Errorf("within a larger quota: %s", text)
	}
	keys := fx.Keys(t.Context())
	if len(keys) != 2 || keys[0].Used != 26 || keys[0].OverRate != 1 || keys[0].OverQuota != 6 {
		t.Errorf("state of the keys: %+v", keys)
	}
	fx.settle(t)
	if kept, removed := fx.counts.sum("posthog", "2026-03"), fx.counts.sum("wk1", "2026-03-01"); kept != 26 || removed != 30 {
		t.Errorf("counts are %d, want 26, and %d, want 30, of a quota that is gone", kept, removed)
	}
}
