package capture

import (
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ruled(c *Config) {
	c.Keys = []Key{
		{Name: "web", Token: "phc_web", Origins: []Origin{"https://shop.example.com", "https://*.example.org"}, Endpoints: []Endpoint{EndpointPostHog}},
		{Name: "app", Token: "wk_app", Origins: []Origin{"https://app.example.com"}, Endpoints: []Endpoint{EndpointSegment}},
	}
}

func event(token string) string { return `{"token":"` + token + `","event":"e","distinct_id":"d"}` }

func track(key string) string {
	return `{"writeKey":"` + key + `","type":"track","event":"e","userId":"u"}`
}

func TestOriginsAndEndpoints(t *testing.T) {
	for _, test := range []struct {
		name, method, target, body, origin, code string
		status                                   int
	}{
		{name: "a server", target: "/e", body: event("phc_web"), status: 200},
		{name: "its page", target: "/e", body: event("phc_web"), origin: "https://shop.example.com", status: 200},
		{name: "below a name", target: "/batch", body: `{"api_key":"phc_web","batch":[` + event("") + `]}`, origin: "https://a.b.example.org", status: 200},
		{name: "another page", target: "/e", body: event("phc_web"), origin: "https://evil.example", status: 403, code: "origin_not_allowed"},
		{name: "a page of another key", target: "/e", body: event("phc_web"), origin: "https://app.example.com", status: 403, code: "origin_not_allowed"},
		{name: "no page at all", target: "/e", body: event("phc_web"), origin: "null", status: 403, code: "origin_not_allowed"},
		{name: "an unknown key of another page", target: "/e", body: event("phc_none"), origin: "https://evil.example", status: 401, code: "unknown_token"},
		{name: "the other protocol", target: "/v1/track", body: track("phc_web"), status: 403, code: "endpoint_not_allowed"},
		{name: "the other protocol, back", target: "/batch", body: event("wk_app"), status: 403, code: "endpoint_not_allowed"},
		{name: "an import", target: "/import?api_key=phc_web", body: `{"event":"e","distinct_id":"d"}`, status: 403, code: "endpoint_not_allowed"},
		{name: "mode v1 of another page", target: "/i/v1/analytics/events", body: "phc_web", origin: "https://evil.example", status: 403},
		{name: "mode v1 of another protocol", target: "/i/v1/analytics/events", body: "wk_app", status: 403},
		{name: "a pixel of another protocol", method: "GET", target: "/pixel/v1/track?writeKey=phc_web&event=e&userId=u", status: 200},
		{name: "segment", target: "/v1/t", body: track("wk_app"), origin: "https://app.example.com", status: 200},
		{name: "segment of another page", target: "/v1/b", body: `{"writeKey":"wk_app","batch":[` + track("") + `]}`, origin: "https://evil.example", status: 403, code: "origin_not_allowed"},
		{name: "settings", method: "GET", target: "/array/phc_web/config", origin: "https://shop.example.com", status: 200},
		{name: "settings of another page", method: "GET", target: "/array/phc_web/config.js", origin: "https://evil.example", status: 403, code: "origin_not_allowed"},
		{name: "settings of another protocol", method: "GET", target: "/v1/projects/phc_web/settings", status: 403, code: "endpoint_not_allowed"},
		{name: "source of another page", method: "GET", target: "/sourceConfig?writeKey=wk_app", origin: "https://evil.example", status: 403, code: "origin_not_allowed"},
		{name: "preflight of any page that a key is for", method: "OPTIONS", target: "/e", origin: "https://app.example.com", status: 200},
		{name: "preflight of another page", method: "OPTIONS", target: "/e", origin: "https://evil.example", status: 403, code: "origin_not_allowed"},
		{name: "OPTIONS of a server", method: "OPTIONS", target: "/e", status: 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			fx := newFixture(t, ruled)
			if test.method == "" {
				test.method = "POST"
			}
			r := httptest.NewRequest(test.method, test.target, strings.NewReader(test.body))
			if strings.HasPrefix(test.target, "/i/v1/") {
				for _, h := range [][2]string{
					{"Authorization", "Bearer " + test.body}, {"Content-Type", "application/json"}, {"PostHog-Sdk-Info", "posthog-test/1.2.3"}, {"PostHog-Attempt", "1"},
					{"PostHog-Request-Id", "0198c5a0-0000-7000-8000-000000000001"}, {"PostHog-Request-Timestamp", "2026-03-01T12:00:00Z"},
				} {
					r.Header.Set(h[0], h[1])
				}
			}
			if test.origin != "" {
				r.Header.Set("Origin", test.origin)
			}
			answer := fx.do(r)
			if test.code != "" {
				checkError(t, answer, test.status, test.code)
			} else if answer.Code != test.status {
				t.Errorf("got  %d %s\nwant %d", answer.Code, answer.Body, test.status)
			}
			// Without this a browser hides the answer from the page, and SDKs take it for a broken connection.
			if got := answer.Header().Get("Access-Control-Allow-Origin"); got != test.origin {
				t.Errorf("Access-Control-Allow-Origin %q, want %q", got, test.origin)
			}
			stored, want := len(fx.log.take(t)), 0
			if test.method == "POST" && test.status == 200 {
				want = 1
			}
			if stored != want {
				t.Errorf("%d events stored, want %d", stored, want)
			}
		})
	}
}

// A handler that says nothing of its endpoint is closed to keys that are for some.
func TestUnknownEndpointIsClosed(t *testing.T) {
	for k, want := range map[*keyRules]bool{{}: true, {endpoints: []Endpoint{EndpointPostHog}}: false} {
		if err := k.permits("", ""); (err == nil) != want {
			t.Errorf("endpoints %v: %v", k.endpoints, err)
		}
	}
}

func TestPreflightWithoutOrigins(t *testing.T) {
	fx := newFixture(t, func(c *Config) { ruled(c); c.Keys[1].Origins = nil })
	r := httptest.NewRequest("OPTIONS", "/e", nil)
	r.Header.Set("Origin", "https://anywhere.example")
	if answer := fx.do(r); answer.Code != 200 {
		t.Errorf("got %d %s, want 200: a key is for every page", answer.Code, answer.Body)
	}
}

func TestOriginMatches(t *testing.T) {
	for _, test := range []struct {
		allowed, origin string
		want            bool
	}{
		{"https://example.com", "https://example.com", true},
		{"https://example.com", "HTTPS://Example.com", true},
		{"https://example.com", "http://example.com", false},
		{"https://example.com", "https://example.com:8443", false},
		{"https://example.com", "https://www.example.com", false},
		{"https://*.example.com", "https://a.example.com", true},
		{"https://*.example.com", "https://a.b.example.com", true},
		{"https://*.example.com", "https://example.com", false},
		{"https://*.example.com", "https://.example.com", false},
		{"https://*.example.com", "https://evilexample.com", false},
		{"https://*.example.com", "https://a.example.com.evil.com", false},
		{"https://*.example.com", "https://evil.com/.example.com", false},
		{"https://*.example.com", "https://evil.com:80.example.com", false},
		{"https://*.example.com", "https://evil.com?.example.com", false},
		{"https://*.example.com", "https://me@a.example.com", false},
		{"https://*.example.com", "https://a.example.com, https://evil.com", false},
		{"https://*.example.com:8443", "https://a.example.com:8443", true},
		{"capacitor://localhost", "capacitor://localhost", true},
	} {
		if got := (origins{Origin(test.allowed)}).allow(test.origin); got != test.want {
			t.Errorf("%s for %s: got %v, want %v", test.allowed, test.origin, got, test.want)
		}
	}
}

func TestReadOrigins(t *testing.T) {
	for written, want := range map[string]string{
		"https://App.Example.com": "https://app.example.com", "https://a.example:443": "https://a.example", "http://a.example:80": "http://a.example",
		"http://localhost:3000": "http://localhost:3000", "https://*.example.com": "https://*.example.com", "http://[::1]:8080": "http://[::1]:8080",
		"chrome-extension://abc": "chrome-extension://abc",
	} {
		var o Origin
		if err := o.UnmarshalText([]byte(written)); err != nil || string(o) != want {
			t.Errorf("%s: got %s, %v, want %s", written, o, err, want)
		}
	}
	for _, written := range []string{
		"", "*", "null", "example.com", "localhost:3000", "//a.example", "https://", "https://a.example/", "https://a.example/x", "https://a.example?x",
		"https://a.example#", "https://me@a.example", "https://*", "https://a.*.example", "https://*a.example", "https://münchen.example", "https://a b",
	} {
		var o Origin
		if err := o.UnmarshalText([]byte(written)); err == nil {
			t.Errorf("%q is taken as %q", written, o)
		}
	}
}

// Personal keys open an account, so they are refused everywhere, and by the configuration too.
func TestPersonalKeysAreRefused(t *testing.T) {
	const personal = "phx_personal"
	fx := newFixture(t)
	for target, body := range map[string]string{
		"/e": event(personal), "/batch": `{"api_key":"` + personal + `","batch":[{"event":"e","distinct_id":"d"}]}`, "/v1/track": track(personal),
		"/s": event(personal),
	} {
		if answer := fx.do(httptest.NewRequest("POST", target, strings.NewReader(body))); answer.Code != 401 || strings.Contains(answer.Body.String(), personal) {
			t.Errorf("%s: got %d %s, want 401", target, answer.Code, answer.Body)
		}
	}
	r := httptest.NewRequest("POST", "/v1/track", strings.NewReader(track("")))
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(personal+":")))
	if answer := fx.do(r); answer.Code != 401 {
		t.Errorf("basic authentication: got %d %s, want 401", answer.Code, answer.Body)
	}
	config := testConfig()
	config.Keys[0].Token = personal
	if err := config.Validate(); err == nil || !strings.Contains(err.Error(), "personal key") {
		t.Errorf("configured: %v", err)
	}
}

// The same token hashes differently in each process, so nobody outside can work out what a lookup compares.
func TestTokensAreLookedUpByASecret(t *testing.T) {
	keys := []Key{{Name: "a", Token: "phc_a"}}
	one, other := newKeyring(keys), newKeyring(keys)
	if one.hash("phc_a") == other.hash("phc_a") {
		t.Error("two processes look the same token up by the same hash")
	}
	for token, want := range map[string]bool{"phc_a": true, "phc_b": false, "": false, "phc_a ": false, strings.Repeat("a", 1000): false} {
		if got := one.find(token) != nil; got != want {
			t.Errorf("%.10q: found %v, want %v", token, got, want)
		}
	}
}

// What a key says of messages holds for them by whichever path they come in, and for no other key's.
func TestKeyIsAboutItsMessages(t *testing.T) {
	fx := newFixture(t, func(c *Config) {
		c.Keys[1].IdentifiedOnly, c.Keys[1].GroupType, c.Keys[1].KeepContext = true, "team", true
	})
	for token, want := range map[string]string{
		"wk_test_0001": `{"$process_person_profile":false,"$groups":{"team":"g"},"$context":{"active":true}}`,
		"wk_test_0002": `{"$process_person_profile":null,"$groups":{"company":"g"},"$context":null}`,
	} {
		const message = `{"type":"track","event":"e","anonymousId":"a","context":{"groupId":"g","active":true}}`
		for target, body := range map[string]string{
			"/v1/track?writeKey=": message, "/v1/batch?writeKey=": `{"batch":[` + message + `]}`, "/import?format=segment&api_key=": message,
			"/pixel/v1/track?event=e&anonymousId=a&context.groupId=g&context.active=true&writeKey=": "",
		} {
			method := "POST"
			if body == "" {
				method = "GET"
			}
			if answer := fx.do(httptest.NewRequest(method, target+token, strings.NewReader(body))); answer.Code != 200 {
				t.Fatalf("%s: %d %s", target, answer.Code, answer.Body)
			}
			got := decodeObject(t, fx.log.take(t)[0].Properties)
			for name, value := range decodeObject(t, []byte(want)) {
				if body == "" && name == "$context" && value != nil {
					value = map[string]any{"active": "true"}
				}
				if diff := cmp.Diff(value, got[name]); diff != "" {
					t.Errorf("%s%s: %s (-want +got):\n%s", target, token, name, diff)
				}
			}
		}
	}
}
