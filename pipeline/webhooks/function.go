package webhooks

import (
	"bytes"
	"context"
	"strconv"

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

// executionCount is the property by which events are known that functions have made: such an event makes no others, so that none feeds itself.
const executionCount = "$hog_function_execution_count"

// events makes events of a delivery, none when the function was given an event that a function has made.
func (f *function) events(ctx context.Context, d *delivery, secret []string) (hogs.Reply, error) {
	reply, err := f.program.Handle(ctx, f.source, hogs.Request{
		Method: d.http.Method, Headers: d.headers(secret), Query: d.query(), IP: d.ip, Body: d.json, Text: validText(d.body),
	})
	if err != nil {
		return hogs.Reply{}, err
	}
	if madeByFunction(d.json) {
		d.looped, reply.Events = len(reply.Events), nil
	}
	for i, event := range reply.Events {
		if properties, _ := rawjson.Get(event, "properties"); isObject(properties) || !wire.Present(properties) {
			reply.Events[i] = rawjson.SetPath(event, []string{"properties", executionCount}, []byte("1"))
		}
	}
	return reply, nil
}

// madeByFunction reports whether a body is, or holds at any depth, an event that a function has made.
func madeByFunction(body []byte) bool {
	if !bytes.Contains(body, []byte(executionCount)) {
		return false
	}
	for key, value := range rawjson.Members(body) {
		if string(wire.Name(key)) == executionCount && isPositive(value) || madeByFunction(value) {
			return true
		}
	}
	for element := range rawjson.Elements(body) {
		if madeByFunction(element) {
			return true
		}
	}
	return false
}

func isPositive(raw []byte) bool {
	n, err := strconv.ParseFloat(string(raw), 64)
	return rawjson.KindOf(raw) == rawjson.Number && err == nil && n > 0
}

func isObject(raw []byte) bool { return rawjson.KindOf(raw) == rawjson.Object }
