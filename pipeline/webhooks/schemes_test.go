package webhooks_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func mac(h func() hash.Hash, secret, text string) []byte {
	m := hmac.New(h, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func TestHMAC(t *testing.T) {
	f := serve(t, `
  in: {verify: {scheme: hmac, secret: [s3cret, older_s3cret], header: X-Sig}, `+ignore+`}
  other:
    verify:
      scheme: hmac
      secret: s3cret
      header: X-Sig
      algorithm: sha512
      encoding: base64
      prefix: "v="
      timestamp: X-Time
      id: X-Id
      signed: "{timestamp}|{id}|{body}|end"
      tolerance: 10s
    `+ignore+`
  old: {verify: {scheme: hmac, secret: s3cret, header: X-Sig, algorithm: sha1, timestamp: X-Time}, `+ignore+`}`)
	want(t, f, 200, "", someBody, "X-Sig", sha256MAC("s3cret", someBody))
	want(t, f, 200, "", someBody, "X-Sig", strings.ToUpper(sha256MAC("older_s3cret", someBody)))
	want(t, f, 200, "", someBody, "X-Sig", "00", "X-Sig", sha256MAC("s3cret", someBody))
	want(t, f, 401, "wrong_signature", someBody, "X-Sig", "sha256="+sha256MAC("s3cret", someBody))
	want(t, f, 401, "wrong_signature", someBody+" ", "X-Sig", sha256MAC("s3cret", someBody))
	want(t, f, 401, "missing_signature", someBody)

	now := strconv.FormatInt(f.now.Unix(), 10)
	sign := func(stamp, id string) string {
		return "v=" + base64.StdEncoding.EncodeToString(mac(sha512.New, "s3cret", stamp+"|"+id+"|"+someBody+"|end"))
	}
	milli, late := strconv.FormatInt(f.now.UnixMilli(), 10), strconv.FormatInt(f.now.Add(-11*time.Second).Unix(), 10)
	for _, c := range []struct {
		stamp, id, signature, code string
	}{
		{now, "1", sign(now, "1"), `"ok"`},
		{milli, "1", sign(milli, "1"), `"ok"`},
		{now, "2", sign(now, "1"), "wrong_signature"},
		{now, "1", sign(now, "1")[2:], "wrong_signature"},
		{late, "1", sign(late, "1"), "stale_timestamp"},
		{"soon", "1", sign("soon", "1"), "wrong_signature"},
		{"", "1", sign("", "1"), "missing_signature"},
	} {
		if w := f.post("/webhooks/other", someBody, "X-Sig", c.signature, "X-Time", c.stamp, "X-Id", c.id); !strings.Contains(w.Body.String(), c.code) {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body)
		}
	}
	if w := f.post("/webhooks/old", someBody, "X-Time", now, "X-Sig", hex.EncodeToString(mac(sha1.New, "s3cret", now+"."+someBody))); w.Code != http.StatusOK {
		t.Errorf("sha1 with the default of signed: %d %s", w.Code, w.Body)
	}
}

// A secret that is sent as it is, is compared, and is not seen by what makes the events.
func TestSharedSecrets(t *testing.T) {
	const tell = `hog: {code: "return {'event': 'e', 'distinct_id': 'd', 'properties': {'seen': jsonStringify(request.headers)}}"}`
	f := serve(t, `
  basic: {verify: {scheme: basic, user: ann, secret: [s3cret, b]}, `+tell+`}
  bearer: {verify: {scheme: bearer, secret: s3cret}, `+tell+`}
  header: {verify: {scheme: header, header: X-Key, secret: s3cret}, `+tell+`}
  none: {verify: none, `+tell+`}`)
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	for _, c := range []struct {
		name, header, value string
		status              int
	}{
		{"basic", "Authorization", basic("ann", "s3cret"), 200},
		{"basic", "Authorization", basic("ann", "b"), 200},
		{"basic", "Authorization", basic("ann", "s3cre"), 401},
		{"basic", "Authorization", basic("bob", "s3cret"), 401},
		{"basic", "Authorization", "Bearer s3cret", 401},
		{"basic", "X", "y", 401},
		{"bearer", "Authorization", "Bearer s3cret", 200},
		{"bearer", "Authorization", "bearer s3cret", 200},
		{"bearer", "Authorization", "s3cret", 401},
		{"bearer", "Authorization", "Bearer s3cret ", 401},
		{"bearer", "Authorization", "Bearer ", 401},
		{"bearer", "Authorization", "B", 401},
		{"bearer", "X", "y", 401},
		{"header", "X-Key", "s3cret", 200},
		{"header", "X-Key", "S3cret", 401},
		{"header", "X", "y", 401},
		{"none", "X", "y", 200},
	} {
		w := f.post("/webhooks/"+c.name, "{}", c.header, c.value, "X-Other", "z")
		if w.Code != c.status {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body)
		}
		events := f.take(t)
		if (len(events) == 1) != (c.status == 200) {
			t.Errorf("%+v: %d events", c, len(events))
		}
		for _, e := range events {
			if seen := e.Properties.String("seen"); strings.Contains(seen, "s3cret") || strings.Contains(seen, "uthorization") || !strings.Contains(seen, `"x-other":"z"`) {
				t.Errorf("%+v: the function sees %s", c, seen)
			}
		}
	}
	if strings.Contains(f.logged.String(), "s3cret") || !strings.Contains(f.logged.String(), "wrong_credentials") {
		t.Errorf("log\n%s", f.logged.String())
	}
}
