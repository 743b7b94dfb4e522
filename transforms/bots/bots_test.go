package bots_test

import (
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms/bots"
)

func apply(t *testing.T, config *bots.Config, agent string) []pipeline.Event {
	t.Helper()
	e := pipeline.Event{UUID: "u", Name: "e", DistinctID: "d", Properties: pipeline.Properties(`{"$raw_user_agent":"` + agent + `"}`)}
	if agent == "" {
		e.Properties = pipeline.Properties(`{}`)
	}
	b, err := bots.New(config)
	if err != nil {
		t.Fatal(err)
	}
	out, err := b.Apply(t.Context(), e, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const (
	chrome  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
	google  = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
	monitor = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 StatusCake"
)

func TestDrop(t *testing.T) {
	config := &bots.Config{Action: "drop", Also: []string{"statuscake"}, Except: []string{"curl/"}}
	for agent, dropped := range map[string]bool{chrome: false, google: true, monitor: true, "curl/8.5.0": false, "Wget/1.21": true, "": false, "posthog-node/5.70.0": false} {
		if got := len(apply(t, config, agent)) == 0; got != dropped {
			t.Errorf("%q is dropped: %v", agent, got)
		}
	}
}

func TestMark(t *testing.T) {
	config := &bots.Config{Action: "mark", Also: []string{"StatusCake"}}
	for agent, name := range map[string]string{google: "Googlebot", monitor: "statuscake", chrome: ""} {
		out := apply(t, config, agent)
		if len(out) != 1 {
			t.Fatalf("%d events", len(out))
		}
		marked, _ := out[0].Properties.Get("$is_bot")
		if got := out[0].Properties.String("$bot_name"); got != name || (string(marked) == "true") != (name != "") {
			t.Errorf("%s\n got %s", agent, out[0].Properties)
		}
	}
}

func TestConfig(t *testing.T) {
	var a bots.Action
	if err := a.UnmarshalText([]byte("block")); err == nil || err.Error() != "want drop or mark" {
		t.Errorf("got %v", err)
	}
	for _, c := range []bots.Config{{Also: []string{" "}}, {Except: []string{"x", ""}}} {
		if err := c.Validate(); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if err := (&bots.Config{Also: []string{"x"}}).Validate(); err != nil {
		t.Error(err)
	}
}
