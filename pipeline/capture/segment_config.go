package capture

import (
	"net/http"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// ignore takes the metrics that clients send about themselves.
func (s *Server) ignore(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, segmentSuccess)
	return nil
}

// segmentSettings tells analytics.js to send its events here (spec 8.6).
func (s *Server) segmentSettings(key string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.known(r, key, EndpointSegment); err != nil {
			return err
		}
		protocol := "http"
		if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
			protocol = "https"
		}
		return writeObject(w, object{"integrations": object{
			"Segment.io": object{"apiKey": key, "apiHost": r.Host + "/v1", "protocol": protocol},
		}})
	}
}

// sourceConfig tells Rudder's browser SDK that its source is on and has no destinations of its own; without it the SDK sends nothing.
func (s *Server) sourceConfig(w http.ResponseWriter, r *http.Request) error {
	key, err := writeKey(r)
	if err != nil {
		return err
	}
	if key == "" {
		key = r.URL.Query().Get("writeKey")
	}
	known := s.keys.find(key)
	if known == nil {
		return wire.Unauthorized("unknown_write_key", "the write key is not one of this server's keys")
	}
	if err := known.permits(EndpointSegment, originOf(r)); err != nil {
		return err
	}
	off := object{"enabled": false}
	return writeObject(w, object{
		"updatedAt": s.deps.Now().UTC(),
		"source": object{
			"id": known.name, "name": known.name, "writeKey": key, "enabled": true, "workspaceId": "prickle",
			"config":       object{"statsCollection": object{"errors": off, "metrics": off}},
			"destinations": []string{}, "dataplanes": object{},
		},
	})
}
