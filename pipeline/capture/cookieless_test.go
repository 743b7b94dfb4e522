package capture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// memorySalts are shared by the servers of one test, as those of the bus are by processes.
type memorySalts struct {
	mu    sync.Mutex
	salts map[string]string
	asked int
	fail  error
}

func (m *memorySalts) Salt(_ context.Context, day string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.asked++; m.fail != nil {
		return nil, m.fail
	}
	if m.salts == nil {
		m.salts = map[string]string{}
	}
	if m.salts[day] == "" {
		m.salts[day] = fmt.Sprintf("the salt of %s", day)
	}
	return []byte(m.salts[day]), nil
}

func (m *memorySalts) Forget(_ context.Context, before string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	for day := range m.salts {
		if day < before {
			delete(m.salts, day)
		}
	}
	return nil
}

func (m *memorySalts) days() (days []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for day := range m.salts {
		days = append(days, day)
	}
	slices.Sort(days)
	return days
}

// visit sends an event of a visitor without cookies.
type visit struct {
	target, token, ip, agent, host, at string
}

func (v visit) send(t *testing.T, fx *fixture) pipeline.Event {
	t.Helper()
	body := `{"token":"` + v.token + `","event":"$pageview","timestamp":"` + v.at + `","properties":{"distinct_id":"$posthog_cookieless","$device_id":null,` +
		`"$cookieless_mode":true,"$host":"` + v.host + `","$raw_user_agent":"` + v.agent + `","$set":{"a":1},"x":1}}`
	r := httptest.NewRequest(http.MethodPost, v.target, strings.NewReader(body))
	r.RemoteAddr = v.ip + ":1234"
	if answer := fx.do(r); answer.Code != http.StatusOK {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	events := fx.log.take(t)
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	return events[0]
}

// A visitor without cookies has one id a day, wherever the event comes in, which nothing in the event gives away.
func TestCookieless(t *testing.T) {
	base := visit{"/e", projectToken, "192.0.2.1", "Firefox", "shop.example", "2026-03-01T11:00:00Z"}
	change := func(f func(v *visit)) visit {
		v := base
		f(&v)
		return v
	}
	t.Run("2.6 cookieless hash", func(t *testing.T) {
		fx := newFixture(t)
		event := base.send(t, fx)
		id := event.DistinctID
		want := `{"distinct_id":"$posthog_cookieless","$device_id":null,"$cookieless_mode":true,"$host":"shop.example","x":1,"$process_person_profile":false}`
		if got := string(event.Properties); got != want || !strings.HasPrefix(id, "cookieless-") || len(id) != len("cookieless-")+32 {
			t.Errorf("event of %q\n got %s\nwant %s", id, got, want)
		}
		other := newFixture(t)
		other.salts = fx.salts
		other.deps.Salts = fx.salts
		for what, again := range map[string]string{
			"the same":        base.send(t, fx).DistinctID,
			"another path":    change(func(v *visit) { v.target = "/batch" }).send(t, fx).DistinctID,
			"another process": base.send(t, other).DistinctID,
			"HOST":            change(func(v *visit) { v.host = "SHOP.example" }).send(t, fx).DistinctID,
			"long ago":        change(func(v *visit) { v.at = "2025-03-01T11:00:00Z" }).send(t, fx).DistinctID,
		} {
			if again != id {
				t.Errorf("%s: %s, want %s", what, again, id)
			}
		}
		if other.salts.asked > 2 {
			t.Errorf("salts were asked for %d times", other.salts.asked)
		}
		// Who turns out to be somebody was the visitor until then.
		for _, target := range []string{"/e", "/batch"} {
			identify := `{"token":"` + projectToken + `","event":"$identify","timestamp":"` + base.at + `","properties":{"distinct_id":"ada","$anon_distinct_id":"$posthog_cookieless",` +
				`"$cookieless_mode":true,"$host":"shop.example","$raw_user_agent":"Firefox","$set":{"a":1}}}`
			r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(identify))
			r.RemoteAddr = base.ip + ":1234"
			if answer := fx.do(r); answer.Code != http.StatusOK {
				t.Fatalf("%d %s", answer.Code, answer.Body)
			}
			e := fx.log.take(t)[0]
			want := `{"distinct_id":"ada","$anon_distinct_id":"` + id + `","$cookieless_mode":true,"$host":"shop.example","$set":{"a":1}}`
			if got := string(e.Properties); e.DistinctID != "ada" || got != want {
				t.Errorf("identify of %s\n got %s\nwant %s", e.DistinctID, got, want)
			}
		}
		ids := map[string]string{id: "the same"}
		for what, v := range map[string]visit{
			"another key":     change(func(v *visit) { v.token = "wk_test_0001" }),
			"another address": change(func(v *visit) { v.ip = "192.0.2.2" }),
			"another browser": change(func(v *visit) { v.agent = "Chrome" }),
			"another host":    change(func(v *visit) { v.host = "blog.example" }),
			"the day before":  change(func(v *visit) { v.at = "2026-02-28T23:59:59Z" }),
		} {
			got := v.send(t, fx).DistinctID
			if is := ids[got]; is != "" {
				t.Errorf("%s has the id of %s", what, is)
			}
			ids[got] = what
		}
		fx.now = fx.now.Add(24 * time.Hour)
		if late := base.send(t, fx).DistinctID; late != id {
			t.Errorf("an event that comes a day late: %s, want %s", late, id)
		}
		if next := change(func(v *visit) { v.at = "2026-03-02T11:00:00Z" }).send(t, fx).DistinctID; ids[next] != "" {
			t.Errorf("the next day's visitor has the id of %s", ids[next])
		}
	})
	t.Run("2.6 cookieless", func(t *testing.T) { // in capture mode v1, with the agent of the header
		fx := newFixture(t)
		event := func() pipeline.Event {
			fx.v1(v1Body(v1Event(1, `{"distinct_id":"$posthog_cookieless","properties":{"$host":"shop.example","$set":{"a":1}}}`)), "User-Agent", "Firefox")
			return fx.log.take(t)[0]
		}()
		if want := base.send(t, fx).DistinctID; event.DistinctID != want || strings.Contains(string(event.Properties), "192.0.2.1") || strings.Contains(string(event.Properties), "$set") {
			t.Errorf("got %s, want %s: %s", event.DistinctID, want, event.Properties)
		}
	})
	t.Run("without salts", func(t *testing.T) {
		fx := newFixture(t)
		fx.salts.fail = errors.New("away")
		answer := fx.post("/e", `{"token":"`+projectToken+`","event":"e","distinct_id":"$posthog_cookieless"}`)
		if answer.Code != 503 || answer.Header().Get("Retry-After") == "" || len(fx.log.take(t)) != 0 {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
		if answer := fx.post("/e", goodEvent); answer.Code != 200 {
			t.Errorf("an event of somebody known: %d %s", answer.Code, answer.Body)
		}
	})
}

// A day's salt is destroyed when the next day is over, whatever happens on the way.
func TestSaltsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t)
		fx.deps.Now = time.Now
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			fx.keepForgetting(ctx)
		}()
		day := func() string { return time.Now().UTC().Format(time.DateOnly) }
		get := func() {
			if _, err := fx.flow.salts.of(ctx, fx.salts, day()); err != nil {
				t.Error(err)
			}
		}
		first := day()
		get()
		time.Sleep(24 * time.Hour)
		get()
		if got, want := fx.salts.days(), []string{first, day()}; !slices.Equal(got, want) {
			t.Errorf("on the second day\n got %v\nwant %v", got, want)
		}
		fx.salts.mu.Lock()
		fx.salts.fail = errors.New("away")
		fx.salts.mu.Unlock()
		second := day()
		time.Sleep(24*time.Hour - time.Minute)
		fx.salts.mu.Lock()
		fx.salts.fail = nil
		fx.salts.mu.Unlock()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got, want := fx.salts.days(), []string{second}; !slices.Equal(got, want) {
			t.Errorf("on the third day\n got %v\nwant %v", got, want)
		}
		if len(fx.flow.salts.known) != 1 || fx.flow.salts.known[first] != nil {
			t.Errorf("in memory: %v", fx.flow.salts.known)
		}
		stop()
		<-done
	})
}
