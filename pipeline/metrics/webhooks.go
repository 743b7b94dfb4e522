package metrics

import "github.com/prickle-dev/prickle/pipeline/webhooks"

var webhookGroup = newGroup("prickle_webhook_", []string{"webhook"},
	counters("requests_total", "outcome", "Requests to webhooks: stored (with events), empty (success without any), declined (the function answered with an error), or the code of the error.",
		func(w *webhooks.Webhook) map[string]uint64 { return w.Stats().Outcomes() }),
	counter("events_total", "Events of webhooks that were stored, repeated ones included.", func(w *webhooks.Webhook) float64 {
		return float64(w.Stats().Events.Load())
	}),
)
