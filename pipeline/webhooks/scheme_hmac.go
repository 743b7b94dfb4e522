package webhooks

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // an HMAC with it is not broken, and services use it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Algorithm is the hash of an HMAC.
type Algorithm string

// Encoding is how a signature is written.
type Encoding string

var algorithms = map[Algorithm]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// UnmarshalText reads sha1, sha256 or sha512.
func (a *Algorithm) UnmarshalText(text []byte) error {
	if _, ok := algorithms[Algorithm(text)]; !ok {
		return mistake("want sha1, sha256 or sha512", "")
	}
	*a = Algorithm(text)
	return nil
}

// UnmarshalText reads hex or base64.
func (e *Encoding) UnmarshalText(text []byte) error {
	if *e = Encoding(text); *e != "hex" && *e != "base64" {
		return mistake("want hex or base64", "")
	}
	return nil
}

// hmacScheme is any scheme that puts an HMAC of the body, and perhaps of a time and an id, into a header.
type hmacScheme struct {
	secrets   [][]byte
	hash      func() hash.Hash
	decode    func(string) ([]byte, error)
	header    string
	prefix    string
	timestamp string // header, or ""
	id        string // header, or ""
	signed    []string
	tolerance time.Duration
}

// placeholder is a name in braces in what is signed.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

func newHMAC(v *Verify) (verifier, error) {
	h := &hmacScheme{
		secrets: bytesOf(v.Secret), hash: algorithms[cmp.Or(v.Algorithm, "sha256")], decode: hex.DecodeString,
		header: v.Header, prefix: v.Prefix, timestamp: v.Timestamp, id: v.ID, tolerance: v.tolerance(),
	}
	if v.Encoding == "base64" {
		h.decode = base64.StdEncoding.DecodeString
	}
	signed := cmp.Or(v.Signed, "{body}")
	if v.Signed == "" && v.Timestamp != "" {
		signed = "{timestamp}.{body}"
	}
	h.signed = pieces(signed)
	return h, h.validate(v)
}

func (h *hmacScheme) validate(v *Verify) error {
	var errs []error
	for _, piece := range h.signed {
		if placeholder.MatchString(piece) && !slices.Contains([]string{"{body}", "{timestamp}", "{id}"}, piece) {
			errs = append(errs, mistake("signed: unknown placeholder "+piece, "there are {body}, {timestamp} and {id}"))
		}
	}
	has := func(name string) bool { return slices.Contains(h.signed, "{"+name+"}") }
	for _, wrong := range []struct {
		is            bool
		message, hint string
	}{
		{!has("body"), "signed: {body} is not in it, so the body could be anybody's", `write for example "{timestamp}.{body}"`},
		{has("timestamp") && v.Timestamp == "", "signed: {timestamp} is in it, and no header is named for it", "add timestamp: X-Timestamp"},
		{has("id") && v.ID == "", "signed: {id} is in it, and no header is named for it", "add id: X-Request-Id"},
		{v.Timestamp != "" && !has("timestamp"), "timestamp: the time is not signed, so it proves nothing", "add {timestamp} to signed, or leave timestamp out"},
		{v.Tolerance != nil && v.Timestamp == "", "tolerance has no meaning without timestamp", "add timestamp: with the header that has the signed time"},
	} {
		if wrong.is {
			errs = append(errs, mistake(wrong.message, wrong.hint))
		}
	}
	return errors.Join(errs...)
}

// pieces splits a template into placeholders and the text between them.
func pieces(template string) []string {
	var out []string
	at := 0
	for _, m := range placeholder.FindAllStringIndex(template, -1) {
		out = append(out, template[at:m[0]], template[m[0]:m[1]])
		at = m[1]
	}
	return append(out, template[at:])
}

func (h *hmacScheme) verify(d *delivery) error {
	values := d.http.Header.Values(h.header)
	if len(values) == 0 {
		return missing("header " + h.header)
	}
	var signatures [][]byte
	for _, value := range values {
		if text, ok := strings.CutPrefix(value, h.prefix); ok {
			if signature, err := h.decode(text); err == nil {
				signatures = append(signatures, signature)
			}
		}
	}
	if h.timestamp != "" && d.header(h.timestamp) == "" {
		return missing("header " + h.timestamp)
	}
	if !signs(h.hash, h.secrets, signatures, h.parts(d)...) {
		return wrongSignature()
	}
	if h.timestamp == "" {
		return nil
	}
	at, ok := unixTime(d.header(h.timestamp))
	if !ok {
		return wrongSignature()
	}
	return checkTime(at, d.now, h.tolerance)
}

// parts are what is signed of d.
func (h *hmacScheme) parts(d *delivery) []string {
	parts := slices.Clone(h.signed)
	for i, piece := range parts {
		switch piece {
		case "{body}":
			parts[i] = d.text()
		case "{timestamp}":
			parts[i] = d.header(h.timestamp)
		case "{id}":
			parts[i] = d.header(h.id)
		}
	}
	return parts
}

// identity is the id's header, else what is signed, the time included: two bodies may be the same and mean two things.
func (h *hmacScheme) identity(d *delivery) string {
	if id := d.named(h.id); id != "" {
		return id
	}
	return d.digest(h.parts(d)...)
}

func (h *hmacScheme) proof() []string { return nil }
