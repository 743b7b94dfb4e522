package webhooks

import (
	"strings"
)

// The schemes of this file send a secret as it is, or none. They say nothing about the body, so two requests with the same body are two.

// basic is basic authentication.
type basic struct {
	user      string
	passwords [][]byte
	id        string
}

func newBasic(v *Verify) (verifier, error) { return &basic{v.User, bytesOf(v.Secret), v.ID}, nil }

func (b *basic) verify(d *delivery) error {
	user, password, ok := d.http.BasicAuth()
	if !ok {
		return missingCredentials("basic authentication")
	}
	// Both are compared, so that time does not tell which was wrong.
	goodUser, goodPassword := isOneOf([][]byte{[]byte(b.user)}, user), isOneOf(b.passwords, password)
	if !goodUser || !goodPassword {
		return wrongCredentials()
	}
	return nil
}

func (b *basic) identity(d *delivery) string { return d.named(b.id) }
func (b *basic) proof() []string             { return []string{"authorization"} }

// token is a secret in a header, after a word that may stand before it.
type token struct {
	header, word string
	secrets      [][]byte
	id           string
}

func newBearer(v *Verify) (verifier, error) {
	return &token{"Authorization", "Bearer ", bytesOf(v.Secret), v.ID}, nil
}

func newHeader(v *Verify) (verifier, error) {
	return &token{v.Header, "", bytesOf(v.Secret), v.ID}, nil
}

func (t *token) verify(d *delivery) error {
	text := d.header(t.header)
	if text == "" {
		return missingCredentials("header " + t.header)
	}
	if len(text) < len(t.word) || !strings.EqualFold(text[:len(t.word)], t.word) || !isOneOf(t.secrets, text[len(t.word):]) {
		return wrongCredentials()
	}
	return nil
}

func (t *token) identity(d *delivery) string { return d.named(t.id) }
func (t *token) proof() []string             { return []string{strings.ToLower(t.header)} }

// none believes everybody.
type none struct{ id string }

func newNone(v *Verify) (verifier, error) { return &none{v.ID}, nil }

func (n *none) verify(*delivery) error      { return nil }
func (n *none) identity(d *delivery) string { return d.named(n.id) }
func (n *none) proof() []string             { return nil }
