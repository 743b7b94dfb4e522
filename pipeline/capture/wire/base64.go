package wire

import (
	"encoding/base64"
)

// sample is how many bytes are looked at to tell whether something is base64.
const sample = 128

// LooksLikeBase64 reports whether data begins with nothing but characters of base64.
func LooksLikeBase64(data []byte) bool {
	if len(data) == 0 {
		return false
	}
	for _, ch := range data[:min(len(data), sample)] {
		if !isBase64(ch) {
			return false
		}
	}
	return true
}

func isBase64(ch byte) bool {
	return ch >= 'A' && ch <= 'Z' || ch >= 'a' && ch <= 'z' || ch >= '0' && ch <= '9' || ch == '+' || ch == '/' || ch == '='
}

// Base64 decodes data. It reports false when data is not base64 with its padding.
func Base64(data []byte) ([]byte, bool) {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(data)))
	n, err := base64.StdEncoding.Strict().Decode(out, data)
	if err != nil {
		return nil, false
	}
	return out[:n], true
}
