package posthog

import (
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// maxSessionID is how many characters a recording's session id may have.
const maxSessionID = 70

// recording checks one part of a session recording and leaves it out: there is nowhere to keep it (spec 2.12). Clients that were told so
// by the remote config do not send any.
func (d *decoder) recording(index int, text []byte) {
	f := readFields(text)
	var token, session, data []byte
	for key, value := range rawjson.Members(f.properties) {
		switch string(wire.Name(key)) {
		case "token":
			token = value
		case "$session_id":
			session = value
		case "$snapshot_data":
			data = value
		}
	}
	if root := f.rootToken(); root != "" {
		d.offer(root)
	} else {
		d.offer(wire.Text(token))
	}
	kind := rawjson.KindOf(data)
	switch {
	case index == 0 && !isSessionID(wire.Text(session)):
		d.s.Reject(index, "invalid_session_id", "$session_id is missing or not made of letters, digits and hyphens")
	case kind != rawjson.Array && kind != rawjson.Object:
		d.s.Reject(index, "missing_snapshot_data", "$snapshot_data is missing")
	default:
		d.s.Filter(index)
	}
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
