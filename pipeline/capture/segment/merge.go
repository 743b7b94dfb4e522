package segment

import (
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// merged returns the ids of the first two profiles that a merge message of RudderStack's names, or "" for those that it does not.
func (m *message) merged() (into, other string) {
	var ids []string
	for profile := range rawjson.Elements(m.mergeProperties) {
		value, _ := rawjson.Get(profile, "value")
		if ids = append(ids, wire.Cut(scalar(value), wire.MaxNameLength)); len(ids) == 2 {
			return ids[0], ids[1]
		}
	}
	return "", ""
}
