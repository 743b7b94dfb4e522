package mask

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

// The marks. The number is longer than a float64 holds, and both can be in a key.
const (
	mark       = "zqsecret7"
	markNumber = "770029118365"
)

// holds reports whether a text has a mark in it, however its letters are spelled.
func holds(text string) bool {
	text = strings.ToLower(unescaped(text))
	return strings.Contains(text, mark) || strings.Contains(text, markNumber[1:]) // 7.70029118365e+17 is one too
}

var escapes = regexp.MustCompile(`\\+u00([0-9a-fA-F]{2})`)

// unescaped undoes JSON's spelling of letters, in JSON inside of JSON too.
func unescaped(text string) string {
	return escapes.ReplaceAllStringFunc(text, func(s string) string {
		code, err := strconv.ParseUint(s[len(s)-2:], 16, 8)
		if err != nil {
			return s
		}
		return string(rune(code))
	})
}

// place is where an event may hold its secret: JSON for its properties, and masks that take it out.
type place struct {
	name     string
	property string   // how the event spells it; %s is the secret, %d the secret as a number
	fields   []string // what hash and drop_properties name
	hashed   bool     // hash will do: it hides values, not keys
	hog      []string // statements that change e
}

// person is the place that is no property.
const person = "person"

var places = []place{
	{name: "text", property: `"email":"ada-%s@example.org"`, fields: []string{"event.properties.email"}, hashed: true,
		hog: []string{"e.properties.email := 'masked';", "e.properties.email := sha256Hex(e.properties.email);", "e.properties.email := null;"}},
	{name: "nested", property: `"profile":{"since":2020,"contact":{"mail":"%s"}}`, fields: []string{"event.properties.profile.contact.mail"}, hashed: true,
		hog: []string{"e.properties.profile.contact.mail := '*';", "e.properties.profile := {'since': e.properties.profile.since};"}},
	{name: "list", property: `"mails":["x",{"y":["%s"]}]`, fields: []string{"event.properties.mails"}, hashed: true,
		hog: []string{"e.properties.mails := [];", "e.properties.mails := arrayMap(x -> '*', e.properties.mails);", "e.properties.mails := length(e.properties.mails);"}},
	{name: "set", property: `"$set":{"email":"%s","plan":"pro"}`, fields: []string{"event.properties.$set.email"}, hashed: true,
		hog: []string{"e.properties.$set.email := '*';", "e.properties.$set := {};"}},
	{name: "escaped", property: `"note":"\u007a\u0071\u0073%s"`, fields: []string{"event.properties.note"}, hashed: true,
		hog: []string{"e.properties.note := length(e.properties.note);"}},
	{name: "number", property: `"card":%d`, fields: []string{"event.properties.card"}, hashed: true,
		hog: []string{"e.properties.card := 0;", "e.properties.card := e.properties.card > 5;"}},
	{name: "below", property: `"visits":{"%s":3}`, fields: []string{"event.properties.visits"}, hashed: true,
		hog: []string{"e.properties.visits := length(keys(e.properties.visits));"}},
	{name: "key", property: `"page of %s":true`,
		hog: []string{"let kept := {}; for (let k, v in e.properties) { if (k not ilike 'page of %%') { kept[k] := v } } e.properties := kept;"}},
	{name: person, fields: []string{"event.distinct_id"}, hashed: true,
		hog: []string{"e.distinct_id := sha256Hex(e.distinct_id);", "e.distinct_id := 'somebody';"}},
}

// event is one that was captured.
type event struct {
	n       int // its number, which every mask leaves alone
	trouble string
	arrives surety // at each destination
	dies    surety
}

// troubles are the names of what may be wrong with an event. What each of them does is up to the chain.
var troubles = []string{"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"}

// body is the event as an SDK sends it, for a pipeline that takes events of this name.
func (e *event) body(r *rand.Rand, name string, where []place) string {
	var properties []string
	id := fmt.Sprintf("user-%d", e.n%5)
	for _, p := range where {
		secret := fmt.Sprintf("%s-%d", mark, e.n)
		switch {
		case p.name == person:
			id = "person-" + secret
		case strings.Contains(p.property, "%d"):
			properties = append(properties, strings.Replace(p.property, "%d", fmt.Sprintf("%s%06d", markNumber, e.n), 1))
		case p.name == "escaped": // the first letters are escaped already
			properties = append(properties, strings.Replace(p.property, "%s", strings.TrimPrefix(secret, "zqs"), 1))
		default:
			properties = append(properties, strings.Replace(p.property, "%s", secret, 1))
		}
	}
	properties = append(properties, fmt.Sprintf(`"n":%d`, e.n))
	if e.trouble != "" {
		properties = append(properties, fmt.Sprintf(`"trouble":%q`, e.trouble))
	}
	r.Shuffle(len(properties), func(i, j int) { properties[i], properties[j] = properties[j], properties[i] })
	quoted, _ := json.Marshal(id) // a text
	return fmt.Sprintf(`{"event":%q,"distinct_id":%s,"properties":{%s}}`, name, quoted, strings.Join(properties, ","))
}
