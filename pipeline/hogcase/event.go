package hogcase

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// event is the event that a transform gets. What is not given is made up.
type event struct {
	Event      string          `yaml:"event"`
	UUID       string          `yaml:"uuid"`
	DistinctID string          `yaml:"distinct_id"`
	Source     string          `yaml:"source"`
	Timestamp  moment          `yaml:"timestamp"`
	ReceivedAt moment          `yaml:"received_at"`
	Properties pipeline.Fields `yaml:"properties"`
}

// madeUp stands for the texts that an event needs and a case does not care for.
const (
	madeUp     = "test"
	madeUpUUID = "00000000-0000-7000-8000-000000000000"
)

// of is the event as the pipeline hands it over.
func (e *event) of(now time.Time) pipeline.Event {
	return pipeline.Event{
		Name: cmp.Or(e.Event, madeUp), UUID: cmp.Or(e.UUID, madeUpUUID), DistinctID: cmp.Or(e.DistinctID, madeUp), Source: cmp.Or(e.Source, madeUp),
		Timestamp: e.Timestamp.or(now), ReceivedAt: e.ReceivedAt.or(now), Properties: appendFields(nil, e.Properties),
	}
}

// appendTree appends a value of the file as JSON.
func appendTree(dst []byte, t pipeline.Tree) []byte {
	switch {
	case t.Text != nil:
		return rawjson.AppendString(dst, t.Text.Text)
	case t.List != nil:
		dst = append(dst, '[')
		for i, item := range t.List {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendTree(dst, item)
		}
		return append(dst, ']')
	case t.Fields != nil:
		return appendFields(dst, t.Fields)
	}
	literal, _ := json.Marshal(t.Literal) // null, a boolean, or a number that the decoder has checked
	return append(dst, literal...)
}

func appendFields(dst []byte, fields pipeline.Fields) []byte {
	dst = append(dst, '{')
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendString(dst, f.Name), ':')
		dst = appendTree(dst, f.Value)
	}
	return append(dst, '}')
}
