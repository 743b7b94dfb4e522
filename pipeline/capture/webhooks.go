package capture

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/prickle-dev/prickle/pipeline/capture/posthog"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// Webhook takes the requests at /webhooks/<name>, which come from services that know nothing of events. It is called from many goroutines at
// once.
type Webhook interface {
	// Methods are the HTTP methods that it takes.
	Methods() []string
	// MaxBody is how many bytes a body may have.
	MaxBody() int64
	// Allowance is how much may come in by it.
	Allowance() Allowance
	// Receive says whether a request is to be believed, what events are in it and how it is answered. It calls store at most once, with at least
	// one event: a JSON object as PostHog's SDKs send it. After nil from store the events are safe; any error of it may be returned. An error that
	// is a *wire.Refusal is the answer.
	Receive(ctx context.Context, r WebhookRequest, store func(events [][]byte) error) (WebhookAnswer, error)
	// Refused is told the code of every answer that is an error, of Receive's making or not.
	Refused(code string)
}

// WebhookRequest is a request as it came in. Nothing of it may be changed or kept.
type WebhookRequest struct {
	HTTP *http.Request // whose body has been read
	Body []byte
	IP   string // of the client, "" when unknown
	Now  time.Time
}

// WebhookAnswer is what a request is answered. The zero WebhookAnswer is plain success.
type WebhookAnswer struct {
	Status      int
	ContentType string
	Body        []byte
}

var webhookSuccess = []byte(`{"status":"ok"}`)

// webhookRoute finds the webhook that a path names; PostHog's paths have /public before.
func (s *Server) webhookRoute(path string) (route, bool) {
	for _, prefix := range []string{"/webhooks/", "/public/webhooks/"} {
		if name, ok := between(path, prefix, ""); ok {
			if hook, ok := s.deps.Webhooks[name]; ok {
				return route{hook.Methods(), s.webhook(name, hook)}, true
			}
		}
	}
	return route{}, false
}

func (s *Server) webhook(name string, hook Webhook) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		j := s.newJob(w, r)
		defer j.release()
		answer, err := j.webhook(name, hook)
		if err != nil {
			refusal, retry := s.refusal(err)
			hook.Refused(refusal.Code)
			if retry > 0 {
				return err
			}
			return refusal
		}
		writeWebhookAnswer(w, answer)
		return nil
	}
}

func (j *job) webhook(name string, hook Webhook) (WebhookAnswer, error) {
	body, err := j.readBodyUpTo(hook.MaxBody())
	if err != nil {
		return WebhookAnswer{}, err
	}
	most := j.server.config.Limits.sizes(v0Sizes)
	req := j.request(most)
	return hook.Receive(j.ctx, WebhookRequest{HTTP: j.r, Body: body, IP: req.ClientIP, Now: req.Now}, func(events [][]byte) error {
		return j.storeWebhook(name, req, most, events)
	})
}

// storeWebhook stores events by the rules that hold for those of SDKs.
func (j *job) storeWebhook(name string, req wire.Request, most sizes, events [][]byte) error {
	size := 0
	for _, e := range events {
		size += len(e) + 1
	}
	if limit := int(most.text); size > limit {
		return wire.TooLarge("events_too_large", "the events of the request: %s", wire.SizeDetail(size, limit))
	}
	text := slices.Grow([]byte("["), size+1)
	for i, e := range events {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, e...)
	}
	text = append(text, ']')
	// Whatever token an event names, the events are this webhook's.
	req.Source, req.Admit = func(string) (string, bool) { return name, true }, nil
	err := j.decode(func() ([]byte, error) {
		if err := wire.CheckJSON(text); err != nil {
			return nil, err
		}
		return text, posthog.Decode(posthog.Request{Request: req, Key: name}, text, j.scratch)
	})
	if err != nil {
		return err
	}
	return j.store(false)
}

// writeWebhookAnswer answers so that a browser which is led here runs nothing of it.
func writeWebhookAnswer(w http.ResponseWriter, a WebhookAnswer) {
	if a.Status == 0 {
		writeJSON(w, http.StatusOK, webhookSuccess)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", a.ContentType)
	w.WriteHeader(a.Status)
	if a.Status != http.StatusNoContent {
		_, _ = w.Write(a.Body) // the client is gone; there is nobody to tell
	}
}
