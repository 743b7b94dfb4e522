package duckdb

import (
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// state is the newest state of one key in a load.
type state struct {
	key       string
	version   int64
	at        time.Time
	deletedAt *time.Time // set for a tombstone
	data      []byte     // JSON as it can be stored; the last seen before the deletion for a tombstone; or nil
	hash      uint64
	fields    []field // the fields of data that are not null
}

type field struct {
	name  string
	value []byte
}

// reduce keeps the newest state of each key, the later one of equal versions, in order of first appearance. MERGE would insert a new key
// as often as it occurs.
func reduce(records []pipeline.Record) []state {
	var states []state
	at := make(map[string]int, len(records))
	for i := range records {
		r := &records[i]
		key := toValidUTF8(r.Key)
		place, twice := at[key]
		switch {
		case !twice:
			at[key] = len(states)
			states = append(states, newState(r))
		case r.Version >= states[place].version:
			before := states[place]
			states[place] = newState(r)
			if r.Deleted && before.data != nil {
				states[place].take(before.data)
			}
		case states[place].deletedAt != nil && states[place].data == nil:
			states[place].take(newState(r).data)
		}
	}
	return states
}

func newState(r *pipeline.Record) state {
	s := state{key: toValidUTF8(r.Key), version: r.Version, at: r.At}
	if r.Deleted {
		s.deletedAt = &r.At
	}
	if len(r.Data) > 0 {
		s.take(r.Data)
	}
	return s
}

// take makes data the record's. What is no JSON is kept as a JSON string, so that a record is never refused for what it contains.
func (s *state) take(data []byte) {
	if ok, _, _ := rawjson.Valid(data, rawjson.MaxDepth); !ok {
		data = rawjson.AppendString(nil, string(data))
	}
	s.data = storable(data)
	s.hash = hashRecord(s.data)
	s.fields = s.fields[:0:0]
	at := map[string]int{}
	for k, v := range rawjson.Members(s.data) {
		name, _ := rawjson.String(k)
		name = toValidUTF8(name)
		if i, twice := at[name]; twice {
			s.fields[i].value = v // the last one counts, as everywhere
			continue
		}
		at[name] = len(s.fields)
		s.fields = append(s.fields, field{name, v})
	}
	s.fields = withoutNulls(s.fields)
}

func withoutNulls(fields []field) []field {
	kept := fields[:0]
	for _, f := range fields {
		if rawjson.KindOf(f.value) != rawjson.Null {
			kept = append(kept, f)
		}
	}
	return kept
}
