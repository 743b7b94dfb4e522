package warehouse

import (
	"time"

	"github.com/prickle-dev/prickle/pipeline"
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
	// Past says that the state is past its retention: it may change a row that is there, which the next Compact takes then, and makes no new one.
	Past bool
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
	var read reader
	for i := range records {
		r := &records[i]
		key := ValidUTF8(r.Key)
		place, twice := at[key]
		switch {
		case !twice:
			at[key] = len(states)
			states = append(states, read.state(r))
		case r.Version >= states[place].Version:
			before := states[place]
			states[place] = read.state(r)
			if r.Deleted && before.Data != nil {
				states[place].take(before)
			}
		case states[place].DeletedAt != nil && states[place].Data == nil:
			states[place].take(read.state(r))
		}
	}
	return states
}

// take gives s what another state contains.
func (s *State) take(from State) { s.Data, s.Hash, s.Fields = from.Data, from.Hash, from.Fields }
