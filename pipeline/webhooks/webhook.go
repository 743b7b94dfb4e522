package webhooks

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/hogs"
)

// Webhook is one address that a service posts to. It is safe for concurrent use.
type Webhook struct {
	name     string
	methods  []string
	maxBody  int64
	keepBody bool
	allowed  capture.Allowance
	verifier verifier
	maker    maker
	// running bounds what makes events at once: it is work for a processor and has no use for more.
	running *semaphore.Weighted
	stats   *Stats
	log     *slog.Logger
}

var _ capture.Webhook = (*Webhook)(nil)

// New makes a webhook out of its configuration. Mistakes are *pipeline.ConfigError, joined; of a configuration that could not be decoded, or
// that CheckKeys or Validate has refused, it finds those in code and expressions, and the Webhook is not to be used.
func New(name string, c Config, env pipeline.Env) (*Webhook, error) {
	w := &Webhook{
		name: name, maxBody: int64(c.MaxBody), keepBody: c.KeepBody, allowed: c.Allowance,
		running: semaphore.NewWeighted(int64(runtime.NumCPU())), stats: &Stats{}, log: env.Log,
	}
	for _, m := range c.Methods {
		w.methods = append(w.methods, string(m))
	}
	var errs []error
	if s, ok := schemes[c.Verify.Scheme]; ok && c.Verify.Validate() == nil {
		made, err := s.make(&c.Verify)
		w.verifier, errs = made, append(errs, err)
	}
	if c.Hog.given() {
		made, err := newFunction(name, c.Hog, env)
		w.maker, errs = made, append(errs, err)
	}
	if c.Map.given() {
		made, err := newMapping(name, &c.Map, env)
		w.maker, errs = made, append(errs, err)
	}
	return w, errors.Join(errs...)
}

// Methods are the HTTP methods that are taken.
func (w *Webhook) Methods() []string { return w.methods }

// MaxBody is how many bytes a body may have.
func (w *Webhook) MaxBody() int64 { return w.maxBody }

// Allowance is how much may come in.
func (w *Webhook) Allowance() capture.Allowance { return w.allowed }

// Continue lets the counters go on where those of old, a webhook of the same name, are.
func (w *Webhook) Continue(old *Webhook) { w.stats = old.stats }

// Receive implements capture.Webhook.
func (w *Webhook) Receive(ctx context.Context, r capture.WebhookRequest, store func(events [][]byte) error) (capture.WebhookAnswer, error) {
	d := newDelivery(r)
	if err := w.verifier.verify(d); err != nil {
		w.stats.unproven.tell(d.now, func(others uint64) {
			w.log.Warn("requests that do not prove where they come from are refused", "reason", code(err), "since_last", others)
		})
		return capture.WebhookAnswer{}, err
	}
	reply, err := w.make(ctx, d)
	if err != nil {
		return capture.WebhookAnswer{}, w.failed(ctx, d, err)
	}
	if len(reply.Events) > 0 {
		if err := store(reply.Events); err != nil {
			return capture.WebhookAnswer{}, w.unstored(ctx, d, err)
		}
	}
	w.stats.Events.Add(uint64(len(reply.Events)))
	if d.looped > 0 {
		w.stats.looping.tell(d.now, func(others uint64) {
			w.log.Warn("events are not captured, since a function has made the event that the request is about: keep such events from being posted here", "events", d.looped, "since_last", others)
		})
	}
	if reply.Answer == nil {
		w.stats.succeeded(d, len(reply.Events), http.StatusOK)
		return capture.WebhookAnswer{}, nil
	}
	w.stats.succeeded(d, len(reply.Events), reply.Answer.Status)
	return capture.WebhookAnswer{Status: reply.Answer.Status, ContentType: reply.Answer.ContentType, Body: reply.Answer.Body}, nil
}

// Refused implements capture.Webhook.
func (w *Webhook) Refused(code string) { w.stats.count(code) }

// longestWait is how long a request waits for its turn.
const longestWait = 5 * time.Second

// make makes the events when it is the request's turn. What it needs memory for beside the events is let go of.
func (w *Webhook) make(ctx context.Context, d *delivery) (hogs.Reply, error) {
	waiting, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	if err := w.running.Acquire(waiting, 1); err != nil {
		return hogs.Reply{}, capture.ErrOverloaded
	}
	defer w.running.Release(1)
	sent := d.body
	defer func() { d.body = sent }()
	if err := d.unzip(w.maxBody); err != nil {
		return hogs.Reply{}, err
	}
	d.read()
	reply, err := w.maker.events(ctx, d, w.verifier.proof())
	if err != nil {
		return hogs.Reply{}, err
	}
	identity := w.verifier.identity(d)
	for i, event := range reply.Events {
		reply.Events[i] = w.complete(event, d, identity, i)
	}
	d.json = nil
	return reply, nil
}

// failed is what a request is answered whose events could not be made. The service sends again, so nothing is lost when the function is mended
// meanwhile. What the request was about stays out of the log.
func (w *Webhook) failed(ctx context.Context, d *delivery, err error) error {
	if ctx.Err() != nil || d.damaged || errors.Is(err, capture.ErrOverloaded) {
		return err
	}
	w.stats.failing.tell(d.now, func(others uint64) {
		w.log.Error("events could not be made of a request: it is refused, and services send again", "error", brief(err), "since_last", others)
	})
	return &wire.Refusal{Status: http.StatusInternalServerError, Code: "function_failed", Detail: "no events could be made of the request: send again"}
}

// unstored is what a request is answered whose events were not stored. Events that a function made wrong are its fault, not the sender's.
func (w *Webhook) unstored(ctx context.Context, d *delivery, err error) error {
	var refusal *wire.Refusal
	_, isFunction := w.maker.(*function)
	if isFunction && errors.As(err, &refusal) && refusal.Status == http.StatusBadRequest {
		return w.failed(ctx, d, refusal)
	}
	return err
}

// brief is an error in as many characters as a log needs: a program may throw a whole body.
func brief(err error) string {
	text := err.Error()
	return wire.Cut(text, 200)
}

func code(err error) string {
	var refusal *wire.Refusal
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return "error"
}
