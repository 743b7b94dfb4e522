package bench

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// generator makes events of about 600 bytes with 18 properties, such as a shop's web site sends. Event number i is always the same but
// for its time.
type generator struct {
	run   uint64   // in the ids, so that two runs never share one
	names []string // what events are called; nil for a shop's
}

// id is the UUID of event i: version 7 in shape, with the run and the number in it.
func (g generator) id(i int) [16]byte {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], g.run<<16|0x7000)
	binary.BigEndian.PutUint64(u[8:], 0x8000<<48|uint64(i))
	return u
}

// number undoes id. It reports false for what is not an id of this run.
func (g generator) number(uuid []byte) (int, bool) {
	if len(uuid) != 36 {
		return unknown, false
	}
	var compact [32]byte
	n := 0
	for _, part := range [][]byte{uuid[:8], uuid[9:13], uuid[14:18], uuid[19:23], uuid[24:]} {
		n += copy(compact[n:], part)
	}
	var u [16]byte
	if _, err := hex.Decode(u[:], compact[:]); err != nil {
		return unknown, false
	}
	i := int(binary.BigEndian.Uint64(u[8:]) &^ (0x8000 << 48))
	if g.id(i) != u {
		return unknown, false
	}
	return i, true
}

// numbers appends the number of every event in a request's text, unknown for one that is not of this run.
func (g generator) numbers(dst []int, text []byte) []int {
	mark := []byte(`"uuid":"`)
	for {
		at := bytes.Index(text, mark)
		if at < 0 {
			return dst
		}
		text = text[at+len(mark):]
		n, _ := g.number(text[:min(36, len(text))])
		dst = append(dst, n)
	}
}

func appendUUID(dst []byte, u [16]byte) []byte {
	dst = hex.AppendEncode(dst, u[:4])
	for _, part := range [][]byte{u[4:6], u[6:8], u[8:10], u[10:]} {
		dst = hex.AppendEncode(append(dst, '-'), part)
	}
	return dst
}

var (
	names    = []string{"$pageview", "$pageview", "$autocapture", "$pageview", "purchase", "$pageleave", "$autocapture", "signed_up"}
	paths    = []string{"/", "/pricing", "/docs/getting-started", "/checkout/confirm", "/blog/announcing-something-new", "/app/dashboard"}
	browsers = []string{"Chrome", "Firefox", "Safari", "Microsoft Edge"}
	systems  = []string{"Windows", "Mac OS X", "iOS", "Android", "Linux"}
	plans    = []string{"free", "pro", "enterprise"}
)

// mix spreads a number, so that neighbours differ in all choices.
func mix(i int) uint64 {
	x := uint64(i) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// choice is which of the generator's own names event i has.
func (g generator) choice(i int) int { return int(mix(i^1<<40) % uint64(len(g.names))) }

func pick(list []string, r *uint64) string {
	s := list[*r%uint64(len(list))]
	*r /= uint64(len(list))
	return s
}

// appendEvent appends event i as an SDK writes it.
func (g generator) appendEvent(dst []byte, i int, at time.Time) []byte {
	r := mix(i)
	person := r % 10_000
	r /= 10_000
	path := pick(paths, &r)
	name := pick(names, &r)
	if g.names != nil {
		name = g.names[g.choice(i)]
	}
	dst = append(dst, `{"uuid":"`...)
	dst = appendUUID(dst, g.id(i))
	dst = append(dst, `","event":"`...)
	dst = append(dst, name...)
	dst = fmt.Appendf(dst, `","distinct_id":"user-%05d","timestamp":"`, person)
	dst = at.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	dst = append(dst, `","properties":{"$current_url":"https://shop.example.com`...)
	dst = append(dst, path...)
	dst = append(dst, `","$host":"shop.example.com","$pathname":"`...)
	dst = append(dst, path...)
	dst = append(dst, `","$browser":"`...)
	dst = append(dst, pick(browsers, &r)...)
	dst = append(dst, `","$browser_version":129,"$os":"`...)
	dst = append(dst, pick(systems, &r)...)
	dst = append(dst, `","$device_type":"Desktop","$screen_height":1080,"$screen_width":1920,"$lib":"web","$lib_version":"1.434.18","$session_id":"`...)
	dst = appendUUID(dst, g.id(i/20))
	dst = append(dst, `","plan":"`...)
	dst = append(dst, pick(plans, &r)...)
	dst = append(dst, `","amount":`...)
	dst = strconv.AppendUint(dst, r%2000, 10)
	return fmt.Appendf(dst, `,"currency":"eur","name":"Person %d","email":"person-%d@example.com","utm_source":null}}`, person, person)
}

// appendBatch appends the body of a request with events from to to-1.
func (g generator) appendBatch(dst []byte, key string, from, to int, at time.Time) []byte {
	dst = fmt.Appendf(dst, `{"api_key":%q,"batch":[`, key)
	for i := from; i < to; i++ {
		if i > from {
			dst = append(dst, ',')
		}
		dst = g.appendEvent(dst, i, at)
	}
	return append(dst, `],"sent_at":"`+at.UTC().Format("2006-01-02T15:04:05.000Z")+`"}`...)
}
