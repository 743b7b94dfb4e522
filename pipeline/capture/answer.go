package capture

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

var (
	posthogSuccess = []byte(`{"status":"Ok"}`)
	// posthogQuota keeps posthog-js from sending events for a minute; all other SDKs take it as success (spec 2.10).
	posthogQuota = []byte(`{"status":"Ok","quota_limited":["events"]}`)
	// posthogNoRecordings keeps posthog-js from sending recordings for a minute.
	posthogNoRecordings = []byte(`{"status":"Ok","quota_limited":["recordings"]}`)
	segmentSuccess      = []byte(`{"success":true}`)
)

// Seconds after which a client should send again.
const (
	retryOverloaded  = 1
	retryUnavailable = 5
)

// errorBody is the JSON of every error answer.
type errorBody struct {
	Type   string              `json:"type"`
	Code   string              `json:"code"`
	Detail string              `json:"detail"`
	Errors []wire.EventProblem `json:"errors,omitempty"`
}

// refuse answers with an error and counts it.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	refusal, retry := s.refusal(err)
	s.stats.refuse(refusal.Code)
	for _, p := range refusal.Events {
		s.stats.reject(p.Code)
	}
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
	}
	kind := "validation_error"
	switch {
	case refusal.Status >= 500:
		kind = "server_error"
	case refusal.Status == http.StatusUnauthorized || refusal.Status == http.StatusForbidden:
		kind = "authentication_error"
	case refusal.Status == http.StatusTooManyRequests:
		kind = "throttled_error"
	}
	body, _ := json.Marshal(errorBody{kind, refusal.Code, refusal.Detail, refusal.Events}) // strings and numbers always marshal
	writeJSON(w, refusal.Status, body)
}

// refusal turns an error into what the client is told. retry is in seconds, 0 for none.
func (s *Server) refusal(err error) (refusal *wire.Refusal, retry int) {
	unavailable := http.StatusServiceUnavailable
	var over *overLimit
	switch {
	case errors.As(err, &refusal):
		return refusal, 0
	case errors.As(err, &over):
		return &wire.Refusal{Status: over.status, Code: over.code, Detail: over.detail}, int((over.retry + time.Second - 1) / time.Second)
	case errors.Is(err, ErrOverloaded):
		return &wire.Refusal{Status: unavailable, Code: "overloaded", Detail: "overloaded: send again"}, retryOverloaded
	case errors.Is(err, ErrUnavailable):
		return &wire.Refusal{Status: unavailable, Code: "unavailable", Detail: "events cannot be stored: send again"}, retryUnavailable
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &wire.Refusal{Status: unavailable, Code: "timeout", Detail: "storing the events took too long: send again"}, retryOverloaded
	}
	s.deps.Log.Error("request failed", "error", err)
	return &wire.Refusal{Status: http.StatusInternalServerError, Code: "internal", Detail: "internal error"}, 0
}

// bodyError is the refusal of a body that could not be read.
func bodyError(w http.ResponseWriter, err error) error {
	w.Header().Set("Connection", "close")
	var refusal *wire.Refusal
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &wire.Refusal{Status: http.StatusRequestTimeout, Code: "body_timeout", Detail: "the body did not arrive in time"}
	}
	return wire.Invalid("incomplete_body", "the body ended early")
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone; there is nobody to tell
}
