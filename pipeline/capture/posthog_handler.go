package capture

import (
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
	recording   bool // see posthog.Request
}

var (
	batchPath  = posthogPath{}
	eventPath  = posthogPath{base64Again: true}
	engagePath = posthogPath{base64Again: true, engage: true}
	recordPath = posthogPath{recording: true}
)

// posthog takes a capture request (spec 2).
func (s *Server) posthog(path posthogPath) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		j := s.newJob(w, r)
		defer j.release()
		body, err := j.readBody()
		if err != nil {
			return err
		}
		payload := posthog.Payload{
			Body: body, Query: j.query,
			ContentType: r.Header.Get("Content-Type"), ContentEncoding: r.Header.Get("Content-Encoding"),
			Base64Again: path.base64Again, MaxBytes: int64(s.config.Limits.Body),
		}
		req := posthog.Request{Request: j.request(), Sent: sentTime(j.query), Engage: path.engage, Recording: path.recording}
		err = s.room.decode(r.Context(), func() error {
			text, err := payload.Text(j.scratch)
			if err != nil {
				return err
			}
			return posthog.Decode(req, text, j.scratch)
		})
		if err != nil {
			return err
		}
		if err := j.store(); err != nil {
			return err
		}
		if j.query.Get("beacon") == "1" {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		writeJSON(w, http.StatusOK, posthogSuccess)
		return nil
	}
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
