package capture

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline/capture/otlp"
	"github.com/prickle-dev/prickle/pipeline/capture/posthog"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// otlp takes traces as OpenTelemetry exports them (spec 2.13). Those of language models become events; the others are left out, and nobody is
// told, since exporters send all that they have. What is wrong with single spans is no reason for an error, upon which exporters may send all of
// them again: the answer says how many were not stored.
func (s *Server) otlp(w http.ResponseWriter, r *http.Request) error {
	j := s.newJob(w, r)
	j.endpoint = EndpointPostHog
	defer j.release()
	form, err := otlp.Form(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	batch, err := j.otlp(form)
	var refusal *wire.Refusal
	if errors.As(err, &refusal) && refusal.Events != nil {
		err = nil // nothing was stored, and the answer says so
	}
	answer := otlp.Answer{}
	switch n := len(j.scratch.Problems); {
	case err != nil && !s.overQuota(err, aiPath):
		return err
	case err != nil:
		answer = otlp.Answer{Rejected: batch.Events, Why: "the key's quota is used up"}
	case n > 0:
		for _, p := range j.scratch.Problems {
			s.stats.reject(p.Code)
		}
		answer = otlp.Answer{Rejected: n, Why: fmt.Sprintf("span %d of those of language models: %s", j.scratch.Problems[0].Index, j.scratch.Problems[0].Detail)}
	}
	w.Header().Set("Content-Type", form)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(answer.Encode(form)) // the client is gone; there is nobody to tell
	return nil
}

// otlp reads, decodes and stores an export.
func (j *job) otlp(form string) (batch otlp.Batch, err error) {
	token, source, err := j.bearer()
	if err != nil {
		return batch, err
	}
	most := j.server.config.Limits.sizes(v0AISizes)
	body, err := j.readBody(most)
	if err != nil {
		return batch, err
	}
	err = j.decode(func() ([]byte, error) {
		text, err := j.onlyGzip(body, most.text)
		if err != nil {
			return nil, err
		}
		batch, err = otlp.Read(otlp.Request{
			Form: form, Source: source, Fallback: uuid.NewString(), MaxBytes: int(most.text),
			Room: func(n int64) error { return j.decoded.grow(j.scratch.Held(text) + n) },
		}, text)
		if err != nil || batch.Events == 0 {
			return nil, err
		}
		return batch.Text, posthog.Decode(posthog.Request{Request: j.request(most), Key: token, Partly: true}, batch.Text, j.scratch)
	})
	j.scratch.Filtered += batch.Others
	if err != nil {
		return batch, err
	}
	return batch, j.store(true)
}
