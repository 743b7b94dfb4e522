package pipeline

import (
	"fmt"
	"io"
)

// Secret is a value of the configuration that is never shown: every way of printing or marshalling it gives stars. Convert it with
// string(s) at the one place that uses it.
type Secret string

const stars = "***"

// String returns stars, or "" when there is no value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return stars
}

// Format prints stars for every verb: fmt asks String only for the verbs of text.
func (s Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, s.String()) // a fmt.State takes every write
}

// Secrets are one or more values of a Secret that are good at the same time, while one of them takes the place of another. In the
// configuration they are a list, or one value alone.
type Secrets []Secret

// MarshalText is String, for JSON, YAML and log handlers.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
