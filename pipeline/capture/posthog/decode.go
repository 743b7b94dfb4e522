package posthog

import (
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Request is a capture request besides its text.
type Request struct {
	wire.Request
	// Sent is the sent time of the query, or zero; one in the body wins over it.
	Sent time.Time
	// Engage takes objects without `event` as person updates, as only the path /engage does.
	Engage bool
	// Recording takes session recordings, as only the path /s does.
	Recording Recordings
	// Key is the token when the body has none.
	Key string
	// Historical marks all events as imported.
	Historical bool
	// Partly takes the events that are right, if there is one, and leaves the others in the scratch's problems.
	Partly bool
}

// Decode makes events of text, which Payload.Text returned, into s.Events. All or none: when an event is wrong, the error is a
// *wire.Refusal that names every wrong event. The events point into text and s.
func Decode(req Request, text []byte, s *wire.Scratch) error {
	d := decoder{Request: req, s: s, clock: wire.Clock{Now: req.Now, Sent: req.Sent}, historical: req.Historical}
	if req.Key != "" {
		d.token, d.tokenKnown = req.Key, true
		if err := d.authorize(); err != nil {
			return err
		}
	}
	if err := d.root(text); err != nil {
		return err
	}
	if err := d.authorize(); err != nil {
		return err
	}
	if req.Partly && len(s.Events) > 0 {
		return d.hideVisitors()
	}
	if req.Recording == KeepRecordings && len(s.Problems) == 0 {
		d.record()
	}
	if err := wire.RefuseEvents(s.Problems); err != nil {
		return err
	}
	return d.hideVisitors()
}

// decoder holds what is the same for all events of a request.
type decoder struct {
	Request
	s          *wire.Scratch
	clock      wire.Clock
	source     string
	historical bool
	sentAt     []byte // the sent time as a JSON string, or nil

	token      string // of the batch, or the one that the events agree on
	tokenKnown bool   // token is the batch's
	conflict   bool   // events name different tokens

	// Of a recording: what the first part says, and the data of all of them.
	first     fields
	firstPart snapshot
	parts     [][]byte
}

// root tells the shapes of a request apart (spec 2.3).
func (d *decoder) root(text []byte) error {
	switch rawjson.KindOf(text) {
	case rawjson.Array:
		return d.events(text)
	case rawjson.Object:
	default:
		return wire.Invalid("invalid_payload", "want an event, an array of events, or an object with batch")
	}
	b := readBatch(text)
	if b.events == nil {
		return d.single(text)
	}
	if rawjson.KindOf(b.events) != rawjson.Array {
		return wire.Invalid("invalid_batch", "batch is not an array")
	}
	d.historical = d.historical || b.historical
	if t, ok := wire.ParseTime(b.sentAt); ok {
		d.clock.Sent = t
	}
	if wire.Present(b.token) {
		d.token, d.tokenKnown = wire.Text(b.token), true
		if err := d.authorize(); err != nil {
			return err
		}
		if d.Admit != nil && d.Recording == NoRecordings { // the parts of a recording are one event, or none
			if err := d.Admit(d.source, b.events); err != nil {
				return err
			}
		}
	}
	return d.events(b.events)
}

// batch is what a batch says about all its events; nil is absent.
type batch struct {
	events, token, sentAt []byte
	historical            bool
}

func readBatch(text []byte) (b batch) {
	var token []byte
	for key, value := range rawjson.Members(text) {
		switch string(wire.Name(key)) {
		case "batch":
			b.events = value
		case "api_key":
			b.token = value
		case "token":
			token = value
		case "sent_at":
			b.sentAt = value
		case "historical_migration":
			b.historical = wire.IsTrue(value)
		}
	}
	if !wire.Present(b.token) {
		b.token = token
	}
	return b
}

func (d *decoder) single(text []byte) error {
	d.prepare(len(text))
	d.event(0, text)
	return nil
}

func (d *decoder) events(array []byte) error {
	d.prepare(len(array))
	n := 0
	for element := range rawjson.Elements(array) {
		if d.MaxEvents > 0 && n >= d.MaxEvents {
			return wire.TooLarge("too_many_events", "more than %d events in one request", d.MaxEvents)
		}
		if n++; d.hopeless() {
			continue // how many there are decides what is said of the request
		}
		d.event(n-1, element)
		if n%eventsAtOnce == 0 {
			if err := d.s.Account(); err != nil {
				return err
			}
		}
	}
	if n == 0 {
		return wire.Invalid("empty_batch", "the request has no events")
	}
	return nil
}

// eventsAtOnce is how many events are decoded before it is asked whether there is room for more.
const eventsAtOnce = 1024

// mostProblems is how many events are named that are wrong: of the rest nothing is stored anyway.
const mostProblems = 10_000

func (d *decoder) hopeless() bool { return !d.Partly && len(d.s.Problems) >= mostProblems }

// prepare makes room for the properties of all events at once, with what is added to each.
func (d *decoder) prepare(size int) {
	d.s.GrowArena(size + size/8 + 256)
	if !d.clock.Sent.IsZero() {
		d.sentAt = d.clock.Sent.UTC().AppendFormat(nil, `"`+pipeline.TimeFormat+`"`)
	}
}

// offer notes the token of an event, for a request whose batch has none.
func (d *decoder) offer(token string) {
	switch {
	case d.tokenKnown || token == "" || token == d.token:
	case d.token == "":
		d.token = token
	default:
		d.conflict = true
	}
}

// authorize finds the source that the request's token belongs to (spec 2.4), and gives it to the events.
func (d *decoder) authorize() error {
	token := strings.TrimSpace(d.token)
	switch {
	case token == "":
		return wire.Unauthorized("missing_token", "no project token: send it as api_key")
	case d.conflict:
		return wire.Unauthorized("several_tokens", "the events name different project tokens")
	case strings.HasPrefix(token, "phx_"):
		return wire.Unauthorized("personal_key", "this is a personal key (phx_): send the project token")
	}
	source, ok := d.Source(token)
	if !ok {
		return wire.Unauthorized("unknown_token", "the project token is not one of this server's keys")
	}
	d.source = source
	for i := range d.s.Events {
		d.s.Events[i].Source = source
	}
	return nil
}
