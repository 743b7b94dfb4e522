package wire

import (
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// PersonProfile is the property that says, when it is false, that an event has no person (spec 6.3).
const PersonProfile = "$process_person_profile"

// InvalidPersonless is the code of an event that says nothing but what becomes of a person or a group, and says that it has none.
const InvalidPersonless = "invalid_event_when_process_person_profile_is_false"

// IsPersonless reports whether the properties say that there is no person. Only the boolean counts.
func IsPersonless(p pipeline.Properties) bool {
	value, _ := p.Get(PersonProfile)
	return string(value) == "false"
}

// NeedsPerson reports whether nothing is left of an event of this name without a person.
func NeedsPerson(name string) bool {
	switch name {
	case "$identify", "$create_alias", "$merge_dangerously", "$groupidentify":
		return true
	}
	return false
}

// Personless returns the properties without those that change a person or give it a group.
func Personless(p pipeline.Properties) pipeline.Properties {
	changes := false
	for key := range rawjson.Members(p) {
		changes = changes || changesPerson(Name(key))
	}
	if !changes {
		return p
	}
	w := NewRewriter(nil, p)
	for key, value := range rawjson.Members(p) {
		if changesPerson(Name(key)) {
			w.Drop()
		} else {
			w.Keep(key, value)
		}
	}
	return w.Close()
}

func changesPerson(name []byte) bool {
	switch string(name) {
	case "$set", "$set_once", "$unset", "$group_0", "$group_1", "$group_2", "$group_3", "$group_4":
		return true
	}
	return false
}
