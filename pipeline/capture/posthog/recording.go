package posthog

import (
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Recordings says whether a request holds parts of a session recording, and what becomes of them (spec 2.12).
type Recordings int

// Values of Recordings.
const (
	NoRecordings   Recordings = iota // the request holds events
	DropRecordings                   // parts are checked, counted as filtered, and left out
	KeepRecordings                   // the parts of a request become one event
)

// maxSessionID is how many characters a recording's session id may have.
const maxSessionID = 70

// snapshot is the raw values of a part's properties; nil is absent.
type snapshot struct {
	token, distinctID, session, window, source, lib, data []byte

	ignoreSent bool
}

func readSnapshot(properties []byte) (p snapshot) {
	for key, value := range rawjson.Members(properties) {
		switch string(wire.Name(key)) {
		case "token":
			p.token = value
		case "distinct_id":
			p.distinctID = value
		case "$session_id":
			p.session = value
		case "$window_id":
			p.window = value
		case "$snapshot_source":
			p.source = value
		case "$lib":
			p.lib = value
		case "$snapshot_data":
			p.data = value
		case "$ignore_sent_at":
			p.ignoreSent = wire.IsTrue(value)
		}
	}
	return p
}

// recording checks one part of a session recording. The first one says whose it is; a request is of one session.
func (d *decoder) recording(index int, text []byte) {
	f := readFields(text)
	p := readSnapshot(f.properties)
	if root := f.rootToken(); root != "" {
		d.offer(root)
	} else {
		d.offer(wire.Text(p.token))
	}
	if index == 0 {
		d.first, d.firstPart = f, p
	}
	kind := rawjson.KindOf(p.data)
	switch {
	case index == 0 && !isSessionID(wire.Text(p.session)):
		d.s.Reject(index, "invalid_session_id", "$session_id is missing or not made of letters, digits and hyphens")
	case index == 0 && d.owner() == "":
		d.s.Reject(index, "missing_distinct_id", "distinct_id is missing or blank")
	case kind != rawjson.Array && kind != rawjson.Object:
		d.s.Reject(index, "missing_snapshot_data", "$snapshot_data is missing")
	case d.Recording == DropRecordings:
		d.s.Filter(index)
	default:
		d.parts = append(d.parts, p.data)
	}
}

// owner is the distinct id of the first part.
func (d *decoder) owner() string {
	for _, id := range [][]byte{d.first.distinctID, d.first.altDistinctID, d.firstPart.distinctID} {
		if wire.Present(id) {
			return wire.DistinctID(id)
		}
	}
	return ""
}

// record makes one event of the parts of a request.
func (d *decoder) record() {
	f, p := &d.first, &d.firstPart
	event := pipeline.Event{Name: "$snapshot", DistinctID: d.owner(), Source: d.source, ReceivedAt: d.Now}
	var ok bool
	if event.UUID, ok = d.uuid(f.uuid); !ok {
		d.s.Reject(0, "invalid_uuid", "uuid is not a UUID")
		return
	}
	if code, detail := d.timestamp(f, &properties{ignoreSent: p.ignoreSent}, &event); code != "" {
		d.s.Reject(0, code, "%s", detail)
		return
	}
	event.Properties = d.recordProperties(p, event.DistinctID)
	if d.MaxEventBytes > 0 && len(event.Properties) > d.MaxEventBytes {
		d.s.RejectTooLarge(0, event.UUID, len(event.Properties), d.MaxEventBytes)
		return
	}
	d.s.Events = append(d.s.Events, event)
}

func (d *decoder) recordProperties(p *snapshot, owner string) pipeline.Properties {
	if wire.Text(p.window) == "" {
		p.window = p.session
	}
	if wire.Text(p.source) == "" {
		p.source = []byte(`"web"`)
	}
	lowerUUID(p.session)
	w := wire.NewRewriter(d.s.Arena(), nil)
	w.AddString("distinct_id", owner)
	w.Add("$session_id", p.session)
	w.Add("$window_id", p.window)
	w.Add("$snapshot_source", p.source)
	if wire.Present(p.lib) {
		w.Add("$lib", p.lib)
	}
	w.AddElements("$snapshot_data", d.parts)
	if d.ClientIP != "" {
		w.AddString("$ip", d.ClientIP)
	}
	if d.sentAt != nil {
		w.Add("$sent_at", d.sentAt)
	}
	return d.s.Keep(w.Close())
}

func isSessionID(id string) bool {
	for i := range len(id) {
		ch := id[i] | 0x20
		if (ch < 'a' || ch > 'z') && (id[i] < '0' || id[i] > '9') && id[i] != '-' {
			return false
		}
	}
	return id != "" && len(id) <= maxSessionID
}
