package schema

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// Stream is the name of the table of properties.
const Stream = "properties"

// Streams are the table of properties with its columns.
func Streams() []pipeline.Stream {
	return []pipeline.Stream{{Name: Stream, Columns: []pipeline.Column{
		{Name: "event", Type: pipeline.String}, {Name: "property", Type: pipeline.String}, {Name: "type", Type: pipeline.String},
		{Name: "types", Type: pipeline.JSON}, {Name: "count", Type: pipeline.Integer}, {Name: "event_count", Type: pipeline.Integer},
		{Name: "null_share", Type: pipeline.Float}, {Name: "first_seen", Type: pipeline.Instant}, {Name: "last_seen", Type: pipeline.Instant},
		{Name: "sample", Type: pipeline.String},
	}}}
}

type row struct {
	Event      string           `json:"event"`
	Property   string           `json:"property"`
	Type       string           `json:"type"`
	Types      map[string]int64 `json:"types"`
	Count      int64            `json:"count"`
	EventCount int64            `json:"event_count"`
	NullShare  float64          `json:"null_share"`
	FirstSeen  time.Time        `json:"first_seen"`
	LastSeen   time.Time        `json:"last_seen"`
	Sample     *string          `json:"sample"`
}

func rowKey(event, property string) string {
	return url.QueryEscape(storable(event)) + "/" + url.QueryEscape(property)
}

// AppendRecords appends the rows of what is known of an event name: one for each property. They have no version yet.
func AppendRecords(records []pipeline.Record, p bus.Profile) ([]pipeline.Record, error) {
	e, err := parse(p.Value)
	if err != nil {
		return nil, err
	}
	event := storable(e.Name)
	for name, of := range e.Properties {
		total := max(of.Total(), 1)
		r := row{
			Event: event, Property: name, Type: of.Type(), Types: of.Kinds, Count: total, EventCount: e.Count,
			NullShare: float64(of.Kinds[Null.String()]) / float64(total), FirstSeen: of.First, LastSeen: of.Last,
		}
		if of.Sample != "" {
			r.Sample = &of.Sample
		}
		data, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		records = append(records, pipeline.Record{
			Stream: Stream, Key: rowKey(event, name), Data: data, At: p.Stored,
		})
	}
	return records, nil
}
