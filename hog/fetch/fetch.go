// Package fetch is the function fetch(url, options) that PostHog's hosts offer to Hog: what a call asks for, what the program gets back, and
// how it is done over HTTP. The language itself knows only the name.
//
// The options are method, POST when it is not given; headers, a Content-Type of application/json when there are none, of which those that
// are no text are left out; and body, which is sent as it is when it is a text and as JSON else, and not at all with GET and HEAD. The
// program gets {status, body}, where body is a value when the answer is JSON and a text else. A call that gets no answer has status 500 and
// the reason as its body, since that is what programs check.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/prickle-dev/prickle/hog"
)

// MaxAnswer is how much of an answer is taken, in bytes. A longer one counts as no answer.
const MaxAnswer = 8 << 20

// Request is what one call of fetch asks for.
type Request struct {
	Method string // upper case
	URL    string
	Header map[string]string // as the program spells the names
	Body   []byte            // nil when there is none
}

// Parse reads the arguments of a call.
func Parse(args []hog.Value) (Request, error) {
	if len(args) == 0 {
		return Request{}, errors.New("want a URL")
	}
	address, ok := args[0].AsString()
	if !ok {
		return Request{}, fmt.Errorf("want the URL as a text, got %s", args[0].Kind())
	}
	r := Request{Method: http.MethodPost, URL: strings.Clone(address), Header: map[string]string{"Content-Type": "application/json"}}
	if len(args) < 2 || args[1].IsNull() {
		return r, nil
	}
	options, ok := args[1].AsDict()
	if !ok {
		return Request{}, fmt.Errorf("want an object with method, headers and body, got %s", args[1].Kind())
	}
	if method, ok := text(options, "method"); ok && method != "" {
		r.Method = strings.ToUpper(method)
	}
	if headers, ok := options.GetString("headers"); ok && headers.Truthy() {
		r.Header = textsOf(headers)
	}
	var err error
	r.Body, err = r.bodyOf(options)
	return r, err
}

func text(d *hog.Dict, key string) (string, bool) {
	v, _ := d.GetString(key)
	return v.AsString()
}

// textsOf is the entries of a dictionary whose names and values are texts.
func textsOf(v hog.Value) map[string]string {
	texts := map[string]string{}
	if d, ok := v.AsDict(); ok {
		for i := range d.Len() {
			key, value := d.At(i)
			name, isName := key.AsString()
			if s, ok := value.AsString(); ok && isName {
				texts[strings.Clone(name)] = strings.Clone(s)
			}
		}
	}
	return texts
}

func (r Request) bodyOf(options *hog.Dict) ([]byte, error) {
	v, _ := options.GetString("body")
	if !v.Truthy() || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil, nil
	}
	if s, ok := v.AsString(); ok {
		return []byte(s), nil
	}
	body, err := v.AppendJSON(nil)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return body, nil
}

// Result is what the program gets for an answer.
func Result(status int, body []byte) hog.Value {
	v, err := hog.FromJSON(body)
	if err != nil {
		v = hog.String(strings.ToValidUTF8(string(body), "\uFFFD"))
	}
	d := hog.NewDict(2)
	d.SetString("status", hog.Number(float64(status)))
	d.SetString("body", v)
	return d.Value()
}

// Failed is what the program gets when there is no answer.
func Failed(err error) hog.Value {
	d := hog.NewDict(2)
	d.SetString("status", hog.Number(http.StatusInternalServerError))
	d.SetString("body", hog.String("Error: "+err.Error()))
	return d.Value()
}

// Do sends the request and returns what the program gets. The error is the context's.
func (r Request) Do(ctx context.Context, client *http.Client) (hog.Value, error) {
	status, body, err := r.send(ctx, client)
	switch {
	case ctx.Err() != nil:
		return hog.Value{}, ctx.Err()
	case err != nil:
		return Failed(err), nil
	}
	return Result(status, body), nil
}

func (r Request) send(ctx context.Context, client *http.Client) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return 0, nil, errors.New("the URL or the method is not valid")
	}
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	following := *client
	following.CheckRedirect = r.redirected
	res, err := following.Do(req)
	if err != nil {
		return 0, nil, cause(err)
	}
	defer res.Body.Close()
	body, err = io.ReadAll(io.LimitReader(res.Body, MaxAnswer+1))
	if err == nil && len(body) > MaxAnswer {
		err = fmt.Errorf("the answer is longer than %d MB", MaxAnswer>>20)
	}
	return res.StatusCode, body, err
}

// mostRedirects is how many redirects one call follows.
const mostRedirects = 10

// redirected keeps from another host what was meant for the first one: the program's headers, which may hold a key, and the URL.
func (r Request) redirected(req *http.Request, via []*http.Request) error {
	if len(via) > mostRedirects {
		return fmt.Errorf("more than %d redirects", mostRedirects)
	}
	req.Header.Del("Referer")
	if req.URL.Host != via[0].URL.Host {
		for name := range r.Header {
			if !strings.EqualFold(name, "Content-Type") {
				req.Header.Del(name)
			}
		}
	}
	return nil
}

// cause takes off the wrapper that repeats the URL, which may hold a secret.
func cause(err error) error {
	var wrapper *url.Error
	if !errors.As(err, &wrapper) {
		return err
	}
	if wrapper.Timeout() {
		return errors.New("no answer in time")
	}
	return wrapper.Err
}
