package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/exprs"
	"github.com/prickle-dev/prickle/pipeline/hogs"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// names are what expressions see beside project and source.
var names = []string{"body", "headers", "query", "method", "ip", "text"}

// mapping makes one event by expressions. They are expressions on an event whose properties are the parts of the request.
type mapping struct {
	source     string
	when       *exprs.Condition // nil for every request
	fields     []mapped
	properties node // nil for none
}

// mapped is a field of the event that an expression gives.
type mapped struct {
	name  string
	value *exprs.Value
}

func newMapping(source string, c *Map, env pipeline.Env) (*mapping, error) {
	m := &mapping{source: source}
	options := []exprs.Option{exprs.WithNames(names...), exprs.WithProject(env.Project)}
	var errs []error
	if c.When.Text != "" {
		when, err := exprs.Compile(c.When, options...)
		m.when, errs = when, append(errs, err)
	}
	for _, f := range []struct {
		name string
		code pipeline.Code
	}{{"event", c.Event}, {"distinct_id", c.DistinctID}, {"uuid", c.UUID}, {"timestamp", c.Timestamp}} {
		if f.code.Text == "" {
			continue // left out, or missing and reported
		}
		value, err := exprs.CompileValue(f.code, options...)
		m.fields, errs = append(m.fields, mapped{f.name, value}), append(errs, err)
	}
	properties, err := compileNode(c.Properties, options)
	m.properties = properties
	return m, errors.Join(append(errs, err)...)
}

func (m *mapping) events(_ context.Context, d *delivery, secret []string) (hogs.Reply, error) {
	request := m.request(d, secret)
	if m.when != nil {
		if wanted, err := m.when.Match(request); err != nil || !wanted {
			return hogs.Reply{}, err
		}
	}
	event := []byte("{}")
	for _, f := range m.fields {
		raw, err := f.value.JSON(request)
		if err != nil {
			return hogs.Reply{}, err
		}
		if raw = plainText(f.name, raw); raw != nil {
			event = rawjson.Set(event, f.name, raw)
		}
	}
	properties, err := m.properties.append(nil, request)
	if err != nil {
		return hogs.Reply{}, err
	}
	if wire.Present(properties) {
		event = rawjson.Set(event, "properties", properties)
	}
	return hogs.Reply{Events: [][]byte{event}}, nil
}

// plainText is the value of a field that has to be text. What string() makes of nil is nothing: a person of that name would be many persons.
func plainText(field string, raw []byte) []byte {
	text, isText := rawjson.String(raw)
	switch {
	case isText && text == "<nil>":
		return nil
	case field == "event" && !isText && raw != nil:
		return rawjson.AppendString(nil, string(raw))
	}
	return raw
}

// request is d as the expressions see it.
func (m *mapping) request(d *delivery, secret []string) *pipeline.Event {
	raw := append([]byte(`{"body":`), d.json...)
	if d.json == nil {
		raw = append(raw, "null"...)
	}
	raw = appendTexts(append(raw, `,"headers":`...), d.headers(secret))
	raw = appendTexts(append(raw, `,"query":`...), d.query())
	for _, f := range []struct{ name, text string }{{"method", d.http.Method}, {"ip", d.ip}, {"text", validText(d.body)}} {
		raw = append(rawjson.AppendString(append(raw, ','), f.name), ':')
		raw = rawjson.AppendString(raw, f.text)
	}
	return &pipeline.Event{Source: m.source, ReceivedAt: d.now, Timestamp: d.now, Properties: append(raw, '}')}
}

// node makes one JSON value of a request.
type node interface {
	append(dst []byte, request *pipeline.Event) ([]byte, error)
}

type (
	literal    []byte
	expression struct{ value *exprs.Value }
	object     []member
	list       []node
	member     struct {
		name  string
		value node
	}
)

func compileNode(tree pipeline.Tree, options []exprs.Option) (node, error) {
	switch {
	case tree.Text != nil:
		value, err := exprs.CompileValue(*tree.Text, options...)
		return expression{value}, err
	case tree.List != nil:
		out, errs := make(list, len(tree.List)), make([]error, len(tree.List))
		for i, item := range tree.List {
			out[i], errs[i] = compileNode(item, options)
		}
		return out, errors.Join(errs...)
	case tree.Fields != nil:
		var out object
		var errs []error
		for _, f := range tree.Fields {
			value, err := compileNode(f.Value, options)
			out, errs = append(out, member{f.Name, value}), append(errs, err)
		}
		return out, errors.Join(errs...)
	}
	text, err := json.Marshal(tree.Literal)
	if err != nil {
		return nil, pipeline.Errorf(tree.Pos, "%v has no form in JSON", tree.Literal)
	}
	return literal(text), nil
}

func (l literal) append(dst []byte, _ *pipeline.Event) ([]byte, error) { return append(dst, l...), nil }

func (e expression) append(dst []byte, request *pipeline.Event) ([]byte, error) {
	raw, err := e.value.JSON(request)
	if raw == nil {
		raw = []byte("null")
	}
	return append(dst, raw...), err
}

// append leaves out what is nil, as the transform map does.
func (o object) append(dst []byte, request *pipeline.Event) ([]byte, error) {
	dst = append(dst, '{')
	for _, m := range o {
		value, err := m.value.append(nil, request)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		if !wire.Present(value) {
			continue
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(append(rawjson.AppendString(dst, m.name), ':'), value...)
	}
	return append(dst, '}'), nil
}

func (l list) append(dst []byte, request *pipeline.Event) ([]byte, error) {
	dst = append(dst, '[')
	for i, item := range l {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = item.append(dst, request); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}
