package capture

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/capture/segment"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// segmentPath is what sets the Segment paths apart; see segment.Request.
type segmentPath struct {
	kind       string
	historical bool
}

// segment takes messages of Segment and Rudder SDKs (spec 8). The content type means nothing: SDKs send JSON under many names.
func (s *Server) segment(path segmentPath) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		j := s.newJob(w, r)
		j.endpoint = EndpointSegment
		defer j.release()
		key, err := writeKey(r)
		if err != nil {
			return err
		}
		if key == "" {
			key = j.query.Get("writeKey")
		}
		most := s.config.Limits.sizes(segmentSizes)
		body, err := j.readBody(most)
		if err != nil {
			return err
		}
		req := segment.Request{Request: j.request(most), Settings: j.segmentSettings, Kind: path.kind, WriteKey: key, Historical: path.historical}
		err = j.decode(func() ([]byte, error) {
			text, err := j.unzipped(body, most.text)
			if err != nil {
				return nil, err
			}
			return text, segment.Decode(req, text, j.scratch)
		})
		if err != nil {
			return err
		}
		if err := j.store(path.kind == segment.Batch); err != nil {
			return err
		}
		s.tellLarge(j.scratch.Large)
		s.answerSegment(w, j.scratch.Problems)
		return nil
	}
}

// segmentSettings are what the request's key says of messages.
func (j *job) segmentSettings() segment.Settings { return j.key.segment }

// tellLarge tells the operator about messages that Segment itself would not take, at most once a minute.
func (s *Server) tellLarge(n int) {
	if n > 0 && due(&s.flow.large) {
		s.deps.Log.Warn("messages are larger than Segment takes: they are stored", "messages", n, "bytes", segment.SoftLimit)
	}
}

// unzipped undoes gzip, which may be there whether announced or not.
func (j *job) unzipped(body []byte, most int64) (text []byte, err error) {
	if wire.IsGzip(body) {
		body, err = j.scratch.Inflate(body, most)
	}
	if err == nil && len(body) == 0 {
		err = wire.Invalid("empty_payload", "the request has no payload: send JSON as the body")
	}
	return body, err
}

// answerSegment answers success, with the messages of a batch that were left out.
func (s *Server) answerSegment(w http.ResponseWriter, problems []wire.EventProblem) {
	if len(problems) == 0 {
		writeJSON(w, http.StatusOK, segmentSuccess)
		return
	}
	for _, p := range problems {
		s.stats.reject(p.Code)
	}
	body, _ := json.Marshal(struct { // strings and numbers always marshal
		Success bool                `json:"success"`
		Errors  []wire.EventProblem `json:"errors"`
	}{true, problems})
	writeJSON(w, http.StatusOK, body)
}

// writeKey returns the key of basic authentication, which is the user name, or "" without any.
func writeKey(r *http.Request) (string, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", nil
	}
	key, _, ok := r.BasicAuth()
	if !ok {
		return "", wire.Unauthorized("invalid_authorization", "want basic authentication with the write key as user name")
	}
	return strings.TrimSpace(key), nil
}
