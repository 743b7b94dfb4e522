package httpsend

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/prickle-dev/prickle/pipeline"
)

// StatusError is an answer that refuses the request.
type StatusError struct {
	Method, Host string
	Status       int
	// Excerpt is the first bytes of the answer on one line, with stars in place of what the request must not tell.
	Excerpt string
}

// Error names the host and the status and quotes the excerpt.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s %s: answered %d", e.Method, e.Host, e.Status)
	if name := http.StatusText(e.Status); name != "" {
		text += " " + name
	}
	if e.Status/100 == 3 {
		text += "; redirects are not followed, so configure the final address"
	}
	if e.Excerpt != "" {
		text += fmt.Sprintf(": %q", e.Excerpt)
	}
	return text
}

func (c *Client) classify(res *http.Response, err *StatusError) error {
	switch {
	case err.Status == http.StatusTooManyRequests || err.Status == http.StatusServiceUnavailable:
		if d, ok := RetryAfter(res.Header, c.now()); ok {
			return pipeline.RetryAfter(err, d)
		}
		return err
	case Retryable(err.Status):
		return err
	}
	return pipeline.Permanent(err)
}

// Retryable reports whether the same request may succeed later after an answer with this status.
func Retryable(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// StatusOf returns the status that err was made of.
func StatusOf(err error) (int, bool) {
	var e *StatusError
	if errors.As(err, &e) {
		return e.Status, true
	}
	return 0, false
}

// maxRetryAfter bounds what an answer may ask for: a mistaken date must not park events for years.
const maxRetryAfter = time.Hour

// RetryAfter reads the Retry-After header, which is seconds or a date (RFC 9110, 10.2.3). The result is between 0 and an hour.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds == seconds {
		return time.Duration(min(max(seconds, 0), maxRetryAfter.Seconds()) * float64(time.Second)), true
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter), true
	}
	return 0, false
}

// maxExcerpt is how much of an answer an error quotes, in bytes.
const maxExcerpt = 300

// excerpt returns the printable beginning of an answer on one line.
func excerpt(body []byte) string {
	// More than is shown is kept here, so that a secret at the cut is still recognised.
	text := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(body), ""))
	return strings.Join(strings.Fields(text), " ")
}
