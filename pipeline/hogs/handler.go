package hogs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
)

// Handler is a Hog program that makes events of an HTTP request and may say how it is answered. It is safe for concurrent use.
//
// It sees the globals request (method, headers, query, ip, body, stringBody), project and source. It captures events by calling
// postHogCapture({event, distinct_id, properties, …}), by returning one such object, or by returning a list of them. An answer is returned as
// {'httpResponse': {status, body, contentType, isBase64Encoded}}. null and false are neither.
type Handler struct {
	compiled *hog.Program
	place    place
	env      hog.Env
	base     pipeline.Env
}

// The globals of a Handler, and those that a program may look for in vain.
var (
	handlerGlobals = []string{"request", "project", "source"}
	handlerMissing = []string{"event", "person", "groups", "inputs"}
)

const captureFunction = "postHogCapture"

// CompileHandlerFile reads and compiles a .hog file. Mistakes are *pipeline.ConfigError, joined, with the source line.
func CompileHandlerFile(file pipeline.File, limits hog.Limits, env pipeline.Env) (*Handler, error) {
	where, err := readFile(file)
	if err != nil {
		return nil, err
	}
	return compileHandler(where, limits, env)
}

// CompileHandler compiles a program that stands in the configuration itself. Mistakes are *pipeline.ConfigError, joined.
func CompileHandler(code pipeline.Code, limits hog.Limits, env pipeline.Env) (*Handler, error) {
	return compileHandler(place{code: code}, limits, env)
}

func compileHandler(where place, limits hog.Limits, env pipeline.Env) (*Handler, error) {
	compiled, err := hog.Compile(where.name(), where.code.Text,
		hog.WithGlobals(slices.Concat(handlerGlobals, handlerMissing)...), hog.WithFunctions(append(functionNames(), captureFunction)...))
	if err != nil {
		return nil, where.compileError(err)
	}
	var errs []error
	for _, name := range handlerMissing {
		if slices.Contains(compiled.Globals(), name) {
			errs = append(errs, where.missing(name, "the function of a webhook sees request, project and source"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Handler{compiled, where, baseEnv(env, limits, nil), env}, nil
}

// Request is what a Handler sees as `request`.
type Request struct {
	Method         string
	Headers, Query map[string]string
	IP             string
	Body           []byte // JSON text, nil for null
	Text           string // stringBody
}

// Handle runs the program for a request that came in at source. Nothing of a run that fails is to be used.
func (h *Handler) Handle(ctx context.Context, source string, r Request) (Reply, error) {
	body := hog.Null()
	if r.Body != nil {
		var err error
		if body, err = hog.FromJSON(r.Body); err != nil {
			return Reply{}, fmt.Errorf("%s: body: %w", h.place.name(), err)
		}
	}
	var captured captures
	printer := run{log: h.base.Log}
	env := h.env
	env.Functions = maps.Clone(functions)
	env.Functions[captureFunction] = captured.call
	env.Global = hog.GlobalsOf(map[string]hog.Value{
		"request": dict("method", hog.String(r.Method), "headers", texts(r.Headers), "query", texts(r.Query), "ip", hog.String(r.IP),
			"body", body, "stringBody", hog.String(r.Text)),
		"project": dict("id", hog.Number(float64(h.base.Project.ID)), "name", hog.String(h.base.Project.Name), "url", hog.String(h.base.Project.URL)),
		"source":  dict("name", hog.String(source), "url", hog.String("")),
	})
	if printer.log != nil {
		env.Print = printer.print
	}
	v, err := h.compiled.Run(ctx, env)
	switch {
	case err != nil && ctx.Err() != nil:
		return Reply{}, ctx.Err()
	case err != nil:
		return Reply{}, h.place.runError(err)
	}
	reply, err := replyOf(v, &captured)
	if err != nil {
		return Reply{}, fmt.Errorf("%s: %w", h.place.name(), err)
	}
	return reply, nil
}

// texts is a dictionary with its keys in order.
func texts(m map[string]string) hog.Value {
	d := hog.NewDict(len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		d.SetString(name, hog.String(m[name]))
	}
	return d.Value()
}
