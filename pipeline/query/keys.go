package query

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// keyring holds hashes of the keys, which are all of one length, so that comparing takes the same time whatever is compared.
type keyring [][sha256.Size]byte

func newKeyring(keys pipeline.Secrets) keyring {
	ring := make(keyring, len(keys))
	for i, key := range keys {
		ring[i] = sha256.Sum256([]byte(key))
	}
	return ring
}

// opens reports whether a request brings one of the keys, as a bearer token.
func (k keyring) opens(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	given := sha256.Sum256([]byte(strings.TrimSpace(token)))
	found := 0
	for i := range k {
		found |= subtle.ConstantTimeCompare(given[:], k[i][:])
	}
	return found == 1
}
