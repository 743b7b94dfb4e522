package webhooks

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/prickle-dev/prickle/pipeline"
)

// Verify says how a request proves where it comes from. Its short form is the scheme, which is enough for none.
type Verify struct {
	Scheme Scheme `yaml:"scheme"`
	// Secret is what both sides know: one, or several while one takes the place of another.
	Secret pipeline.Secrets `yaml:"secret"`
	// Tolerance is how far a signed time may be from this server's clock, in both directions. Default: 5m.
	Tolerance *time.Duration `yaml:"tolerance"`
	// Header has the signature (hmac) or the secret (header).
	Header string `yaml:"header"`
	// Algorithm is the hash of hmac: sha256, sha1 or sha512. Default: sha256.
	Algorithm Algorithm `yaml:"algorithm"`
	// Encoding is how the signature of hmac is written: hex or base64. Default: hex.
	Encoding Encoding `yaml:"encoding"`
	// Prefix stands before the signature of hmac in its header, such as "sha256=".
	Prefix string `yaml:"prefix"`
	// Timestamp is the header with the signed time of hmac, in seconds or milliseconds since 1970. Default: none, and a request is good forever.
	Timestamp string `yaml:"timestamp"`
	// Signed is what hmac signs: text with {body}, {timestamp} and {id}. Default: "{body}", or "{timestamp}.{body}" with Timestamp.
	Signed string `yaml:"signed"`
	// ID is the header that names a delivery, the same when it is sent again, for schemes that do not have one.
	ID string `yaml:"id"`
	// User is the user name of basic.
	User string `yaml:"user"`
}

// Short makes `verify: none` the scheme.
func (v *Verify) Short() any { return &v.Scheme }

// Scheme is the name of a way to verify requests.
type Scheme string

// scheme is one way to verify requests.
type scheme struct {
	required, optional []string // keys of Verify
	make               func(v *Verify) (verifier, error)
}

var schemes = map[Scheme]scheme{
	"stripe":   {[]string{"secret"}, []string{"tolerance"}, newStripe},
	"github":   {[]string{"secret"}, nil, newGitHub},
	"slack":    {[]string{"secret"}, []string{"tolerance"}, newSlack},
	"standard": {[]string{"secret"}, []string{"tolerance"}, newStandard},
	"hmac":     {[]string{"secret", "header"}, []string{"algorithm", "encoding", "prefix", "timestamp", "tolerance", "signed", "id"}, newHMAC},
	"basic":    {[]string{"user", "secret"}, []string{"id"}, newBasic},
	"bearer":   {[]string{"secret"}, []string{"id"}, newBearer},
	"header":   {[]string{"secret", "header"}, []string{"id"}, newHeader},
	"none":     {nil, []string{"id"}, newNone},
}

// schemeNames are the schemes in the order in which they are documented.
var schemeNames = []string{"stripe", "github", "slack", "standard", "hmac", "basic", "bearer", "header", "none"}

// UnmarshalText reads the name of a scheme.
func (s *Scheme) UnmarshalText(text []byte) error {
	if _, ok := schemes[Scheme(text)]; !ok {
		return mistake("want a scheme", didYouMean(string(text), schemeNames, "the schemes are "+strings.Join(schemeNames, ", ")))
	}
	*s = Scheme(text)
	return nil
}

// Validate reports the keys that the scheme wants and does not have, and those that it has no use for.
func (v *Verify) Validate() error {
	s, ok := schemes[v.Scheme]
	if !ok {
		return mistake("verify has no scheme", "add scheme: with one of "+strings.Join(schemeNames, ", "))
	}
	var errs []error
	given := v.given()
	for _, key := range s.required {
		if !slices.Contains(given, key) {
			errs = append(errs, mistake(fmt.Sprintf("scheme %s needs %s", v.Scheme, key), "add "+key+": "+examples[key]))
		}
	}
	known := slices.Concat(s.required, s.optional)
	for _, key := range given {
		if !slices.Contains(known, key) {
			errs = append(errs, mistake(fmt.Sprintf("scheme %s has no %s", v.Scheme, key), "it has "+cmp.Or(strings.Join(known, ", "), "no keys")))
		}
	}
	for _, secret := range v.Secret {
		switch trimmed := strings.TrimSpace(string(secret)); {
		case trimmed == "":
			errs = append(errs, mistake("a secret is empty", "give it a value, or leave it out of the list"))
		case trimmed != string(secret):
			errs = append(errs, mistake("a secret has blanks around it", "perhaps a line end came along with it"))
		}
	}
	for _, h := range []struct{ key, name string }{{"header", v.Header}, {"timestamp", v.Timestamp}, {"id", v.ID}} {
		if h.name != "" && !headerName.MatchString(h.name) {
			errs = append(errs, mistake(fmt.Sprintf("%s: want the name of a header", h.key), "such as X-Signature"))
		}
	}
	if v.Tolerance != nil && *v.Tolerance <= 0 {
		errs = append(errs, mistake("tolerance: want more than 0", "leave it out for 5m"))
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	_, err := s.make(v)
	return err
}

var headerName = regexp.MustCompile("^[A-Za-z0-9_-]+$")

// examples are values to write for required keys.
var examples = map[string]string{"secret": `"${WEBHOOK_SECRET}"`, "header": "X-Signature", "user": "webhooks"}

// given are the keys that have a value.
func (v *Verify) given() []string {
	var keys []string
	for _, f := range []struct {
		key   string
		given bool
	}{
		{"secret", len(v.Secret) > 0}, {"tolerance", v.Tolerance != nil}, {"header", v.Header != ""}, {"algorithm", v.Algorithm != ""},
		{"encoding", v.Encoding != ""}, {"prefix", v.Prefix != ""}, {"timestamp", v.Timestamp != ""}, {"signed", v.Signed != ""},
		{"id", v.ID != ""}, {"user", v.User != ""},
	} {
		if f.given {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// tolerance is the one that is given, or the default.
func (v *Verify) tolerance() time.Duration {
	if v.Tolerance != nil {
		return *v.Tolerance
	}
	return 5 * time.Minute
}

// didYouMean is a hint at the word that name is most likely a slip of, else otherwise.
func didYouMean(name string, known []string, otherwise string) string {
	for _, k := range known {
		if levenshtein.ComputeDistance(strings.ToLower(name), k) <= 2 && len(name) > 2 {
			return fmt.Sprintf("did you mean %q?", k)
		}
	}
	return otherwise
}
