package bus

import (
	"testing"
	"time"
)

// Two projects with the same names share a server, one of them without a namespace.
func TestNamespaces(t *testing.T) {
	s := outside(t, nil)
	type project struct {
		*Bus
		person int
	}
	projects := []project{
		{open(t, "", func(c *Config) { c.URL = s.ClientURL() }), 1},
		{open(t, "", func(c *Config) { c.URL, c.Namespace = s.ClientURL(), "shop" }), 2},
		{open(t, "", func(c *Config) { c.URL, c.Namespace, c.Lanes = s.ClientURL(), "shop2", 4 }), 3},
	}
	for _, p := range projects {
		if err := p.Subscriber("web").SubscribeInitialize(EventsTopic(0)); err != nil {
			t.Fatal(err)
		}
		if err := p.State().Put(t.Context(), "who.am", []byte(itoa(p.person))); err != nil {
			t.Fatal(err)
		}
		if err := p.Secrets().Create(t.Context(), "who.am", []byte(itoa(p.person))); err != nil {
			t.Fatal(err)
		}
		if err := openProfiles(t, p.Bus).Save(t.Context(), []Profile{{Key: "who.am", Value: []byte(itoa(p.person))}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range projects {
		if err := running(t, p.NewWriter()).Append(t.Context(), events(p.person, 2)); err != nil {
			t.Fatal(err)
		}
		if err := p.Publisher().Publish(DeliverTopic("web", "crm", 3), NewMessage("events-1", events(p.person, 3))); err != nil {
			t.Fatal(err)
		}
		letter := DeadLetter{Pipeline: "web", Destination: "crm", Stage: StageDeliver, Event: []byte(`{}`)}
		if err := p.Bury(t.Context(), []DeadLetter{letter}); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range projects {
		list, _ := stored(t, p.events, p.subject("events.>"))
		if got, want := uuids(list), uuids(events(p.person, 2)); got != want {
			t.Errorf("project %d: captured\n got %s\nwant %s", p.person, got, want)
		}
		d := deliveries(t, p.Bus)
		frames := fetch(t, d, everything)
		if got := sizes(frames); got != "[3]" {
			t.Errorf("project %d: to be delivered\n got %s\nwant [3]", p.person, got)
		}
		if err := frames[0].Retry(t.Context(), time.Millisecond); err != nil {
			t.Fatal(err)
		}
		again := fetch(t, d, everything)
		if got, want := uuids(again[0].Frame().Events), uuids(events(p.person, 3)); got != want {
			t.Errorf("project %d: retried\n got %s\nwant %s", p.person, got, want)
		}
		ack(t, again...)
		if value, _, err := p.State().Get(t.Context(), "who.am"); string(value) != itoa(p.person) || err != nil {
			t.Errorf("project %d: state\n got %q, %v", p.person, value, err)
		}
		if value, err := p.Secrets().Get(t.Context(), "who.am"); string(value) != itoa(p.person) || err != nil {
			t.Errorf("project %d: secret\n got %q, %v", p.person, value, err)
		}
		wantProfile(t, openProfiles(t, p.Bus), "who.am", itoa(p.person))
		checkOwnStatus(t, p.Bus)
	}
}

func checkOwnStatus(t *testing.T, b *Bus) {
	t.Helper()
	st, err := b.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(st.Streams) != 4 || st.Streams[0].Name != streamEvents || len(st.Dead) != 1 || st.Dead[0].Letters != 1 || len(st.Consumers) != 2 {
		t.Errorf("status\n got %+v\nwant four streams, one dead letter, and the two consumers of this project", st)
	}
	letters, err := b.DeadLetters(t.Context(), DeadFilter{}, 0, 10)
	if err != nil || len(letters) != 1 {
		t.Errorf("dead letters\n got %v, %v\nwant one", letters, err)
	}
}

func TestNamespaceErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"embedded": {func(c *Config) { c.Namespace = "shop" }, "bus: namespace: the embedded server belongs to this project alone; remove it, or set url"},
		"dots":     {func(c *Config) { c.URL, c.Namespace = "nats://127.0.0.1:1", "a.b" }, `bus: namespace: want 1 to 32 letters, digits, - or _, got "a.b"`},
	} {
		if got := openError(t, func(config *Config) { config.Dir = t.TempDir(); c.change(config) }); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", name, got, c.want)
		}
	}
}
