package segment

import (
	"strings"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Batch is the Kind of a request that holds many messages.
const Batch = "batch"

// SoftLimit is how many bytes Segment takes in a message. Larger ones are taken here, and counted in Scratch.Large.
const SoftLimit = 32 << 10

// Request is a request besides its text.
type Request struct {
	wire.Request
	// Kind is Batch, or the type of the one message that the path says: track, identify, page, screen, group, alias or merge.
	Kind string
	// WriteKey is the key of the header or the query, or "" to take the one in the body.
	WriteKey string
	// Historical marks all events as imported.
	Historical bool
	// Stored says that the messages come from where somebody has stored them: when they were sent says nothing of the client's clock.
	Stored bool
	// Settings returns the settings of the key, once Source has found it; nil is none.
	Settings func() Settings
}

// Settings are what a key says of its messages. The zero Settings are the defaults.
type Settings struct {
	// IdentifiedOnly gives events of people of whom there is no userId no person; those that are about a person or a group alone keep theirs.
	IdentifiedOnly bool
	// GroupType is the type of groups that messages do not name the type of; default: DefaultGroupType.
	GroupType string
	// KeepContext keeps what the context says beyond what becomes properties, as $context.
	KeepContext bool
}

// DefaultGroupType is the group type of a message that names none.
const DefaultGroupType = "company"

// Decode checks text and makes events of its messages into s.Events. A batch loses its invalid messages only: they are in s.Problems.
// A request without a single valid message, or that is wrong as a whole, is a *wire.Refusal. The events point into text and s; text is
// changed in place.
func Decode(req Request, text []byte, s *wire.Scratch) error {
	if err := wire.CheckJSON(text); err != nil {
		return err
	}
	if rawjson.KindOf(text) != rawjson.Object {
		return wire.Invalid("invalid_payload", "want an object")
	}
	d := decoder{Request: req, s: s, clock: wire.Clock{Now: req.Now}}
	root := readMessage(text)
	if err := d.authorize(&root); err != nil {
		return err
	}
	s.GrowArena(len(text) + len(text)/2 + 512)
	if req.Kind != Batch {
		d.message(0, text, &root)
		return wire.RefuseEvents(s.Problems)
	}
	if err := d.batch(&root); err != nil {
		return err
	}
	if len(s.Events) == 0 {
		return wire.RefuseEvents(s.Problems)
	}
	return nil
}

type decoder struct {
	Request
	s      *wire.Scratch
	clock  wire.Clock
	source string
	Settings
	// Defaults of a batch, under each message's own.
	context, integrations []byte
}

func (d *decoder) authorize(root *message) error {
	key := d.WriteKey
	if key == "" {
		key = wire.Text(root.writeKey)
	}
	if key = strings.TrimSpace(key); key == "" {
		return wire.Unauthorized("missing_write_key", "no write key: send it as the user name of basic authentication, or as writeKey")
	}
	source, ok := d.Source(key)
	if !ok {
		return wire.Unauthorized("unknown_write_key", "the write key is not one of this server's keys")
	}
	d.source = source
	if d.Request.Settings != nil {
		d.Settings = d.Request.Settings()
	}
	if d.GroupType == "" {
		d.GroupType = DefaultGroupType
	}
	return nil
}

func (d *decoder) batch(root *message) error {
	if rawjson.KindOf(root.batch) != rawjson.Array {
		return wire.Invalid("invalid_batch", "want an object with an array batch")
	}
	if d.Admit != nil {
		if err := d.Admit(d.source, root.batch); err != nil {
			return err
		}
	}
	d.context, d.integrations = root.context, root.integrations
	if sent, ok := wire.ParseTime(root.sentAt); ok {
		d.clock.Sent = sent
	}
	n, shared := 0, len(d.context)+len(d.integrations)
	for element := range rawjson.Elements(root.batch) {
		if d.MaxEvents > 0 && n >= d.MaxEvents {
			return wire.TooLarge("too_many_events", "more than %d messages in one request", d.MaxEvents)
		}
		if d.MaxBytes > 0 && (n+1)*shared > d.MaxBytes {
			return wire.TooLarge("batch_too_large", "context and integrations of the batch, repeated for each message, are larger than %d bytes", d.MaxBytes)
		}
		m := readMessage(element)
		d.message(n, element, &m)
		if n++; n%messagesAtOnce == 0 {
			if err := d.s.Account(); err != nil {
				return err
			}
		}
	}
	if n == 0 {
		return wire.Invalid("empty_batch", "the batch has no messages")
	}
	return nil
}

// messagesAtOnce is how many messages are decoded before it is asked whether there is room for more.
const messagesAtOnce = 1024

// message decodes one message and adds it to the scratch's events or problems.
func (d *decoder) message(index int, text []byte, m *message) {
	if rawjson.KindOf(text) != rawjson.Object {
		d.s.Reject(index, "invalid_message", "want an object")
		return
	}
	if len(text) > SoftLimit {
		d.s.Large++
	}
	if d.MaxEventBytes > 0 && len(text) > d.MaxEventBytes {
		id := ""
		if m.messageID != nil {
			id = d.uuid(m)
		}
		d.s.RejectTooLarge(index, id, len(text), d.MaxEventBytes)
		return
	}
	m.kind = d.Kind
	if d.Kind == Batch {
		m.kind = wire.Text(m.typeField)
		m.context = under(d.context, m.context)
		m.integrations = under(d.integrations, m.integrations)
	}
	event := pipeline.Event{
		UUID: d.uuid(m), DistinctID: m.distinctID(), Source: d.source, Timestamp: d.timestamp(m), ReceivedAt: d.Now,
	}
	if code, detail := m.problem(event.DistinctID); code != "" {
		d.s.Reject(index, code, "%s", detail)
		return
	}
	event.Name = m.eventName()
	event.Properties = d.properties(m)
	if wire.NeedsPerson(event.Name) && wire.IsPersonless(event.Properties) {
		d.s.FilterPersonless(index)
		return
	}
	d.s.Events = append(d.s.Events, event)
}

// under lays own over the defaults of the batch.
func under(defaults, own []byte) []byte {
	switch {
	case rawjson.KindOf(defaults) != rawjson.Object:
		return own
	case !wire.Present(own):
		return defaults
	case rawjson.KindOf(own) != rawjson.Object:
		return own
	}
	return wire.AppendMerged(nil, defaults, own)
}

// withoutSDK is a message id without what Segment's SDKs put before its UUID.
func withoutSDK(id string) string {
	for _, sdk := range []string{"node-next-", "ajs-next-"} {
		if rest, ok := strings.CutPrefix(id, sdk); ok {
			if end := strings.TrimLeft(rest, "0123456789"); len(end) < len(rest) && strings.HasPrefix(end, "-") {
				return end[1:]
			}
		}
	}
	return id
}

// uuid derives the event's UUID from the message id, so that a message sent twice is one event: the id itself when it is a UUID, the one
// at its end in the forms of Segment's SDKs (node-next-<ms>-<uuid>, ajs-next-<ms>-<uuid>; spec 9.1), else a hash of source and id: what users put before a
// UUID of their own tells messages apart.
func (d *decoder) uuid(m *message) string {
	id := scalar(m.messageID)
	if id == "" {
		return d.s.NewUUID()
	}
	if canonical, ok := wire.UUID(withoutSDK(id)); ok {
		return canonical
	}
	return uuid.NewSHA1(uuid.NewSHA1(uuid.NameSpaceOID, []byte(d.source)), []byte(id)).String()
}
