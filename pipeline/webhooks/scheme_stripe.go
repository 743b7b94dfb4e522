package webhooks

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// stripe signs the time and the body: "Stripe-Signature: t=<seconds>,v1=<hex>", with a v1 for each secret while secrets change.
type stripe struct {
	secrets   [][]byte
	tolerance time.Duration
}

func newStripe(v *Verify) (verifier, error) { return &stripe{bytesOf(v.Secret), v.tolerance()}, nil }

func (s *stripe) verify(d *delivery) error {
	header := d.header("Stripe-Signature")
	if header == "" {
		return missing("header Stripe-Signature")
	}
	var stamp string
	var signatures [][]byte
	for pair := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch name {
		case "t":
			stamp = value
		case "v1":
			if signature, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, signature)
			}
		}
	}
	at, ok := unixTime(stamp)
	if !ok || !signs(sha256.New, s.secrets, signatures, stamp, ".", d.text()) {
		return wrongSignature()
	}
	return checkTime(at, d.now, s.tolerance)
}

// identity is the id of Stripe's event: other parts of the body, such as pending_webhooks, may differ when it is sent again.
func (s *stripe) identity(d *delivery) string {
	id, _ := rawjson.Get(d.json, "id")
	if text := wire.Text(id); text != "" {
		return "id: " + text
	}
	return d.digest()
}

func (s *stripe) proof() []string { return nil }
