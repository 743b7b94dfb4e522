package posthog

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// Payload is a request whose JSON text is still wrapped.
type Payload struct {
	Body            []byte // changed in place by Text
	Query           url.Values
	ContentType     string
	ContentEncoding string
	// Base64Again undoes base64 a second time, which clients of the single-event paths need.
	Base64Again bool
	MaxBytes    int64 // of the text
}

// unwrapping is a payload on its way to JSON text. Each step takes off one layer, or finds that it is not there.
type unwrapping struct {
	Payload
	data     []byte
	hint     hint
	fromForm string // the form's compression field
}

// hint is what the client says about compression.
type hint int

const (
	noHint hint = iota
	hintGzip
	hintHeaderGzip // by Content-Encoding alone, which a proxy may have undone
	hintLZ
	hintBase64
)

var hints = map[string]hint{
	"gzip": hintGzip, "gzip-js": hintGzip, "lz64": hintLZ, "lz-string": hintLZ, "base64": hintBase64, "b64": hintBase64,
}

// Text returns the payload's checked JSON text (spec 2.2). Errors are *wire.Refusal.
func (p Payload) Text(s *wire.Scratch) ([]byte, error) {
	u := &unwrapping{Payload: p}
	for _, step := range []func(*wire.Scratch) error{
		u.pick, u.form, u.readHint, u.base64, u.decompress, u.base64Again,
	} {
		if err := step(s); err != nil {
			return nil, err
		}
		if len(u.data) == 0 {
			return nil, wire.Invalid("empty_payload", "the request has no payload: send JSON as the body")
		}
	}
	return u.data, wire.CheckJSON(u.data)
}

// pick takes the `data` query parameter, else the body.
func (u *unwrapping) pick(*wire.Scratch) error {
	if data := u.Query.Get("data"); data != "" {
		u.data = unspaced(data)
		u.ContentType = "" // it is the body's, and that is not looked at
		return nil
	}
	u.data = u.Body
	return nil
}

// form takes the `data` field out of a form body. Text that is JSON or gzip already is none, whatever its content type: command-line
// clients send JSON as a form by default.
func (u *unwrapping) form(*wire.Scratch) error {
	mediaType, _, _ := mime.ParseMediaType(u.ContentType)
	if mediaType != "application/x-www-form-urlencoded" || startsJSON(u.data) || wire.IsGzip(u.data) {
		return nil
	}
	if !hasFormField(u.data[:min(len(u.data), 128)]) {
		return wire.Invalid("invalid_form", "the form has none of the fields data, compression, ip and _")
	}
	fields, _ := url.ParseQuery(string(u.data)) // malformed fields are left out
	u.data, u.fromForm = unspaced(fields.Get("data")), fields.Get("compression")
	return nil
}

// unspaced puts back the plus signs of base64 that an old client did not escape.
func unspaced(data string) []byte {
	if strings.Contains(data, " ") && wire.LooksLikeBase64([]byte(strings.ReplaceAll(data, " ", ""))) {
		data = strings.ReplaceAll(data, " ", "+")
	}
	return []byte(data)
}

func hasFormField(start []byte) bool {
	for field := range bytes.SplitSeq(start, []byte("&")) {
		name, _, found := bytes.Cut(field, []byte("="))
		if !found {
			continue
		}
		switch string(name) {
		case "data", "_", "ip", "compression":
			return true
		}
	}
	return false
}

// readHint finds what the client says about compression: the query wins over the form, and both over the header.
func (u *unwrapping) readHint(*wire.Scratch) error {
	for _, name := range []string{u.Query.Get("compression"), u.fromForm} {
		if name != "" {
			u.hint = hints[strings.ToLower(name)]
			return nil
		}
	}
	encoding := strings.ToLower(strings.TrimSpace(u.ContentEncoding))
	u.hint = hints[encoding]
	if u.hint == hintGzip {
		u.hint = hintHeaderGzip
	}
	if u.hint == noHint && encoding != "" && encoding != "identity" && !startsJSON(u.data) && !wire.IsGzip(u.data) {
		refusal := wire.Invalid("unsupported_encoding", "content encoding is not supported: send JSON, plain or with gzip")
		refusal.Status = http.StatusUnsupportedMediaType
		return refusal
	}
	return nil
}

// base64 undoes base64 when it is announced or plainly there.
func (u *unwrapping) base64(*wire.Scratch) error {
	if u.hint == hintLZ {
		return nil // its alphabet is base64's
	}
	if len(u.data)%4 == 0 && !wire.IsGzip(u.data) && wire.LooksLikeBase64(u.data) {
		if data, ok := wire.Base64(u.data); ok {
			u.data = data
			return nil
		}
	}
	if u.hint == hintBase64 {
		return wire.Invalid("invalid_base64", "the payload is announced as base64 and is not")
	}
	return nil
}

func (u *unwrapping) decompress(s *wire.Scratch) (err error) {
	switch {
	case wire.IsGzip(u.data), u.hint == hintGzip, u.hint == hintHeaderGzip && !startsJSON(u.data):
		u.data, err = s.Inflate(u.data, u.MaxBytes)
	case u.hint == hintLZ:
		u.data, err = s.LZString(u.data, u.MaxBytes)
	}
	return err
}

func (u *unwrapping) base64Again(*wire.Scratch) error {
	if u.Base64Again && wire.LooksLikeBase64(u.data) {
		if data, ok := wire.Base64(u.data); ok {
			u.data = data
		}
	}
	return nil
}

// startsJSON reports whether data begins like a JSON object or array.
func startsJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && (data[0] == '{' || data[0] == '[')
}
