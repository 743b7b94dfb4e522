package app

import (
	"fmt"
	"slices"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/webhooks"
)

type builtWebhook struct {
	name  string
	print fingerprint
	hook  *webhooks.Webhook
}

func (a *App) buildWebhooks(errs *mistakes) {
	for _, part := range a.project.Webhooks {
		config := webhooks.DefaultConfig()
		mistaken := part.Decode(&config)
		hook, err := webhooks.New(part.Name, config, a.env("webhook", part.Name))
		if mistaken != nil {
			err = placed(err)
		}
		errs.add(part.Component, webhooks.CheckKeys(part.Has))
		errs.add(part.Component, mistaken)
		errs.add(part.Component, err)
		errs.add(part.Component, a.webhookProblem(part.Name))
		a.webhooks = append(a.webhooks, builtWebhook{part.Name, a.prints.of(part.Name, config), hook})
	}
}

// webhookProblem says why there cannot be a webhook of a name in this project.
func (a *App) webhookProblem(name string) error {
	switch {
	case !a.captures():
		return &pipeline.ConfigError{
			Message: fmt.Sprintf("webhook %q: there are no pipelines that its events could go to", name), Hint: "add pipelines: {web: {destinations: [warehouse]}}",
		}
	case slices.Contains(a.captureConfig.Names(), name):
		return &pipeline.ConfigError{
			Message: fmt.Sprintf("webhook %q: a key of capture has this name too, so events would not tell where they came in", name), Hint: "give one of them another name",
		}
	}
	return nil
}

// servedWebhooks are the webhooks as capture takes them.
func servedWebhooks(hooks []builtWebhook) map[string]capture.Webhook {
	served := make(map[string]capture.Webhook, len(hooks))
	for _, h := range hooks {
		served[h.name] = h.hook
	}
	return served
}

func webhooksByName(hooks []builtWebhook) map[string]*webhooks.Webhook {
	all := make(map[string]*webhooks.Webhook, len(hooks))
	for _, h := range hooks {
		all[h.name] = h.hook
	}
	return all
}

// continueWebhooks lets the counters of next, which serves nothing yet, go on where those of old are.
func continueWebhooks(old, next []builtWebhook) {
	known := webhooksByName(old)
	for _, h := range next {
		if was := known[h.name]; was != nil {
			h.hook.Continue(was)
		}
	}
}

// webhookChanges says what became of webhooks.
func webhookChanges(old, next []builtWebhook) (c control.Changes) {
	find := func(all []builtWebhook, name string) int {
		return slices.IndexFunc(all, func(h builtWebhook) bool { return h.name == name })
	}
	for _, h := range next {
		switch i := find(old, h.name); {
		case i < 0:
			c.Added = append(c.Added, fmt.Sprintf("webhook %q", h.name))
		case old[i].print != h.print:
			c.Changed = append(c.Changed, fmt.Sprintf("webhook %q", h.name))
		}
	}
	for _, h := range old {
		if find(next, h.name) < 0 {
			c.Removed = append(c.Removed, fmt.Sprintf("webhook %q", h.name))
		}
	}
	return c
}
