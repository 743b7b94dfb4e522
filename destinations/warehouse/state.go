package warehouse

import (
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// State is the newest state of one key in a load, ready to be stored.
type State struct {
	Key       string // valid UTF-8
	Version   int64
	At        time.Time  // when the record was read
	DeletedAt *time.Time // set for a tombstone
	Data      []byte     // JSON as Storable makes it; the last seen before the deletion for a tombstone; or nil
	Hash      uint64     // of Data, the same whatever the order of its fields
	Fields    []Field    // the fields of Data that are not null, each name once
}

// Field is a top-level field of a record: its name, and its value as raw JSON.
type Field struct {
	Name  string
	Value []byte
}

// StreamRecords are a load's records of one stream.
type StreamRecords struct {
	pipeline.Stream
	Records []pipeline.Record
}

// ByStream sorts a load's records by stream: the declared streams in their order, then the others in order of appearance. A declared
// stream is there even when no record came.
func ByStream(load pipeline.Load) []*StreamRecords {
	var streams []*StreamRecords
	byName := map[string]*StreamRecords{}
	add := func(s pipeline.Stream) *StreamRecords {
		if byName[s.Name] == nil {
			byName[s.Name] = &StreamRecords{Stream: s}
			streams = append(streams, byName[s.Name])
		}
		return byName[s.Name]
	}
	for _, s := range load.Streams {
		add(s)
	}
	for _, r := range load.Records {
		s := add(pipeline.Stream{Name: r.Stream})
		s.Records = append(s.Records, r)
	}
	return streams
}

// Reduce keeps the newest state of each key, the later one of equal versions, in order of first appearance. An upsert would insert a new
// key as often as it occurs, or be refused.
func Reduce(records []pipeline.Record) []State {
	states := make([]State, 0, len(records))
	at := make(map[string]int, len(records))
	for i := range records {
		r := &records[i]
		key := ValidUTF8(r.Key)
		place, twice := at[key]
		switch {
		case !twice:
			at[key] = len(states)
			states = append(states, newState(r))
		case r.Version >= states[place].Version:
			before := states[place]
			states[place] = newState(r)
			if r.Deleted && before.Data != nil {
				states[place].take(before.Data)
			}
		case states[place].DeletedAt != nil && states[place].Data == nil:
			states[place].take(newState(r).Data)
		}
	}
	return states
}

func newState(r *pipeline.Record) State {
	s := State{Key: ValidUTF8(r.Key), Version: r.Version, At: r.At}
	if r.Deleted {
		s.DeletedAt = &r.At
	}
	if len(r.Data) > 0 {
		s.take(r.Data)
	}
	return s
}

// take makes data the record's. What is no JSON is kept as a JSON string, so that a record is never refused for what it contains.
func (s *State) take(data []byte) {
	if ok, _, _ := rawjson.Valid(data, rawjson.MaxDepth); !ok {
		data = rawjson.AppendString(nil, string(data))
	}
	s.Data = Storable(data)
	s.Hash = hashRecord(s.Data)
	s.Fields = fields(s.Data)
}

// searched is up to how many fields a name is looked for among them one by one, which is faster than a map.
const searched = 32

// fields are the top-level fields of an object that are not null. Of two with one name the last one counts, as everywhere.
func fields(data []byte) []Field {
	var all []Field
	var at map[string]int
	for k, v := range rawjson.Members(data) {
		name, _ := rawjson.String(k)
		name = ValidUTF8(name)
		if i := find(all, at, name); i >= 0 {
			all[i].Value = v
			continue
		}
		all = append(all, Field{name, v})
		if at != nil {
			at[name] = len(all) - 1
		} else if len(all) == searched {
			at = make(map[string]int, 2*searched)
			for i, f := range all {
				at[f.Name] = i
			}
		}
	}
	kept := all[:0]
	for _, f := range all {
		if rawjson.KindOf(f.Value) != rawjson.Null {
			kept = append(kept, f)
		}
	}
	return kept
}

func find(all []Field, at map[string]int, name string) int {
	if at != nil {
		if i, ok := at[name]; ok {
			return i
		}
		return -1
	}
	for i := range all {
		if all[i].Name == name {
			return i
		}
	}
	return -1
}
