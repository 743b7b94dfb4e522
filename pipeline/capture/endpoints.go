package capture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Endpoint is a group of paths that a key may be for, by its protocol.
type Endpoint string

// All endpoints. A handler with a key says which one it belongs to; the zero Endpoint is allowed only to keys that are for everything.
const (
	EndpointPostHog Endpoint = "posthog"
	EndpointSegment Endpoint = "segment" // RudderStack's, too
	EndpointImport  Endpoint = "import"
)

// endpoints are the names that the configuration knows.
var endpoints = []Endpoint{EndpointPostHog, EndpointSegment, EndpointImport}

// UnmarshalText reads the name of an endpoint.
func (e *Endpoint) UnmarshalText(text []byte) error {
	if *e = Endpoint(text); slices.Contains(endpoints, *e) {
		return nil
	}
	var names []string
	for _, known := range endpoints {
		if levenshtein.ComputeDistance(strings.ToLower(string(text)), string(known)) <= 1+len(known)/3 {
			return mistake("want the name of an endpoint", fmt.Sprintf("did you mean %q?", known))
		}
		names = append(names, string(known))
	}
	return mistake("want the name of an endpoint", "known endpoints are "+strings.Join(names, ", "))
}
