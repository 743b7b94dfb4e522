package posthog

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// cookielessID stands in for the distinct id of visitors who may not be known for longer than a day. Its events go on without a person.
const cookielessID = "$posthog_cookieless"

// visitorPrefix begins the ids that such visitors get.
const visitorPrefix = "cookieless-"

// visitorWas is the property of $identify that says who somebody was before.
const visitorWas = "$anon_distinct_id"

// hideVisitors gives visitors without cookies an id for a day (spec 2.6), also where one of them turns out to be somebody. What it is made of is taken out: else it would outlive the salt, without
// which the id says nothing. Without salts the stand-in stays.
func (d *decoder) hideVisitors() error {
	if d.Salt == nil {
		return nil
	}
	for i := range d.s.Events {
		e := &d.s.Events[i]
		identified := e.Name == "$identify" && e.Properties.String(visitorWas) == cookielessID
		if e.DistinctID != cookielessID && !identified {
			continue
		}
		salt, err := d.Salt(e.Timestamp)
		if err != nil {
			return err
		}
		id := d.visitor(salt, e.Properties)
		e.Properties = e.Properties.Delete("$ip").Delete("$raw_user_agent")
		if identified {
			e.Properties = e.Properties.Set(rawjson.AppendString(nil, id), visitorWas)
		} else {
			e.DistinctID = id
		}
	}
	return nil
}

// visitor is a hash of the key, the client's address and user agent, and the host of the site.
func (d *decoder) visitor(salt []byte, p pipeline.Properties) string {
	agent := p.String("$raw_user_agent")
	if agent == "" {
		agent = d.UserAgent
	}
	var text []byte
	for _, part := range []string{d.source, p.String("$ip"), agent, strings.ToLower(p.String("$host"))} {
		text = append(rawjson.AppendString(text, part), '\n') // quoted, so that the parts cannot run into each other
	}
	h := hmac.New(sha256.New, salt)
	h.Write(text)
	return visitorPrefix + hex.EncodeToString(h.Sum(nil)[:16])
}
