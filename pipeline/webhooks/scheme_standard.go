package webhooks

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// standard is the scheme of standardwebhooks.com, which Svix and the services behind it use under names of their own: the headers webhook-id,
// webhook-timestamp and webhook-signature (or svix-…), where a signature is "v1,<base64>" and blanks separate several.
type standard struct {
	secrets   [][]byte
	tolerance time.Duration
}

func newStandard(v *Verify) (verifier, error) {
	s := &standard{tolerance: v.tolerance()}
	for _, secret := range v.Secret {
		key, err := standardKey(secret)
		if err != nil {
			return nil, err
		}
		s.secrets = append(s.secrets, key)
	}
	return s, nil
}

func standardKey(secret pipeline.Secret) ([]byte, error) {
	text := strings.TrimPrefix(string(secret), "whsec_")
	if strings.HasPrefix(text, "whpk_") || strings.HasPrefix(text, "whsk_") {
		return nil, mistake("a secret of scheme standard is one of asymmetric signatures", "use a secret that begins with whsec_")
	}
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(key) == 0 {
		return nil, mistake("a secret of scheme standard is no base64", "copy it as the service shows it, whsec_ and what follows")
	}
	return key, nil
}

// part is the value of webhook-<name>, or of svix-<name>.
func (s *standard) part(d *delivery, name string) string {
	if value := d.header("webhook-" + name); value != "" {
		return value
	}
	return d.header("svix-" + name)
}

func (s *standard) verify(d *delivery) error {
	id, stamp, all := s.part(d, "id"), s.part(d, "timestamp"), s.part(d, "signature")
	for name, value := range map[string]string{"id": id, "timestamp": stamp, "signature": all} {
		if value == "" {
			return missing("header webhook-" + name)
		}
	}
	var signatures [][]byte
	for one := range strings.FieldsSeq(all) {
		version, text, _ := strings.Cut(one, ",")
		if signature, err := base64.StdEncoding.DecodeString(text); err == nil && version == "v1" {
			signatures = append(signatures, signature)
		}
	}
	at, ok := unixTime(stamp)
	if !ok || !signs(sha256.New, s.secrets, signatures, id, ".", stamp, ".", d.text()) {
		return wrongSignature()
	}
	return checkTime(at, d.now, s.tolerance)
}

// identity is the id of the message, which is signed and stays when it is sent again.
func (s *standard) identity(d *delivery) string { return "id: " + s.part(d, "id") }

func (s *standard) proof() []string { return nil }
