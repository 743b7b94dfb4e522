// Package webhook is the destination that sends events to any HTTP endpoint.
//
//	webhook:
//	  url: https://example.org/hooks/prickle
//	  headers: {Authorization: "Bearer ${HOOK_TOKEN}", X-User: "{event.distinct_id}"}
//	  body: {what: "{event.name}", total: "{event.properties.total}"}
//
// Without body the event's own JSON is sent, as stdout prints it. Header values and the texts of the body are Hog templates; a brace in
// one that is meant as such is written \{.
//
// Every request for one event has the event's uuid as Idempotency-Key, the same at each attempt. With `array: true` a request carries
// a batch as a JSON array (raise batch.events to have more than one event in it). Batches differ from attempt to attempt, so there is no such
// header then, and the receiver goes by the uuid in each event.
//
// With a signing_secret, X-Prickle-Signature is t=<seconds since 1970>,v1=<hex>, where hex is HMAC-SHA256 under the secret of the time, a
// dot and the body. A receiver computes the same, compares in constant time, and refuses old times.
//
// Answers are judged by package httpsend. Redirects are not followed.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/hogs"
	"github.com/prickle-dev/prickle/pipeline/httpsend"
)

// Spec describes the destination.
var Spec = pipeline.Spec[pipeline.Destination]{
	Type:      "webhook",
	Summary:   "sends events to an HTTP endpoint",
	NewConfig: func() any { return &Config{Method: http.MethodPost} },
	Batch:     pipeline.Batch{Events: 1, Bytes: 1 << 20},
	New:       func(config any, env pipeline.Env) (pipeline.Destination, error) { return New(config.(*Config), env) },
}

// Webhook sends events to an HTTP endpoint.
type Webhook struct {
	client  *httpsend.Client
	method  string
	url     string
	array   bool
	secret  []byte
	now     func() time.Time
	headers []header
	body    *hogs.Tree // nil for the event's own JSON
}

type header struct {
	name  string
	value *hogs.Template
}

var _ pipeline.Destination = (*Webhook)(nil)

// New compiles the templates. Mistakes are *pipeline.ConfigError, joined.
func New(config *Config, env pipeline.Env) (*Webhook, error) {
	w := &Webhook{
		client: httpsend.New(env), method: config.Method, url: string(config.URL),
		array: config.Array, secret: []byte(config.SigningSecret), now: env.Now,
	}
	if w.now == nil {
		w.now = time.Now
	}
	var errs []error
	for _, name := range config.headerNames() {
		value, err := hogs.CompileTemplate(config.Headers[name], env)
		errs = append(errs, err)
		w.headers = append(w.headers, header{http.CanonicalHeaderKey(name), value})
	}
	if config.Body != nil {
		var err error
		w.body, err = hogs.CompileTree(*config.Body, env)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return w, nil
}

// Send makes one request for each event, or one for all of them with `array: true`. An event whose templates fail will fail always.
func (w *Webhook) Send(ctx context.Context, events []pipeline.Event) error {
	if w.array {
		return w.sendArray(ctx, events)
	}
	return httpsend.Each(ctx, events, func(ctx context.Context, e *pipeline.Event) error {
		body, err := w.render(ctx, e)
		if err != nil {
			return err
		}
		return w.send(ctx, e, body, http.Header{"Idempotency-Key": {e.UUID}})
	})
}

// sendArray leaves out the events that cannot be rendered, and what is behind one that may be rendered later. Headers are rendered for the first of the
// others.
func (w *Webhook) sendArray(ctx context.Context, events []pipeline.Event) error {
	failed := map[int]error{}
	var bodies [][]byte
	var sent []int
	var later error
	for i := range events {
		if later != nil {
			failed[i] = later
			continue
		}
		body, err := w.render(ctx, &events[i])
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failed[i] = err
			if !pipeline.IsPermanent(err) {
				later = err
			}
		default:
			bodies, sent = append(bodies, body), append(sent, i)
		}
	}
	if len(sent) > 0 {
		body := append([]byte{'['}, bytes.Join(bodies, []byte{','})...)
		if err := w.send(ctx, &events[sent[0]], append(body, ']'), http.Header{}); err != nil {
			if len(failed) == 0 || pipeline.IsPermanent(err) {
				return err // all of them are halved until those at fault stand alone
			}
			for _, i := range sent {
				failed[i] = err
			}
		}
	}
	if len(failed) > 0 {
		return &pipeline.BatchError{Failed: failed}
	}
	return nil
}

func (w *Webhook) render(ctx context.Context, e *pipeline.Event) ([]byte, error) {
	if w.body == nil {
		return e.AppendJSON(nil), nil
	}
	body, err := w.body.Render(ctx, e)
	return body, templateError(ctx, "body", err)
}

func (w *Webhook) send(ctx context.Context, e *pipeline.Event, body []byte, h http.Header) error {
	for _, header := range w.headers {
		value, err := header.value.Text(ctx, e)
		if err != nil {
			return templateError(ctx, "header "+header.name, err)
		}
		h[header.name] = []string{value}
	}
	if len(w.secret) > 0 {
		h.Set("X-Prickle-Signature", sign(w.secret, w.now(), body))
	}
	_, err := w.client.Send(ctx, httpsend.Request{Method: w.method, URL: w.url, Header: h, Body: body})
	return err
}

// templateError makes a template's failure final, since the same event will fail again, unless it was the context that ended.
func templateError(ctx context.Context, what string, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return hogs.Final(fmt.Errorf("%s: %w", what, err))
}

func sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
