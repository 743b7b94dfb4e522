package bulk

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// The formats.
const (
	Events    = "events"    // lines of PostHog's batch exports, of an SDK's events, or of Prickle
	Segment   = "segment"   // lines of messages, as Segment and RudderStack store them
	Mixpanel  = "mixpanel"  // lines of Mixpanel's raw export
	Amplitude = "amplitude" // lines of Amplitude's export
	CSV       = "csv"       // with a header line
)

// Formats lists them.
func Formats() []string { return []string{Events, Segment, Mixpanel, Amplitude, CSV} }

// Options say how a body is to be read.
type Options struct {
	// Format is one of Formats.
	Format string
	// Line is the line in a file of the body's first record; 0 counts from where the body begins. A record without a UUID gets one that is made of its
	// text, of how it is read, and of its line: whatever is sent again gives the same, and another record another. Without Line it is how many
	// records before it say the same that counts.
	Line int
	// Columns says for CSV which column an event's field is in: event, distinct_id, timestamp, uuid, properties. A field that is not named is in the column
	// of its own name. A text that begins with = stands for itself.
	Columns map[string]string
	// MaxRecords and MaxBytes bound a body, and MaxRecord the bytes of a record; 0 is no bound.
	MaxRecords, MaxBytes, MaxRecord int
}

// Batch is what a body holds.
type Batch struct {
	// Text is the body of a request with all records that could be read: {"batch":[…]}.
	Text []byte
	// Lines has for each record in Text its line, as Options.Line counts.
	Lines []int
	// Problems are of the records that could not be read. Their Index is the line.
	Problems []wire.EventProblem
}

// Read reads a body. A *wire.Refusal says why nothing of it can be.
func Read(o Options, body []byte) (*Batch, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	r := reader{Options: o, batch: &Batch{Text: []byte(`{"batch":[`)}, numbered: o.Line > 0}
	var err error
	switch o.Format {
	case CSV:
		err = r.csv(body)
	case Events:
		err = r.lines(body, event)
	case Segment:
		err = r.lines(body, message)
	case Mixpanel:
		err = r.lines(body, mixpanel)
	case Amplitude:
		err = r.lines(body, amplitude)
	default:
		err = wire.Invalid("unknown_format", "format is one of %s", strings.Join(Formats(), ", "))
	}
	if err != nil {
		return nil, err
	}
	if len(r.batch.Lines)+len(r.batch.Problems) == 0 {
		return nil, wire.Invalid("empty_batch", "the body has no records")
	}
	r.batch.Text = append(r.batch.Text, "]}"...)
	return r.batch, nil
}

type reader struct {
	Options
	batch    *Batch
	numbered bool              // Line was given
	space    uuid.UUID         // of the UUIDs of records that have none
	seen     map[uuid.UUID]int // records without a UUID, by their texts
}

// maxDepth is how deep a record may be nested: what it becomes is deeper by some levels.
const maxDepth = rawjson.MaxDepth - 4

// record is what a line is read as: the text of an object. The members are found once.
type record struct {
	text []byte
	of   map[string][]byte
}

func recordOf(text []byte) record {
	r := record{text: text, of: map[string][]byte{}}
	for key, value := range rawjson.Members(text) {
		if wire.Present(value) {
			r.of[string(wire.Name(key))] = value
		}
	}
	return r
}

// first is the first value that is there and no empty text, nil for none.
func (r record) first(names ...string) []byte {
	for _, name := range names {
		if value := r.of[name]; value != nil && string(value) != `""` {
			return value
		}
	}
	return nil
}

// object is a member that is an object, or the text of one, as warehouses export them. Anything else is an error.
func (r record) object(name string) ([]byte, error) {
	value := r.first(name)
	if value == nil {
		return nil, nil
	}
	if text, ok := rawjson.String(value); ok {
		value = []byte(text)
		if _, _, tooDeep := rawjson.Valid(value, maxDepth); tooDeep {
			return nil, fmt.Errorf("%s: the JSON is nested deeper than %d levels", name, maxDepth)
		}
		if err := wire.CheckJSON(value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if rawjson.KindOf(value) != rawjson.Object {
		return nil, fmt.Errorf("%s is not an object", name)
	}
	return value, nil
}

// lines reads a line for each record.
func (r *reader) lines(body []byte, read func(record, *draft) error) error {
	line := max(r.Line, 1) - 1
	for text := range bytes.Lines(body) {
		line++
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		if err := r.more(); err != nil {
			return err
		}
		if r.MaxRecord > 0 && len(text) > r.MaxRecord {
			r.reject(line, "event_too_large", wire.SizeDetail(len(text), r.MaxRecord))
			continue
		}
		if _, _, tooDeep := rawjson.Valid(text, maxDepth); tooDeep {
			r.reject(line, "json_too_deep", fmt.Sprintf("the JSON is nested deeper than %d levels", maxDepth))
			continue
		}
		text = bytes.Clone(text) // which is repaired in place
		if err := wire.CheckJSON(text); err != nil {
			r.reject(line, "invalid_json", err.Error())
			continue
		}
		if rawjson.KindOf(text) != rawjson.Object {
			r.reject(line, "invalid_record", "want an object")
			continue
		}
		d := draft{}
		if err := read(recordOf(text), &d); err != nil {
			r.reject(line, "invalid_record", err.Error())
			continue
		}
		if err := r.add(line, text, &d); err != nil {
			return err
		}
	}
	return nil
}

// more refuses a record beyond the limit.
func (r *reader) more() error {
	if r.MaxRecords > 0 && len(r.batch.Lines)+len(r.batch.Problems) >= r.MaxRecords {
		return wire.TooLarge("too_many_events", "more than %d records in one request", r.MaxRecords)
	}
	return nil
}

func (r *reader) reject(line int, code, detail string) {
	r.batch.Problems = append(r.batch.Problems, wire.EventProblem{Index: line, Code: code, Detail: detail})
}

// add puts a record into the batch, or rejects it.
func (r *reader) add(line int, text []byte, d *draft) error {
	if code, detail := d.problem(); code != "" {
		r.reject(line, code, detail)
		return nil
	}
	if len(r.batch.Lines) > 0 {
		r.batch.Text = append(r.batch.Text, ',')
	}
	if d.id == nil {
		d.id = rawjson.AppendString(nil, r.id(line, text))
	}
	r.batch.Text = d.append(r.batch.Text)
	r.batch.Lines = append(r.batch.Lines, line)
	if r.MaxBytes > 0 && len(r.batch.Text) > r.MaxBytes {
		return wire.TooLarge("payload_too_large", "the records are larger than %d bytes", r.MaxBytes)
	}
	return nil
}

// idSpace is where the UUIDs of records are made.
var idSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://prickle.dev/import"))

// id is the UUID of a record that has none.
func (r *reader) id(line int, text []byte) string {
	if r.space == uuid.Nil {
		r.readAs(nil)
	}
	id := uuid.NewSHA1(r.space, text)
	n := line
	if !r.numbered { // two records that say the same are two events
		if r.seen == nil {
			r.seen = map[uuid.UUID]int{}
		}
		n = r.seen[id]
		r.seen[id]++
	}
	return uuid.NewSHA1(id, fmt.Append(nil, n)).String()
}

// readAs makes the space of UUIDs: what a record is read as is a part of what it says.
func (r *reader) readAs(header []string) {
	h := sha256.New()
	fmt.Fprintf(h, "%s %q", r.Format, header)
	for _, field := range columnFields {
		fmt.Fprintf(h, " %q", r.Columns[field])
	}
	r.space = uuid.NewSHA1(idSpace, h.Sum(nil))
}

// derived is a UUID made of what stands for a record in the system that it is from.
func derived(parts ...[]byte) []byte {
	return rawjson.AppendString(nil, uuid.NewSHA1(idSpace, slices.Concat(parts...)).String())
}
