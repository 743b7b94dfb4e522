package webhooks

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// github signs the body alone: "X-Hub-Signature-256: sha256=<hex>".
type github struct{ secrets [][]byte }

func newGitHub(v *Verify) (verifier, error) { return &github{bytesOf(v.Secret)}, nil }

func (g *github) verify(d *delivery) error {
	const header = "X-Hub-Signature-256"
	text := d.header(header)
	if text == "" {
		return missing("header " + header)
	}
	hexed, ok := strings.CutPrefix(text, "sha256=")
	signature, err := hex.DecodeString(hexed)
	if !ok || err != nil || !signs(sha256.New, g.secrets, [][]byte{signature}, d.text()) {
		return wrongSignature()
	}
	return nil
}

// identity is the id that GitHub gives a delivery, which stays when it is delivered again.
func (g *github) identity(d *delivery) string {
	if id := d.named("X-GitHub-Delivery"); id != "" {
		return id
	}
	return d.digest()
}

func (g *github) proof() []string { return nil }
