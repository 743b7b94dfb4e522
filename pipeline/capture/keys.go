package capture

import (
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/capture/segment"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// maxToken is the length of the longest token.
const maxToken = 64

// keyring finds a key by its token. Tokens are looked up by a hash that begins with a random secret: how long a lookup takes depends on
// bytes that nobody outside can work out, so it tells nothing about how much of a token was right.
type keyring struct {
	secret [sha256.Size]byte
	keys   map[[sha256.Size]byte]*keyRules
}

// keyRules are what a key lets in.
type keyRules struct {
	name      string
	origins   origins    // of browsers; nil is every origin
	endpoints []Endpoint // nil is all
	segment   segment.Settings
}

func newKeyring(keys []Key) *keyring {
	ring := &keyring{keys: make(map[[sha256.Size]byte]*keyRules, len(keys))}
	_, _ = rand.Read(ring.secret[:]) // crypto/rand stops the program rather than fail
	for i, k := range keys {
		ring.keys[ring.hash(string(k.Token))] = &keyRules{keyName(keys, i), k.Origins, k.Endpoints, k.segment()}
	}
	return ring
}

func (r *keyring) hash(token string) [sha256.Size]byte {
	text := make([]byte, 0, sha256.Size+maxToken)
	return sha256.Sum256(append(append(text, r.secret[:]...), token...))
}

// find returns the key with this token, or nil.
func (r *keyring) find(token string) *keyRules {
	if len(token) > maxToken {
		return nil
	}
	return r.keys[r.hash(token)]
}

// permits reports, as a *wire.Refusal, that the key is not for this endpoint or not for the pages of this origin. The origin is "" when no
// browser sends.
func (k *keyRules) permits(endpoint Endpoint, origin string) error {
	switch {
	case k.endpoints != nil && !slices.Contains(k.endpoints, endpoint):
		return wire.Forbidden("endpoint_not_allowed", "the key is not for this protocol: see endpoints of the key")
	case origin != "" && !k.origins.allow(origin):
		return wire.Forbidden("origin_not_allowed", "pages of this origin may not send with this key: see origins of the key")
	}
	return nil
}

// allowOrigin reports whether any key lets pages of the origin send.
func (r *keyring) allowOrigin(origin string) bool {
	for _, k := range r.keys {
		if k.origins.allow(origin) {
			return true
		}
	}
	return false
}

// tokenProblem says what is wrong with a configured token, or "" (spec 2.4). SDKs trim tokens, so blanks around one could never match.
func tokenProblem(token string) string {
	switch {
	case token == "":
		return "is empty"
	case strings.TrimSpace(token) != token:
		return "has blanks around it"
	case len(token) > maxToken:
		return "is longer than 64 characters"
	case strings.HasPrefix(token, "phx_"):
		return "is a personal key (phx_); use a project token"
	}
	for i := range len(token) {
		if token[i] == 0 || token[i] >= 0x80 {
			return "has characters other than ASCII"
		}
	}
	return ""
}
