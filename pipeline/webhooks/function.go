package webhooks

import (
	"context"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/hogs"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// maker makes events of a request, as JSON objects. It is used by many goroutines at once.
type maker interface {
	events(ctx context.Context, d *delivery, secret []string) (hogs.Reply, error)
}

// function makes events by a Hog function.
type function struct {
	source  string
	program *hogs.Handler
}

func newFunction(source string, c Hog, env pipeline.Env) (*function, error) {
	limits := hog.Limits{Time: c.Limits.Time, Memory: int64(c.Limits.Memory), Steps: c.Limits.Steps}
	compile := func() (*hogs.Handler, error) { return hogs.CompileHandlerFile(c.File, limits, env) }
	if c.Code.Text != "" {
		compile = func() (*hogs.Handler, error) { return hogs.CompileHandler(c.Code, limits, env) }
	}
	program, err := compile()
	return &function{source, program}, err
}

// executionCount is the property by which PostHog's functions recognise events that functions have made, so that none feeds itself.
const executionCount = "$hog_function_execution_count"

func (f *function) events(ctx context.Context, d *delivery, secret []string) (hogs.Reply, error) {
	reply, err := f.program.Handle(ctx, f.source, hogs.Request{
		Method: d.http.Method, Headers: d.headers(secret), Query: d.query(), IP: d.ip, Body: d.json, Text: validText(d.body),
	})
	if err != nil {
		return hogs.Reply{}, err
	}
	for i, event := range reply.Events {
		if properties, _ := rawjson.Get(event, "properties"); isObject(properties) || !wire.Present(properties) {
			reply.Events[i] = rawjson.SetPath(event, []string{"properties", executionCount}, []byte("1"))
		}
	}
	return reply, nil
}

func isObject(raw []byte) bool { return rawjson.KindOf(raw) == rawjson.Object }
