package capture

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/prickle-dev/prickle/pipeline/capture/posthog"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// v1 takes a request of PostHog's capture mode v1 (spec 3), which answers for every event by itself.
func (s *Server) v1(own sizes) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		j := s.newJob(w, r)
		j.endpoint = EndpointPostHog
		defer j.release()
		w.Header().Set("Access-Control-Expose-Headers", "Date, PostHog-Request-Id, Retry-After")
		results, err := j.v1(s.config.Limits.sizes(own))
		if err != nil {
			s.refuseV1(w, err)
			return nil
		}
		writeJSON(w, http.StatusOK, appendResults(nil, results))
		return nil
	}
}

func (j *job) v1(most sizes) ([]posthog.Result, error) {
	head, err := posthog.ReadHead(j.r.Header, j.source)
	if head.RequestID != "" {
		j.w.Header().Set("PostHog-Request-Id", head.RequestID)
	}
	if j.denied != nil {
		return nil, j.denied
	}
	if err != nil {
		return nil, err
	}
	body, err := j.readBody(most)
	if err != nil {
		return nil, err
	}
	req := posthog.V1Request{Request: j.request(most), Head: head}
	var results []posthog.Result
	err = j.decode(func() (text []byte, err error) {
		if text, err = j.scratch.Decompress(head.Encoding, body, most.text); err != nil {
			return nil, err
		}
		// What becomes of it is known to be as large again; so much larger than the body it can be that this is not asked afterwards only.
		if err = j.decoded.grow(j.scratch.Held(text) + int64(len(text))); err != nil {
			return nil, err
		}
		results, err = posthog.DecodeV1(req, text, j.scratch)
		return text, err
	})
	if err != nil {
		return nil, err
	}
	return j.settleV1(results, j.store(true))
}

// settleV1 puts into the results what the log said.
func (j *job) settleV1(results []posthog.Result, err error) ([]posthog.Result, error) {
	s := j.server
	var over *overLimit
	var refusal *wire.Refusal
	switch {
	case err == nil, errors.As(err, &refusal): // every event was too large for the log
	case errors.As(err, &over) && over.code == codeQuota:
		s.stats.refuse(over.code)
		replaceKept(results, posthog.ResultDrop, "billing_limit_exceeded")
	case errors.As(err, &over): // SDKs give up on 429 in this mode
		over.status = http.StatusServiceUnavailable
		return nil, over
	default:
		refusal, retry := s.refusal(err)
		s.stats.refuse(refusal.Code)
		j.w.Header().Set("Retry-After", strconv.Itoa(max(retry, retryOverloaded)))
		replaceKept(results, posthog.ResultRetry, refusal.Code)
	}
	for _, p := range j.scratch.Problems {
		s.stats.reject(p.Code)
		results[p.Index].Result, results[p.Index].Details = posthog.ResultDrop, p.Code
	}
	return results, nil
}

// replaceKept says something else of the events that were not dropped.
func replaceKept(results []posthog.Result, result, details string) {
	for i := range results {
		if results[i].Result != posthog.ResultDrop {
			results[i].Result, results[i].Details = result, details
		}
	}
}

// appendResults appends the answer's JSON, with the events in the order of the request.
func appendResults(dst []byte, results []posthog.Result) []byte {
	dst = append(dst, `{"results":{`...)
	for i, r := range results {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendString(dst, r.UUID), `:{"result":`...)
		dst = rawjson.AppendString(dst, r.Result)
		if r.Details != "" {
			dst = rawjson.AppendString(append(dst, `,"details":`...), r.Details)
		}
		dst = append(dst, '}')
	}
	return append(dst, "}}"...)
}

// v1Error is the JSON of an error answer in capture mode v1.
type v1Error struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	URI         string `json:"error_uri"`
}

// refuseV1 answers with an error and counts it. Whatever is worth sending again comes with a Retry-After.
func (s *Server) refuseV1(w http.ResponseWriter, err error) {
	refusal, retry := s.refusal(err)
	s.stats.refuse(refusal.Code)
	switch refusal.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable:
		retry = max(retry, retryOverloaded)
	}
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
	}
	const docs = "https://github.com/prickle-dev/prickle/blob/main/docs/capture.md#answers"
	body, _ := json.Marshal(v1Error{refusal.Code, refusal.Detail, docs}) // strings always marshal
	writeJSON(w, refusal.Status, body)
}
