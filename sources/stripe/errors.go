package stripe

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/prickle-dev/prickle/pipeline"
)

// apiError is a request that failed. It keeps texts, not the SDK's error or the request, which hold the key.
type apiError struct {
	path    string // without the query
	status  int    // 0 when there was no answer
	kind    string // Stripe's type of error
	code    string
	param   string
	message string
	reason  string // which limit was hit, for status 429
	request string // Stripe's id of the request
	again   string // Stripe's own word on whether to try again: "true", "false" or ""
	after   time.Duration
}

// Error names the path, what was answered, and the request's id for Stripe's support.
func (e *apiError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s: ", e.path)
	if e.status != 0 {
		fmt.Fprintf(&b, "status %d", e.status)
		for _, s := range []string{e.kind, e.code, e.reason} {
			if s != "" {
				b.WriteString(" " + s)
			}
		}
		b.WriteString(": ")
	}
	b.WriteString(e.message)
	if e.request != "" {
		fmt.Fprintf(&b, " (request %s)", e.request)
	}
	return b.String()
}

// newAPIError turns what the SDK returned into an apiError. key is blotted out wherever it may have been echoed.
func newAPIError(path string, key pipeline.Secret, x *exchange, err error) *apiError {
	e := &apiError{path: path, status: x.status, message: "the answer is not in Stripe's form"}
	var sdk *stripe.Error
	var address *url.Error
	switch {
	case errors.As(err, &sdk):
		e.kind, e.code, e.param, e.message = string(sdk.Type), string(sdk.Code), sdk.Param, sdk.Msg
	case x.status == 0 && errors.As(err, &address):
		e.message = address.Err.Error() // without the address, whose query is nobody's business
	case x.status == 0 || x.cut:
		e.message = err.Error()
	}
	if x.header != nil {
		e.reason = x.header.Get("Stripe-Rate-Limited-Reason")
		e.request = x.header.Get("Request-Id")
		e.again = x.header.Get("Stripe-Should-Retry")
		e.after = retryAfter(x.header)
	}
	for _, s := range []*string{&e.path, &e.kind, &e.code, &e.param, &e.message, &e.reason, &e.request} {
		*s = strings.ReplaceAll(*s, string(key), key.String())
	}
	return e
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseFloat(h.Get("Retry-After"), 64)
	if err != nil || !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, 3600) * float64(time.Second))
}

// temporary reports whether the same request may succeed later. cut is an answer that broke off.
func (e *apiError) temporary(cut bool) bool {
	switch {
	case e.again == "true" || e.status == 0 || cut:
		return true
	case e.again == "false" && e.status != http.StatusTooManyRequests:
		return false
	}
	switch e.status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.status >= 500
}

func hasStatus(err error, status int) bool {
	var e *apiError
	return errors.As(err, &e) && e.status == status
}

// isMissing reports whether the object that was asked for, or that param names, does not exist.
func isMissing(err error, param string) bool {
	var e *apiError
	return errors.As(err, &e) && e.code == string(stripe.ErrorCodeResourceMissing) && (param == "" || e.param == param)
}

// permission finds the name of a permission in Stripe's message for status 403, the only place where it is given.
var permission = regexp.MustCompile(`\brak_[a-z0-9_]+\b`)

// blocked is the error for a table that the key may not read.
func blocked(what string, err error) error {
	var e *apiError
	errors.As(err, &e)
	missing := "read permission for " + what
	if name := permission.FindString(e.message); name != "" {
		missing = fmt.Sprintf("the permission %q", name)
	}
	id := ""
	if e.request != "" {
		id = fmt.Sprintf(" (request %s)", e.request)
	}
	return pipeline.Permanent(fmt.Errorf("%s is blocked: the key may not read it; give the key %s in the Stripe dashboard, Developers > API keys%s", what, missing, id))
}

// refused is the error for a key that Stripe does not know.
func refused(err error) error {
	var e *apiError
	errors.As(err, &e)
	id := ""
	if e.request != "" {
		id = fmt.Sprintf(" (request %s)", e.request)
	}
	return pipeline.Permanent(fmt.Errorf("stripe refuses the key (status 401): it is wrong, expired or revoked; put a valid one into key%s", id))
}
