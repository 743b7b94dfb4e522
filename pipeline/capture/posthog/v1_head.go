package posthog

import (
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// Head is what the headers of a request in capture mode v1 say (spec 3.1).
type Head struct {
	Source       string    // of the key whose token is in Authorization
	Encoding     string    // of the body, one of wire.Encodings or ""
	SDK, Version string    // of PostHog-Sdk-Info
	RequestID    string    // as the client wrote it, or "" when it is no UUID
	Sent         time.Time // PostHog-Request-Timestamp: when this attempt was sent, by the client's clock
}

// ReadHead reads the headers. source is asked for the name of a token's key. Everything that is wrong is in one *wire.Refusal, which has the
// status and the code of the first problem; the Head holds what is right even then.
func ReadHead(h http.Header, source func(token string) (name string, ok bool)) (head Head, err error) {
	r := headReader{header: h}
	r.authorization(&head, source)
	if mediaType, _, _ := mime.ParseMediaType(h.Get("Content-Type")); mediaType != "application/json" {
		r.problem(http.StatusUnsupportedMediaType, "unsupported_content_type", "Content-Type: want application/json")
	}
	switch encoding := strings.ToLower(strings.TrimSpace(h.Get("Content-Encoding"))); {
	case slices.Contains(wire.Encodings, encoding):
		head.Encoding = encoding
	case encoding != "" && encoding != "identity":
		r.problem(http.StatusUnsupportedMediaType, "unsupported_encoding", "Content-Encoding: want %s, or none", strings.Join(wire.Encodings, ", "))
	}
	r.sdk(&head)
	if n, err := strconv.Atoi(h.Get("PostHog-Attempt")); err != nil || n < 1 {
		r.problem(http.StatusBadRequest, "invalid_attempt", "PostHog-Attempt: want a whole number from 1 on")
	}
	if id := h.Get("PostHog-Request-Id"); uuid.Validate(id) == nil {
		head.RequestID = id
	} else {
		r.problem(http.StatusBadRequest, "invalid_request_id", "PostHog-Request-Id: want a UUID")
	}
	if head.Sent, err = time.Parse(time.RFC3339, h.Get("PostHog-Request-Timestamp")); err != nil {
		r.problem(http.StatusBadRequest, "invalid_request_timestamp", "PostHog-Request-Timestamp: want a time such as 2026-03-01T12:00:00Z")
	}
	head.Sent = head.Sent.UTC()
	return head, r.refusal()
}

// headReader collects what is wrong with headers.
type headReader struct {
	header http.Header
	first  *wire.Refusal
	all    []string
}

func (r *headReader) problem(status int, code, format string, args ...any) {
	detail := fmt.Sprintf(format, args...)
	if r.all = append(r.all, detail); r.first == nil {
		r.first = &wire.Refusal{Status: status, Code: code}
	}
}

func (r *headReader) refusal() error {
	if r.first == nil {
		return nil
	}
	r.first.Detail = strings.Join(r.all, "; ")
	return r.first
}

func (r *headReader) authorization(head *Head, source func(string) (string, bool)) {
	header := strings.TrimSpace(r.header.Get("Authorization"))
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	name, known := "", false
	if token != "" {
		name, known = source(token)
	}
	switch {
	case header == "":
		r.problem(http.StatusUnauthorized, "missing_token", "Authorization: want Bearer and the project token")
	case !strings.EqualFold(scheme, "Bearer"):
		r.problem(http.StatusBadRequest, "invalid_authorization", "Authorization: want the scheme Bearer")
	case token == "":
		r.problem(http.StatusUnauthorized, "missing_token", "Authorization: Bearer has no project token")
	case strings.HasPrefix(token, "phx_"):
		r.problem(http.StatusUnauthorized, "personal_key", "Authorization: this is a personal key (phx_), want the project token")
	case !known:
		r.problem(http.StatusUnauthorized, "unknown_token", "Authorization: the project token is not one of this server's keys")
	default:
		head.Source = name
	}
}

// semver is a version of three numbers, perhaps with something after them.
var semver = regexp.MustCompile(`^\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$`)

// longestSDK is how many characters PostHog-Sdk-Info may have.
const longestSDK = 200

func (r *headReader) sdk(head *Head) {
	info := r.header.Get("PostHog-Sdk-Info")
	cut := strings.LastIndexByte(info, '/')
	if cut < 1 || len(info) > longestSDK || !semver.MatchString(info[cut+1:]) {
		r.problem(http.StatusBadRequest, "invalid_sdk_info", "PostHog-Sdk-Info: want name/version such as posthog-node/5.70.0, at most %d characters", longestSDK)
		return
	}
	head.SDK, head.Version = info[:cut], info[cut+1:]
}
