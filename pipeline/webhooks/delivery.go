package webhooks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// delivery is one request.
type delivery struct {
	http *http.Request
	body []byte
	ip   string
	now  time.Time

	damaged bool // its body is announced as gzip, and is none or too large

	looped int // events that were not captured because a function made the one that the delivery is about

	json []byte // what functions and expressions see as the body, nil for null
}

func newDelivery(r capture.WebhookRequest) *delivery {
	return &delivery{http: r.HTTP, body: r.Body, ip: r.IP, now: r.Now}
}

// unzip undoes gzip that is announced. What is announced and not there has been undone on the way. What is signed is the body as it was sent, so this
// comes after the proof.
func (d *delivery) unzip(limit int64) error {
	switch strings.ToLower(d.header("Content-Encoding")) {
	case "gzip", "x-gzip":
	default:
		return nil
	}
	if !wire.IsGzip(d.body) {
		return nil
	}
	text, err := new(wire.Scratch).Inflate(d.body, limit)
	d.body, d.damaged = text, err != nil
	return err
}

// read makes sense of the body of a request that is believed.
func (d *delivery) read() { d.json = bodyJSON(d.body, d.header("Content-Type")) }

// text is the body, exactly. It shares the body's memory.
func (d *delivery) text() string { return rawjson.Alias(d.body) }

// digest stands for the parts, or for the body when there are none.
func (d *delivery) digest(parts ...string) string {
	h := sha256.New()
	if len(parts) == 0 {
		h.Write(d.body)
	}
	for _, part := range parts {
		h.Write([]byte(part))
	}
	return "sha256: " + hex.EncodeToString(h.Sum(nil))
}

// bodyJSON is the body as a JSON value: itself when it is JSON, whatever its content type says; the fields of a form; else the text. An empty body is
// null, so that reading on from it gives null.
func bodyJSON(body []byte, contentType string) []byte {
	if len(body) == 0 {
		return nil
	}
	text := bytes.Clone(body) // which is mended in place
	if wire.CheckJSON(text) == nil {
		return text
	}
	if mediaType, _, _ := mime.ParseMediaType(contentType); mediaType == "application/x-www-form-urlencoded" {
		if fields, err := url.ParseQuery(string(body)); err == nil {
			return appendTexts(nil, joined(fields))
		}
	}
	return rawjson.AppendString(nil, validText(body))
}

// validText is the body as text that every string can hold.
func validText(body []byte) string {
	if utf8.Valid(body) {
		return rawjson.Alias(body)
	}
	return strings.ToValidUTF8(string(body), "\uFFFD")
}

// joined are the values by name; those of a name that is there several times are joined with commas.
func joined(values url.Values) map[string]string {
	out := make(map[string]string, len(values))
	for name, all := range values {
		out[strings.ToValidUTF8(name, "\uFFFD")] = strings.ToValidUTF8(strings.Join(all, ","), "\uFFFD")
	}
	return out
}

// unseen are headers that say something about the way of a request or its sender's browser, and that functions do not see.
var unseen = []string{
	"cookie", "referer", "forwarded", "proxy-authorization", "x-csrftoken", "x-real-ip", "true-client-ip",
	"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port",
}

// headers are the headers that functions see: lower-case names, the first value of each, without those in which a secret stands as it is.
func (d *delivery) headers(secret []string) map[string]string {
	out := make(map[string]string, len(d.http.Header))
	for name, values := range d.http.Header {
		name = strings.ToLower(name)
		if len(values) > 0 && !slices.Contains(unseen, name) && !slices.Contains(secret, name) {
			out[name] = strings.ToValidUTF8(values[0], "\uFFFD")
		}
	}
	return out
}

func (d *delivery) query() map[string]string { return joined(d.http.URL.Query()) }

// appendTexts appends an object of texts, with its keys in order.
func appendTexts(dst []byte, texts map[string]string) []byte {
	dst = append(dst, '{')
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendString(dst, name), ':')
		dst = rawjson.AppendString(dst, texts[name])
	}
	return append(dst, '}')
}
