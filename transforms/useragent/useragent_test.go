package useragent_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms/useragent"
)

const (
	webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
	blink  = "AppleWebKit/537.36 (KHTML, like Gecko)"
	phone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) " + webkit
	win    = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + blink
)

// What posthog-js says in these browsers.
func TestRead(t *testing.T) {
	for text, want := range map[string]useragent.Agent{
		win + " Chrome/124.0.0.0 Safari/537.36":                                  {Browser: "Chrome", Version: "124", OS: "Windows", OSVersion: "10.0", Device: "Desktop"},
		win + " Chrome/124.0.0.0 Safari/537.36 Edg/124.0.2478.51":                {Browser: "Microsoft Edge", Version: "124", OS: "Windows", OSVersion: "10.0", Device: "Desktop"},
		win + " Chrome/123.0.0.0 Safari/537.36 OPR/109.0.0.0":                    {Browser: "Opera", Version: "109", OS: "Windows", OSVersion: "10.0", Device: "Desktop"},
		phone + " Version/17.4.1 Mobile/15E148 Safari/604.1":                     {Browser: "Mobile Safari", Version: "17.4", OS: "iOS", OSVersion: "17.4.1", Device: "Mobile"},
		phone + " CriOS/124.0.6367.88 Mobile/15E148 Safari/604.1":                {Browser: "Chrome iOS", Version: "124", OS: "iOS", OSVersion: "17.4.1", Device: "Mobile"},
		phone + " FxiOS/125.0 Mobile/15E148 Safari/605.1.15":                     {Browser: "Firefox iOS", Version: "125", OS: "iOS", OSVersion: "17.4.1", Device: "Mobile"},
		"Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0": {Browser: "Firefox", Version: "125", OS: "Linux", Device: "Desktop"},
		"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) " + webkit + " Version/16.6 Mobile/15E148 Safari/604.1": {
			Browser: "Mobile Safari", Version: "16.6", OS: "iOS", OSVersion: "16.6", Device: "Tablet",
		},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + webkit + " Version/17.10 Safari/605.1.15": {
			Browser: "Safari", Version: "17.1", OS: "Mac OS X", OSVersion: "10.15.7", Device: "Desktop",
		},
		"Mozilla/5.0 (Linux; Android 14; SM-S918B) " + blink + " SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36": {
			Browser: "Samsung Internet", Version: "25", OS: "Android", OSVersion: "14", Device: "Mobile",
		},
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " + blink + " Chrome/124.0.0.0 Safari/537.36": {
			Browser: "Chrome", Version: "124", OS: "Chrome OS", Device: "Desktop",
		},
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)":       {Bot: "Googlebot"},
		"Mozilla/5.0 " + blink + "; compatible; GPTBot/1.0; +https://openai.com/gptbot)": {Bot: "GPTBot"},
		"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)":      {Bot: "facebookexternalhit"},
		"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)":                     {Bot: "Slackbot-LinkExpanding 1.0"},
		"curl/8.5.0":                            {Bot: "curl"},
		"python-requests/2.31.0":                {Bot: "python-requests"},
		"posthog-node/5.70.0":                   {},
		"x":                                     {},
		strings.Repeat("Mozilla/5.0 (", 10_000): {},
	} {
		for range 2 { // read, and remembered
			got := useragent.Read(text)
			if text[0] == 'M' && want == (useragent.Agent{}) || want.Bot != "" {
				got.Browser, got.Version = "", "" // whatever it makes of nothing
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%.90s\n%s", text, diff)
			}
		}
	}
}

func apply(t *testing.T, from, properties string) string {
	t.Helper()
	tr, err := useragent.New(&useragent.Config{From: pipeline.Code{Text: from}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := tr.Apply(t.Context(), pipeline.Event{UUID: "u", Name: "e", DistinctID: "d", Properties: pipeline.Properties(properties)}, nil)
	if err != nil || len(out) != 1 {
		t.Fatalf("%d events, %v", len(out), err)
	}
	return string(out[0].Properties)
}

func TestApply(t *testing.T) {
	const safari = phone + " Version/17.4.1 Mobile/15E148 Safari/604.1"
	for properties, want := range map[string]string{
		`{"$raw_user_agent":"` + safari + `"}`: `{"$raw_user_agent":"` + safari +
			`","$browser":"Mobile Safari","$browser_version":17.4,"$os":"iOS","$os_version":"17.4.1","$device_type":"Mobile"}`,
		`{"$useragent":"` + safari + `","$os":"mine","$browser":null}`: `{"$useragent":"` + safari +
			`","$os":"mine","$browser":null,"$browser_version":17.4,"$os_version":"17.4.1","$device_type":"Mobile"}`,
		`{"$raw_user_agent":"curl/8.5.0"}`: `{"$raw_user_agent":"curl/8.5.0"}`,
		`{"$raw_user_agent":7}`:            `{"$raw_user_agent":7}`,
		`{ }`:                              `{ }`,
	} {
		if got := apply(t, "", properties); got != want {
			t.Errorf("%s\n got %s\nwant %s", properties, got, want)
		}
	}
}

func TestFrom(t *testing.T) {
	got := apply(t, "event.properties.client.agent", `{"client":{"agent":"`+win+` Chrome/124.0.0.0 Safari/537.36"},"$raw_user_agent":"x"}`)
	if !strings.Contains(got, `"$browser":"Chrome"`) {
		t.Errorf("got %s", got)
	}
	for _, wrong := range []string{"event.name", "agent"} {
		if _, err := useragent.New(&useragent.Config{From: pipeline.Code{Text: wrong, Pos: pipeline.Pos{File: "p.yaml", Line: 4, Col: 2}}}); err == nil || !strings.HasPrefix(err.Error(), "p.yaml:4:2: ") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	e := pipeline.Event{UUID: "u", Name: "e", DistinctID: "d", Properties: pipeline.Properties(`{"amount":1,"$raw_user_agent":"` + win + ` Chrome/124.0.0.0 Safari/537.36","plan":"pro"}`)}
	u, err := useragent.New(new(useragent.Config))
	if err != nil {
		b.Fatal(err)
	}
	out := make([]pipeline.Event, 0, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.Apply(b.Context(), e, out); err != nil {
			b.Fatal(err)
		}
	}
}
