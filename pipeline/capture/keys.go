package capture

import (
	"crypto/sha256"
	"strings"
)

// keyring finds a key's name by its token. Tokens are looked up by their SHA-256, so the time a lookup takes tells nothing about how much
// of a token was right.
type keyring map[[sha256.Size]byte]string

func newKeyring(keys []Key) keyring {
	ring := make(keyring, len(keys))
	for i, k := range keys {
		ring[sha256.Sum256([]byte(k.Token))] = keyName(keys, i)
	}
	return ring
}

func (r keyring) source(token string) (name string, ok bool) {
	name, ok = r[sha256.Sum256([]byte(token))]
	return name, ok
}

// tokenProblem says what is wrong with a configured token, or "" (spec 2.4). SDKs trim tokens, so blanks around one could never match.
func tokenProblem(token string) string {
	switch {
	case token == "":
		return "is empty"
	case strings.TrimSpace(token) != token:
		return "has blanks around it"
	case len(token) > 64:
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
