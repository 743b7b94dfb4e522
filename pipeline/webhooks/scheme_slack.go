package webhooks

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// slack signs a version, the time and the body: "X-Slack-Signature: v0=<hex>" and "X-Slack-Request-Timestamp: <seconds>".
type slack struct {
	secrets   [][]byte
	tolerance time.Duration
}

func newSlack(v *Verify) (verifier, error) { return &slack{bytesOf(v.Secret), v.tolerance()}, nil }

func (s *slack) verify(d *delivery) error {
	const header, stampHeader = "X-Slack-Signature", "X-Slack-Request-Timestamp"
	text, stamp := d.header(header), d.header(stampHeader)
	switch {
	case text == "":
		return missing("header " + header)
	case stamp == "":
		return missing("header " + stampHeader)
	}
	hexed, ok := strings.CutPrefix(text, "v0=")
	signature, err := hex.DecodeString(hexed)
	at, isTime := unixTime(stamp)
	if !ok || err != nil || !isTime || !signs(sha256.New, s.secrets, [][]byte{signature}, "v0:", stamp, ":", d.text()) {
		return wrongSignature()
	}
	return checkTime(at, d.now, s.tolerance)
}

// identity is the body, which has an id of Slack's in it: event_id or trigger_id. The signature is made anew when it is sent again.
func (s *slack) identity(d *delivery) string { return d.digest() }

func (s *slack) proof() []string { return nil }
