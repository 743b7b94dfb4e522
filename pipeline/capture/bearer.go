package capture

import (
	"strings"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// bearer finds the key of a request that has its token in the header Authorization, and refuses the request when there is none. The body is not
// looked at before.
func (j *job) bearer() (token, source string, err error) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(j.r.Header.Get("Authorization")), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", "", wire.Unauthorized("missing_token", "Authorization: want Bearer and the project token")
	}
	source, known := j.source(token)
	switch {
	case j.denied != nil:
		return "", "", j.denied
	case strings.HasPrefix(token, "phx_"):
		return "", "", wire.Unauthorized("personal_key", "Authorization: this is a personal key (phx_), want the project token")
	case !known:
		return "", "", wire.Unauthorized("unknown_token", "Authorization: the project token is not one of this server's keys")
	}
	return token, source, nil
}

// onlyGzip undoes gzip and refuses any other encoding that the body is said to have.
func (j *job) onlyGzip(body []byte, most int64) ([]byte, error) {
	switch encoding := strings.ToLower(strings.TrimSpace(j.r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity", "gzip":
		return j.unzipped(body, most)
	}
	return nil, wire.Invalid("unsupported_encoding", "Content-Encoding: want gzip, or none")
}
