package webhooks

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// The properties that every event of a webhook gets, the body when it is to be kept.
const (
	libProperty    = "$lib"
	lib            = "prickle-webhook"
	bodyProperty   = "$webhook_body"
	base64Property = "$webhook_body_base64"
)

// complete gives an event, the i-th of a delivery, what its maker does not need to think of.
func (w *Webhook) complete(event []byte, d *delivery, identity string, i int) []byte {
	if id := w.uuid(event, identity, i); id != "" {
		event = rawjson.Set(event, "uuid", rawjson.AppendString(nil, id))
	}
	properties, _ := rawjson.Get(event, "properties")
	switch {
	case !wire.Present(properties):
		properties = []byte("{}")
	case !isObject(properties):
		return event // which is refused for it
	}
	if _, given := rawjson.Get(properties, libProperty); !given {
		properties = rawjson.Set(properties, libProperty, rawjson.AppendString(nil, lib))
	}
	if w.keepBody {
		name, text := bodyProperty, d.text()
		if !utf8.Valid(d.body) || bytes.IndexByte(d.body, 0) >= 0 { // which no JSON text keeps as it is
			name, text = base64Property, base64.StdEncoding.EncodeToString(d.body)
		}
		properties = rawjson.Set(properties, name, rawjson.AppendString(nil, text))
	}
	return rawjson.Set(event, "properties", properties)
}

// uuid is the event's, or "" when it is to get a new one: the one that its maker gave, or one made of that text, or one made of what identifies
// the delivery.
func (w *Webhook) uuid(event []byte, identity string, i int) string {
	value, _ := rawjson.Get(event, "uuid")
	given, isText := rawjson.String(value)
	if !isText && wire.Present(value) {
		given = string(value)
	}
	switch {
	case given != "":
		if id, ok := wire.UUID(given); ok {
			return id
		}
		return w.derived("uuid: " + given)
	case identity != "":
		return w.derived(identity + "\n" + strconv.Itoa(i))
	}
	return ""
}

// derived is the same UUID (version 5) for the same text at the same webhook.
func (w *Webhook) derived(text string) string {
	space := uuid.NewSHA1(uuid.NameSpaceOID, []byte("webhook: "+w.name))
	return uuid.NewSHA1(space, []byte(text)).String()
}
