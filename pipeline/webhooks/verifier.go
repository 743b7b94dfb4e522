package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// verifier tells the requests of one service from those of others. It is used by many goroutines at once.
type verifier interface {
	// verify returns a *wire.Refusal for a request that is not to be believed.
	verify(d *delivery) error
	// identity names the delivery, the same when it is sent again. "" means that nothing does.
	identity(d *delivery) string
	// proof are the headers, lower-case, that hold a secret as it is, which nobody after the verifier may see.
	proof() []string
}

// Why a request is not believed. What would help to forge one is not told.
func missing(what string) error {
	return wire.Unauthorized("missing_signature", "the request has no %s", what)
}

func wrongSignature() error {
	return wire.Unauthorized("wrong_signature", "the signature is not one of this webhook's secret over this body")
}

func missingCredentials(what string) error {
	return wire.Unauthorized("missing_credentials", "the request has no %s", what)
}

func wrongCredentials() error {
	return wire.Unauthorized("wrong_credentials", "the credentials are not this webhook's")
}

// checkTime refuses a signed time that is further from now than the tolerance.
func checkTime(signed, now time.Time, tolerance time.Duration) error {
	if signed.Sub(now).Abs() > tolerance {
		return wire.Unauthorized("stale_timestamp", "the signed time is more than %s away from this server's clock", tolerance)
	}
	return nil
}

// unixTime reads seconds since 1970, or milliseconds when they would be thousands of years.
func unixTime(text string) (time.Time, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/1000 {
		return time.Time{}, false
	}
	if n >= 1e11 {
		return time.UnixMilli(n), true
	}
	return time.Unix(n, 0), true
}

// signs reports whether one of the signatures is that of the parts, one after the other, under one of the secrets. How long it takes tells
// nothing about how much of a signature was right.
func signs(hash func() hash.Hash, secrets [][]byte, signatures [][]byte, parts ...string) bool {
	good := 0
	for _, secret := range secrets {
		mac := hmac.New(hash, secret)
		for _, part := range parts {
			mac.Write([]byte(part))
		}
		want := mac.Sum(nil)
		for _, signature := range signatures {
			good |= subtle.ConstantTimeCompare(want, signature)
		}
	}
	return good == 1
}

// isOneOf reports whether text is one of the secrets, in a time that depends on neither.
func isOneOf(secrets [][]byte, text string) bool {
	got, good := sha256.Sum256([]byte(text)), 0
	for _, secret := range secrets {
		want := sha256.Sum256(secret)
		good |= subtle.ConstantTimeCompare(want[:], got[:])
	}
	return good == 1
}

func bytesOf(secrets pipeline.Secrets) [][]byte {
	out := make([][]byte, len(secrets))
	for i, s := range secrets {
		out[i] = []byte(string(s))
	}
	return out
}

// header is the first value of a header, "" without one.
func (d *delivery) header(name string) string { return d.http.Header.Get(name) }

// named is the identity by a header's value, "" without one.
func (d *delivery) named(header string) string {
	if header == "" {
		return ""
	}
	if id := d.header(header); id != "" {
		return http.CanonicalHeaderKey(header) + ": " + id
	}
	return ""
}
