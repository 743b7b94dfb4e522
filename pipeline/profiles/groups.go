package profiles

import (
	"context"
	"encoding/json"
	neturl "net/url"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// mostGroups is how many groups of an event are looked up: five types are what PostHog has.
const mostGroups = 16

// groupGlobal is a group as Hog sees it.
type groupGlobal struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	URL        string          `json:"url"`
	Properties json.RawMessage `json:"properties"`
}

// Groups are the groups that an event names in $groups (an object of keys by type), as the JSON object that Hog sees: each type with id, type, url and
// properties, empty for a group that nothing is known of. nil is for no group. url is the project's.
func (f *Folder) Groups(ctx context.Context, named []byte, url string) ([]byte, error) {
	t := newTransaction(f)
	t.anew = f.config.Shared
	all := map[string]groupGlobal{}
	for k, v := range rawjson.Members(named) {
		typ, _ := rawjson.String(k)
		key := text(v, true, "")
		if typ == "" || key == "" || len(all) == mostGroups {
			continue
		}
		g := groupGlobal{ID: key, Type: typ, Properties: json.RawMessage("{}")}
		if k := (groupKey{typ, key}); k.fits() {
			e, err := t.get(ctx, k.String())
			if err != nil {
				return nil, err
			}
			if e.group != nil {
				g.Properties = e.group.Properties
			}
		}
		if url != "" {
			g.URL = strings.TrimSuffix(url, "/") + "/groups/" + neturl.PathEscape(typ) + "/" + neturl.PathEscape(key)
		}
		all[typ] = g
	}
	if len(all) == 0 {
		return nil, nil
	}
	return encode(all)
}
