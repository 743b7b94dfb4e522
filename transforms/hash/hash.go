// Package hash is the transform that replaces values by their SHA-256, so that they can be compared and counted but not read.
//
//	hash: [event.properties.email]
//	hash: {fields: [event.properties.email, event.distinct_id], salt: "${HASH_SALT}"}
//
// Without a salt the hash is that of the text alone, which is what advertising networks want (they also want it trimmed and in lower
// case, which `map` can do before). Whoever has a list of addresses can find them again by hashing the list. With a salt it is
// HMAC-SHA256 under the salt, and only its holder can do that.
//
// A text is hashed as it is, a number or boolean by its JSON text, an object or list by its JSON text without spaces and with keys in order,
// so that nothing under the field stays readable whatever the SDK sends. Absent and null ones stay what they are. PostHog's SDKs repeat what
// they know of a person in $set and $set_once: list event.properties.$set.email too when it must not be read.
//
// Hashing event.distinct_id makes the hash the person from here on, everywhere the same for the same salt.
package hash

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"sync"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/exprs"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Config is the transform's part of the configuration. Its short form is the list of fields.
type Config struct {
	// Fields names what is hashed: event.properties.<path> or event.distinct_id.
	Fields []pipeline.Code `yaml:"fields,required"`
	// Salt is the key of HMAC-SHA256. Empty means plain SHA-256.
	Salt pipeline.Secret `yaml:"salt"`
	// Algorithm is sha256, the only one.
	Algorithm string `yaml:"algorithm"`
}

// Short makes `hash: [event.properties.email]` the list of fields.
func (c *Config) Short() any { return &c.Fields }

// Validate refuses algorithms that are not there.
func (c *Config) Validate() error {
	if c.Algorithm != "sha256" {
		return &pipeline.ConfigError{Message: "unknown algorithm \"" + c.Algorithm + "\"", Hint: "sha256 is the only one"}
	}
	return nil
}

// Spec describes the transform.
var Spec = pipeline.Spec[pipeline.Transform]{
	Type:      "hash",
	Summary:   "replaces values by their SHA-256",
	NewConfig: func() any { return &Config{Algorithm: "sha256"} },
	New:       func(config any, _ pipeline.Env) (pipeline.Transform, error) { return New(config.(*Config)) },
}

// Hash replaces values by their hash.
type Hash struct {
	fields []exprs.Field
	states sync.Pool // of hash.Hash: an HMAC's state is costly to make
}

var _ pipeline.Transform = (*Hash)(nil)

// New returns a Hash. Mistakes are *pipeline.ConfigError, joined.
func New(config *Config) (*Hash, error) {
	h := &Hash{states: sync.Pool{New: func() any {
		if config.Salt == "" {
			return sha256.New()
		}
		return hmac.New(sha256.New, []byte(config.Salt))
	}}}
	var errs []error
	for _, code := range config.Fields {
		field, err := exprs.ParseField(code)
		if field.Name {
			err = pipeline.Errorf(code.Pos, "%q cannot be hashed: conditions and tables go by it", code.Text)
		}
		errs = append(errs, err)
		h.fields = append(h.fields, field)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return h, nil
}

// Apply appends e with the fields hashed. It fails only on properties that are not JSON.
func (h *Hash) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	for _, f := range h.fields {
		if f.DistinctID {
			sum := h.sum([]byte(e.DistinctID))
			e.DistinctID = string(sum[1 : len(sum)-1])
			continue
		}
		raw, ok := e.Properties.Get(f.Path...)
		if !ok || rawjson.KindOf(raw) == rawjson.Null {
			continue
		}
		text, err := canonical(raw)
		if err != nil {
			return out, err
		}
		e.Properties = e.Properties.Set(h.sum(text), f.Path...)
	}
	return append(out, e), nil
}

// canonical returns the text that stands for a value.
func canonical(raw []byte) ([]byte, error) {
	switch rawjson.KindOf(raw) {
	case rawjson.Text:
		s, _ := rawjson.String(raw)
		return []byte(s), nil
	case rawjson.Object, rawjson.Array:
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber() // as it was written
		var v any
		if err := dec.Decode(&v); err != nil {
			return nil, err
		}
		return json.Marshal(v)
	}
	return raw, nil
}

// sum returns the hash in hexadecimal, as JSON text.
func (h *Hash) sum(text []byte) []byte {
	state := h.states.Get().(hash.Hash)
	state.Reset()
	state.Write(text)
	var sum [sha256.Size]byte
	state.Sum(sum[:0])
	h.states.Put(state)
	out := make([]byte, 0, 2*len(sum)+2)
	out = append(out, '"')
	out = hex.AppendEncode(out, sum[:])
	return append(out, '"')
}
