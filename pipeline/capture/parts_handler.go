package capture

import (
	"encoding/json"
	"net/http"

	"github.com/prickle-dev/prickle/pipeline/capture/posthog"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// aiParts takes one event about AI in the parts of a form (spec 2.13), and answers which parts it has taken.
func (s *Server) aiParts(w http.ResponseWriter, r *http.Request) error {
	j := s.newJob(w, r)
	j.endpoint = EndpointPostHog
	defer j.release()
	parts, err := j.aiParts()
	if err != nil {
		if !s.overQuota(err, aiPath) {
			return err
		}
		writeJSON(w, http.StatusOK, posthogQuota)
		return nil
	}
	body, _ := json.Marshal(struct { // strings and numbers always marshal
		Parts []posthog.Part `json:"accepted_parts"`
	}{parts})
	writeJSON(w, http.StatusOK, body)
	return nil
}

func (j *job) aiParts() (parts []posthog.Part, err error) {
	token, _, err := j.bearer()
	if err != nil {
		return nil, err
	}
	most := j.server.config.Limits.sizes(aiPartsSizes)
	body, err := j.readBody(most)
	if err != nil {
		return nil, err
	}
	err = j.decode(func() ([]byte, error) {
		form, err := j.onlyGzip(body, most.text)
		if err != nil {
			return nil, err
		}
		// Parts are copied twice, and bytes become larger when they are written as text.
		if err := j.decoded.grow(j.scratch.Held(form) + 3*int64(len(form))); err != nil {
			return nil, err
		}
		var text []byte
		if text, parts, err = posthog.ReadParts(j.r.Header.Get("Content-Type"), form); err != nil {
			return nil, err
		}
		if err := wire.CheckJSON(text); err != nil {
			return nil, err
		}
		return text, posthog.Decode(posthog.Request{Request: j.request(most), Key: token}, text, j.scratch)
	})
	if err != nil {
		return nil, err
	}
	return parts, j.store(false)
}
