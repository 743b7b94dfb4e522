package capture

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/prickle-dev/prickle/pipeline/capture/posthog"
)

// posthogPath is what sets the PostHog paths apart.
type posthogPath struct {
	base64Again bool // see posthog.Payload
	engage      bool // see posthog.Request
	recording   bool // parts of session recordings come in, and no events
	browser     bool // posthog-js sends here, which gives up on 429 and sends again on 503
	sizes       sizes
}

var (
	batchPath  = posthogPath{sizes: v0Sizes}
	aiPath     = posthogPath{sizes: v0AISizes}
	eventPath  = posthogPath{base64Again: true, browser: true, sizes: v0Sizes}
	engagePath = posthogPath{base64Again: true, engage: true, browser: true, sizes: v0Sizes}
	recordPath = posthogPath{recording: true, browser: true, sizes: recordingSizes}
)

// posthog takes a capture request (spec 2).
func (s *Server) posthog(path posthogPath) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		j := s.newJob(w, r)
		j.endpoint = EndpointPostHog
		defer j.release()
		success := posthogSuccess
		if err := j.posthog(path); err != nil {
			if !s.overQuota(err, path) {
				return err
			}
			success = posthogQuota
			if path.recording {
				success = posthogNoRecordings
			}
		}
		if j.query.Get("beacon") == "1" {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		writeJSON(w, http.StatusOK, success)
		return nil
	}
}

// overQuota reports whether err says that a key's quota is used up, which is no error for PostHog's SDKs. It gives an error of the rate the
// status that they send again after.
func (s *Server) overQuota(err error, path posthogPath) bool {
	var over *overLimit
	if !errors.As(err, &over) {
		return false
	}
	if over.code != codeRate {
		s.stats.refuse(over.code)
		return true
	}
	if path.browser {
		over.status = http.StatusServiceUnavailable
	}
	return false
}

// posthog reads, decodes and stores a request.
func (j *job) posthog(path posthogPath) error {
	recording := posthog.NoRecordings
	if path.recording {
		if recording = recordingsOf[j.server.config.Recordings]; recording == posthog.NoRecordings {
			return errRecordings
		}
	}
	most := j.server.config.Limits.sizes(path.sizes)
	body, err := j.readBody(most)
	if err != nil {
		return err
	}
	payload := posthog.Payload{
		Body: body, Query: j.query,
		ContentType: j.r.Header.Get("Content-Type"), ContentEncoding: j.r.Header.Get("Content-Encoding"),
		Base64Again: path.base64Again, MaxBytes: most.text,
	}
	req := posthog.Request{Request: j.request(most), Sent: sentTime(j.query), Engage: path.engage, Recording: recording}
	err = j.decode(func() ([]byte, error) {
		text, err := payload.Text(j.scratch)
		if err != nil {
			return nil, err
		}
		return text, posthog.Decode(req, text, j.scratch)
	})
	if err != nil {
		return err
	}
	return j.store(false)
}

// sentTime reads when a request was sent by the client's clock, in milliseconds since 1970. Years up to 2020 mean that it was not.
func sentTime(query url.Values) time.Time {
	for _, name := range []string{"sent_at", "_"} {
		ms, err := strconv.ParseInt(query.Get(name), 10, 64)
		if err != nil {
			continue
		}
		if t := time.UnixMilli(ms).UTC(); t.Year() > 2020 && t.Year() <= 9999 {
			return t
		}
	}
	return time.Time{}
}
