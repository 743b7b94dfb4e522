package webhooks_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

const anything = `
  stripe: {verify: {scheme: stripe, secret: s3cret}, ` + ignore + `}
  github: {verify: {scheme: github, secret: s3cret}, ` + ignore + `}
  slack: {verify: {scheme: slack, secret: s3cret}, ` + ignore + `}
  standard: {verify: {scheme: standard, secret: czNjcmV0}, ` + ignore + `}
  basic: {verify: {scheme: basic, user: u, secret: s3cret}, ` + ignore + `}
  map: {verify: none, keep_body: true, map: {event: body.event, distinct_id: body.id ?? query.id, properties: body, timestamp: body.at, uuid: body.uuid}}
  hog: {verify: none, hog: {code: "return {'event': 'e', 'distinct_id': request.body.id ?? 'd', 'properties': {'r': request}}"}}`

// Whatever comes in, nothing panics, nobody without the secret is believed, and what is stored is JSON.
func FuzzReceive(f *testing.F) {
	fx := serve(f, anything)
	for _, seed := range [][4]string{
		{`{"event":"a","id":1,"at":"2026-01-01","uuid":"x"}`, "application/json", "t=1,v1=00", "id=2"},
		{"a=b&c=%zz", "application/x-www-form-urlencoded", "sha256=00", "%"},
		{"\xff\x00\"", "", "v0=", ""}, {`[[[[`, "x", "v1,AAAA v1,", "a=1&a=2"}, {`"\ud800"`, "text/plain", "Basic dTp4", ""}, {`{"event":{},"id":[1]}`, "", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, body, contentType, signature, query string) {
		for name := range fx.hooks {
			path := "/webhooks/" + name
			if rawQuery(query) {
				path += "?" + query
			}
			now := fmt.Sprint(fx.now.Unix())
			w := fx.post(path, body, "Content-Type", contentType, "Stripe-Signature", signature, "X-Hub-Signature-256", signature, "X-Slack-Signature", signature,
				"X-Slack-Request-Timestamp", now, "webhook-id", "1", "webhook-timestamp", now, "webhook-signature", signature, "Authorization", signature)
			open := name == "map" || name == "hog"
			if !open && w.Code != http.StatusUnauthorized || w.Code == http.StatusInternalServerError && name == "hog" {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
			for _, e := range fx.take(t) {
				if ok, _, _ := rawjson.Valid(e.Properties, rawjson.MaxDepth); !ok || e.Source != name {
					t.Errorf("%s: %s", name, e.Properties)
				}
			}
		}
	})
}

// rawQuery reports whether a text can stand behind the ? of a request's first line.
func rawQuery(text string) bool {
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	return true
}

// Requests that come at once do not see each other.
func TestAtOnce(t *testing.T) {
	f := serve(t, `
  hog: {verify: none, hog: {code: "postHogCapture({'event': request.body.n, 'distinct_id': 'd'}) return {'httpResponse': {'body': request.body.n}}"}}
  map: {verify: none, map: {event: body.n, distinct_id: '"d"'}}`)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			n := fmt.Sprintf("n%d", i)
			if w := f.post("/webhooks/hog", `{"n":"`+n+`"}`); w.Body.String() != n {
				t.Errorf("%s was answered %s", n, w.Body)
			}
			f.post("/webhooks/map", `{"n":"`+n+`"}`)
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, e := range f.take(t) {
		seen[e.Name]++
	}
	for i := range 200 {
		if n := fmt.Sprintf("n%d", i); seen[n] != 2 {
			t.Errorf("%s: %d events", n, seen[n])
		}
	}
}
