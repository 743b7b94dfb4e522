package webhooks_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v74/github"
	"github.com/slack-go/slack"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stripe/stripe-go/v76/webhook"
)

const someBody = `{"id":"evt_1", "type":"x","emoji":"é ☃"}`

// want posts a body with headers and wants a status.
func want(t *testing.T, f *fixture, status int, code, body string, headers ...string) {
	t.Helper()
	w := f.post("/webhooks/in", body, headers...)
	if w.Code != status || !strings.Contains(w.Body.String(), code) {
		t.Errorf("%q\n got %d %s\nwant %d %s", headers, w.Code, w.Body, status, code)
	}
	if strings.Contains(w.Body.String(), "s3cret") || strings.Contains(f.logged.String(), "s3cret") {
		t.Errorf("the secret shows: %s\n%s", w.Body, f.logged.String())
	}
}

const ignore = `map: {when: "false", event: '"x"', distinct_id: '"y"'}`

// Stripe's own library signs.
func TestStripe(t *testing.T) {
	f := serve(t, `  in: {verify: {scheme: stripe, secret: [whsec_new_s3cret, whsec_old_s3cret], tolerance: 2m}, `+ignore+`}`)
	sign := func(secret, body string, at time.Time) string {
		return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: secret, Timestamp: at}).Header
	}
	good := sign("whsec_new_s3cret", someBody, f.now)
	want(t, f, 200, `{"status":"ok"}`, someBody, "Stripe-Signature", good)
	want(t, f, 200, "", someBody, "Stripe-Signature", sign("whsec_old_s3cret", someBody, f.now))
	want(t, f, 200, "", someBody, "Stripe-Signature", sign("whsec_new_s3cret", someBody, f.now.Add(-2*time.Minute)))
	want(t, f, 200, "", someBody, "Stripe-Signature", strings.Replace(good, ",v1=", ",v1="+strings.Repeat("0", 64)+",v0=00,v1=", 1))
	want(t, f, 401, "stale_timestamp", someBody, "Stripe-Signature", sign("whsec_new_s3cret", someBody, f.now.Add(-121*time.Second)))
	want(t, f, 401, "stale_timestamp", someBody, "Stripe-Signature", sign("whsec_new_s3cret", someBody, f.now.Add(121*time.Second)))
	want(t, f, 401, "wrong_signature", someBody+" ", "Stripe-Signature", good)
	want(t, f, 401, "wrong_signature", someBody, "Stripe-Signature", sign("whsec_other_s3cret", someBody, f.now))
	want(t, f, 401, "missing_signature", someBody)
	for _, bad := range []string{"x", "t=,v1=", "v1=" + good, "t=1", strings.ReplaceAll(good, "v1=", "v2="), strings.Replace(good, "t=", "t=-", 1), good + "0"} {
		want(t, f, 401, "wrong_signature", someBody, "Stripe-Signature", bad)
	}
	// Another time under the same signature.
	other := fmt.Sprintf("t=%d,%s", f.now.Unix()+1, good[strings.Index(good, "v1="):])
	want(t, f, 401, "wrong_signature", someBody, "Stripe-Signature", other)
	if n := f.outcome("in", "wrong_signature"); n != 10 {
		t.Errorf("wrong_signature was counted %d times", n)
	}
}

func sha256MAC(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// GitHub's own validator, as its Go client has it, says the same of every request.
func TestGitHub(t *testing.T) {
	f := serve(t, `  in: {verify: {scheme: github, secret: s3cret}, `+ignore+`}`)
	for signature, good := range map[string]bool{
		"sha256=" + sha256MAC("s3cret", someBody):     true,
		"sha256=" + sha256MAC("s3crets", someBody):    false,
		"sha256=" + sha256MAC("s3cret", someBody+" "): false,
		sha256MAC("s3cret", someBody):                 false,
		"sha256=":                                     false,
		"sha256=zz":                                   false,
	} {
		if theirs := github.ValidateSignature(signature, []byte(someBody), []byte("s3cret")) == nil; theirs != good {
			t.Fatalf("%s: the vendor says %v", signature, theirs)
		}
		status := map[bool]int{true: 200, false: 401}[good]
		want(t, f, status, "", someBody, "X-Hub-Signature-256", signature)
	}
	want(t, f, 401, "missing_signature", someBody, "X-Hub-Signature", "sha1=00")
}

// Slack's own verifier says the same of every request.
func TestSlack(t *testing.T) {
	f := serve(t, `  in: {verify: {scheme: slack, secret: s3cret}, `+ignore+`}`)
	f.now = time.Now() // the verifier has no other clock
	now := strconv.FormatInt(f.now.Unix(), 10)
	old := strconv.FormatInt(f.now.Add(-6*time.Minute).Unix(), 10)
	for _, c := range []struct {
		stamp, signature, code string
	}{
		{now, "v0=" + sha256MAC("s3cret", "v0:"+now+":"+someBody), ""},
		{old, "v0=" + sha256MAC("s3cret", "v0:"+old+":"+someBody), "stale_timestamp"},
		{old, "v0=" + sha256MAC("s3cret", "v0:"+now+":"+someBody), "wrong_signature"},
		{now, "v0=" + sha256MAC("other", "v0:"+now+":"+someBody), "wrong_signature"},
		{now, "v0=" + sha256MAC("s3cret", "v0:"+now+":"+someBody+" "), "wrong_signature"},
		{now, "v1=" + sha256MAC("s3cret", "v0:"+now+":"+someBody), "wrong_signature"},
		{"x", "v0=" + sha256MAC("s3cret", "v0:x:"+someBody), "wrong_signature"},
	} {
		headers := http.Header{"X-Slack-Signature": {c.signature}, "X-Slack-Request-Timestamp": {c.stamp}}
		verifier, err := slack.NewSecretsVerifier(headers, "s3cret")
		if err == nil {
			_, _ = io.WriteString(&verifier, someBody)
			err = verifier.Ensure()
		}
		if strings.HasPrefix(c.signature, "v0=") && (err == nil) != (c.code == "") {
			t.Fatalf("%+v: the vendor says %v", c, err)
		}
		status := map[bool]int{true: 200, false: 401}[c.code == ""]
		want(t, f, status, c.code, someBody, "X-Slack-Signature", c.signature, "X-Slack-Request-Timestamp", c.stamp)
	}
	want(t, f, 401, "missing_signature", someBody, "X-Slack-Signature", "v0=00")
	want(t, f, 401, "missing_signature", someBody, "X-Slack-Request-Timestamp", now)
}

// The library of Standard Webhooks signs, under its own names of the headers and under Svix's.
func TestStandard(t *testing.T) {
	const secret, other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	f := serve(t, `  in: {verify: {scheme: standard, secret: [`+secret+`, "`+other+`"]}, `+ignore+`}`)
	sign := func(secret, id, body string, at time.Time) string {
		hook, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := hook.Sign(id, at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		headers := http.Header{}
		headers.Set("webhook-id", id)
		headers.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
		headers.Set("webhook-signature", signature)
		if err := hook.VerifyIgnoringTimestamp([]byte(body), headers); err != nil {
			t.Fatal(err)
		}
		return signature
	}
	now := strconv.FormatInt(f.now.Unix(), 10)
	good, second := sign(secret, "msg_1", someBody, f.now), sign(other, "msg_1", someBody, f.now)
	for _, names := range [][3]string{{"webhook-id", "webhook-timestamp", "webhook-signature"}, {"svix-id", "svix-timestamp", "svix-signature"}} {
		with := func(id, stamp, signature string) []string {
			return []string{names[0], id, names[1], stamp, names[2], signature}
		}
		want(t, f, 200, "", someBody, with("msg_1", now, good)...)
		want(t, f, 200, "", someBody, with("msg_1", now, second)...)
		want(t, f, 200, "", someBody, with("msg_1", now, "v1a,AAAA v1,AAAA "+good)...)
		want(t, f, 401, "wrong_signature", someBody, with("msg_2", now, good)...)
		want(t, f, 401, "wrong_signature", someBody, with("msg_1", now+"0", good)...)
		want(t, f, 401, "wrong_signature", someBody+" ", with("msg_1", now, good)...)
		want(t, f, 401, "wrong_signature", someBody, with("msg_1", now, "v2"+good[2:])...)
		want(t, f, 401, "missing_signature", someBody, with("msg_1", now, "")...)
		want(t, f, 401, "missing_signature", someBody, with("msg_1", "", good)...)
		want(t, f, 401, "missing_signature", someBody, with("", now, good)...)
		old := f.now.Add(-301 * time.Second)
		want(t, f, 401, "stale_timestamp", someBody, with("msg_1", strconv.FormatInt(old.Unix(), 10), sign(secret, "msg_1", someBody, old))...)
	}
}
