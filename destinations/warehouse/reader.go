package warehouse

import (
	"bytes"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// reader takes the records of a stream apart. Most have the same fields in the same order as the one before, which need not be named again.
type reader struct {
	members []rawjson.Member // room
	fields  []Field          // room, which states have parts of
	keys    [][]byte         // of the record before, with their quotes
	names   []string         // what they spell; nil where one came twice
}

func (r *reader) state(record *pipeline.Record) State {
	s := State{Key: ValidUTF8(record.Key), Version: record.Version, At: record.At}
	if record.Deleted {
		s.DeletedAt = &record.At
	}
	if len(record.Data) > 0 {
		r.read(&s, record.Data)
	}
	return s
}

// read makes data the state's. What is no JSON is kept as a JSON string, so that a record is never refused for what it contains.
func (r *reader) read(s *State, data []byte) {
	if r.members == nil {
		r.members = make([]rawjson.Member, 0, searched)
	}
	members, ok, _, _ := rawjson.ValidMembers(data, rawjson.MaxDepth, r.members[:0])
	if !ok {
		data, members = rawjson.AppendString(nil, string(data)), r.members[:0]
	}
	if s.Data = Storable(data); &s.Data[0] != &data[0] {
		members = members[:0]
		for k, v := range rawjson.Members(s.Data) {
			members = append(members, rawjson.Member{Key: k, Value: v})
		}
	}
	r.members = members
	if s.Hash = hashMembers(members); len(members) == 0 {
		s.Hash = hashText(hashBasis, s.Data) // a list, or what is no JSON
	}
	s.Fields = r.fieldsOf(members)
}

// fieldsOf are the members that are not null.
func (r *reader) fieldsOf(members []rawjson.Member) []Field {
	if !r.asBefore(members) {
		r.keys, r.names = r.keys[:0], nil
		all := named(members)
		for i := range members {
			r.keys = append(r.keys, members[i].Key)
		}
		if len(all) == len(members) {
			r.names = make([]string, len(all))
			for i := range all {
				r.names[i] = all[i].Name
			}
		}
		return notNull(all)
	}
	if cap(r.fields)-len(r.fields) < len(members) {
		r.fields = make([]Field, 0, 256*len(members))
	}
	from := len(r.fields)
	for i := range members {
		if rawjson.KindOf(members[i].Value) != rawjson.Null {
			r.fields = append(r.fields, Field{r.names[i], members[i].Value})
		}
	}
	return r.fields[from:len(r.fields):len(r.fields)]
}

func (r *reader) asBefore(members []rawjson.Member) bool {
	if r.names == nil || len(members) != len(r.keys) {
		return false
	}
	for i := range members {
		if !bytes.Equal(members[i].Key, r.keys[i]) {
			return false
		}
	}
	return true
}

// searched is up to how many fields a name is looked for among them one by one, which is faster than a map.
const searched = 32

// named are the members with their names. Of two with one name the last one counts, as everywhere.
func named(members []rawjson.Member) []Field {
	all := make([]Field, 0, len(members))
	var at map[string]int
	for _, m := range members {
		name, _ := rawjson.String(m.Key)
		if i := find(all, at, name); i >= 0 {
			all[i].Value = m.Value
			continue
		}
		all = append(all, Field{name, m.Value})
		if at != nil {
			at[name] = len(all) - 1
		} else if len(all) == searched {
			at = make(map[string]int, len(members))
			for i, f := range all {
				at[f.Name] = i
			}
		}
	}
	return all
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

func notNull(all []Field) []Field {
	kept := all[:0]
	for _, f := range all {
		if rawjson.KindOf(f.Value) != rawjson.Null {
			kept = append(kept, f)
		}
	}
	return kept
}
