package profiles

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// SourceName is the Source's name: one of Prickle's own, whose tables have no prefix.
const SourceName = "_profiles"

// The streams of a Source, which are the names of its tables.
const (
	personsStream = "persons"
	idsStream     = "person_distinct_ids"
	groupsStream  = "groups"
)

// Streams are the tables of persons and groups with their columns.
func Streams() []pipeline.Stream {
	return []pipeline.Stream{
		{Name: personsStream, Columns: []pipeline.Column{
			{Name: "id", Type: pipeline.String}, {Name: "properties", Type: pipeline.JSON}, {Name: "created_at", Type: pipeline.Instant},
			{Name: "is_identified", Type: pipeline.Boolean},
		}},
		{Name: idsStream, Columns: []pipeline.Column{{Name: "distinct_id", Type: pipeline.String}, {Name: "person_id", Type: pipeline.String}}},
		{Name: groupsStream, Columns: []pipeline.Column{
			{Name: "type", Type: pipeline.String}, {Name: "key", Type: pipeline.String}, {Name: "properties", Type: pipeline.JSON},
			{Name: "created_at", Type: pipeline.Instant},
		}},
	}
}

// Log is what a Source reads: bus.Profiles.
type Log interface {
	// Begun is when it was made. What was lost and made anew begins with the first change again.
	Begun() time.Time
	Last(ctx context.Context) (uint64, error)
	Changes(ctx context.Context, from, to uint64, yield func(bus.Profile) error) error
}

// Tables are a part of what is kept, with the tables that it is copied into.
type Tables struct {
	Prefix  string // of the part's keys
	Streams []pipeline.Stream
	// Append appends the rows of a value, which is never nil, without their versions.
	Append func(records []pipeline.Record, p bus.Profile) ([]pipeline.Record, error)
}

// Source copies what has changed of persons and groups into the warehouse, and of other parts of what is kept.
type Source struct {
	log    Log
	others []Tables
}

var _ pipeline.Source = (*Source)(nil)

// NewSource makes a Source.
func NewSource(l Log, others ...Tables) *Source { return &Source{log: l, others: others} }

// Streams implements pipeline.Source.
func (s *Source) Streams() []pipeline.Stream {
	all := Streams()
	for _, o := range s.others {
		all = append(all, o.Streams...)
	}
	return all
}

// batch is how many records are merged at once.
const batch = 5000

// position is how far a copy is. The version of a row is the sequence of its change, and Above more: where the log was made anew, new changes are above
// those that the tables have.
type position struct {
	Sequence uint64    `json:"sequence"`
	Begun    time.Time `json:"begun,omitzero"` // the log's; older cursors have none
	Above    uint64    `json:"above,omitempty"`
}

// in makes p a position in the log, which ends with last.
func (p *position) in(l Log, last uint64) {
	begun := l.Begun()
	if last < p.Sequence || !p.Begun.IsZero() && !p.Begun.Equal(begun) {
		p.Above += p.Sequence
		p.Sequence = 0
	}
	p.Begun = begun
}

// Run implements pipeline.Source.
func (s *Source) Run(ctx context.Context, cursor pipeline.Cursor, emit pipeline.Emit) error {
	var at position
	if len(cursor) > 0 {
		if err := json.Unmarshal(cursor, &at); err != nil {
			return fmt.Errorf("cursor: %w", err)
		}
	}
	last, err := s.log.Last(ctx)
	if err != nil {
		return err
	}
	at.in(s.log, last)
	if cursor == nil { // the tables are there before the first person is
		if err := emit(ctx, pipeline.SourceBatch{Cursor: pipeline.Cursor(`{"sequence":0}`)}); err != nil {
			return err
		}
	}
	var records []pipeline.Record
	send := func() error {
		if len(records) == 0 {
			return nil
		}
		next, err := json.Marshal(at)
		if err != nil {
			return err
		}
		err = emit(ctx, pipeline.SourceBatch{Records: records, Cursor: next})
		records = records[:0]
		return err
	}
	err = s.log.Changes(ctx, at.Sequence+1, last, func(p bus.Profile) error {
		var err error
		before := len(records)
		if records, err = s.appendRecords(records, p); err != nil {
			return fmt.Errorf("profile %q: %w", p.Key, err)
		}
		for i := range records[before:] {
			records[before+i].Version = int64(at.Above + p.Revision)
		}
		if at.Sequence = p.Revision; len(records) < batch {
			return nil
		}
		return send()
	})
	if err != nil {
		return err
	}
	return send()
}

// appendRecords appends the rows of a value. Of a key that was removed, or belongs to a part that is not copied, there are none.
func (s *Source) appendRecords(records []pipeline.Record, p bus.Profile) ([]pipeline.Record, error) {
	if p.Value == nil {
		return records, nil
	}
	for _, o := range s.others {
		if strings.HasPrefix(p.Key, o.Prefix) {
			return o.Append(records, p)
		}
	}
	if !strings.HasPrefix(p.Key, personPrefix) && !strings.HasPrefix(p.Key, groupPrefix) {
		return records, nil
	}
	return appendProfile(records, p)
}

func appendProfile(records []pipeline.Record, p bus.Profile) ([]pipeline.Record, error) {
	row := func(stream, key string, data any) error {
		raw, err := encode(data)
		if err != nil {
			return err
		}
		records = append(records, pipeline.Record{Stream: stream, Key: key, Data: raw, At: p.Stored})
		return nil
	}
	if strings.HasPrefix(p.Key, groupPrefix) {
		var g Group
		if err := json.Unmarshal(p.Value, &g); err != nil {
			return nil, err
		}
		err := row(groupsStream, typeOfKey.Replace(g.Type)+"/"+g.Key, groupRow{g.Type, g.Key, g.Properties, g.CreatedAt})
		return records, err
	}
	var person Person
	if err := json.Unmarshal(p.Value, &person); err != nil {
		return nil, err
	}
	owner := person.ID
	if person.MergedInto != "" {
		owner = person.MergedInto
	}
	err := row(idsStream, person.DistinctID, idRow{person.DistinctID, owner})
	switch {
	case err != nil:
		return nil, err
	case person.MergedInto == "":
		err = row(personsStream, person.ID, personRow{person.ID, person.Properties, *person.CreatedAt, person.Identified})
	case person.CreatedAt != nil:
		records = append(records, pipeline.Record{Stream: personsStream, Key: person.ID, Deleted: true, At: p.Stored})
	}
	return records, err
}

// typeOfKey makes the first "/" of a group's key in the table the one behind its type.
var typeOfKey = strings.NewReplacer("%", "%25", "/", "%2F")

type idRow struct {
	DistinctID string `json:"distinct_id"`
	PersonID   string `json:"person_id"`
}

type personRow struct {
	ID         string          `json:"id"`
	Properties json.RawMessage `json:"properties"`
	CreatedAt  time.Time       `json:"created_at"`
	Identified bool            `json:"is_identified"`
}

type groupRow struct {
	Type       string          `json:"type"`
	Key        string          `json:"key"`
	Properties json.RawMessage `json:"properties"`
	CreatedAt  time.Time       `json:"created_at"`
}
