package hogs

import (
	"context"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
)

// Template is text with {expressions} in it. It is safe for concurrent use.
type Template struct {
	constant string
	program  *program // nil for a constant
}

// CompileTemplate compiles a template. Mistakes are *pipeline.ConfigError, joined. Code without text is the empty constant.
func CompileTemplate(code pipeline.Code, env pipeline.Env) (*Template, error) {
	if !strings.Contains(code.Text, "{") {
		return &Template{constant: code.Text}, nil
	}
	where := place{code: code}
	compiled, err := hog.CompileTemplate(where.name(), code.Text, compileOptions()...)
	if err != nil {
		return nil, where.compileError(err)
	}
	p := newProgram(compiled, where, env, hog.Limits{}, nil)
	if env.Person != nil && env.Groups != nil {
		p.sees = "event, person, groups, project and source"
		if slices.Contains(compiled.Globals(), personName) {
			p.person = env.Person
		}
		if slices.Contains(compiled.Globals(), groupsName) {
			p.groups = env.Groups
		}
	}
	if err := p.checkGlobals(); err != nil {
		return nil, err
	}
	return &Template{program: p}, nil
}

// Constant returns the text of a template without expressions.
func (t *Template) Constant() (string, bool) { return t.constant, t.program == nil }

// Value returns the template's value for e: of any kind for an expression alone, else a string.
func (t *Template) Value(ctx context.Context, e *pipeline.Event) (hog.Value, error) {
	if t.program == nil {
		return hog.String(t.constant), nil
	}
	return t.program.run(ctx, e)
}

// Text returns the template's value for e as text: null is "", an object or list is JSON.
func (t *Template) Text(ctx context.Context, e *pipeline.Event) (string, error) {
	if t.program == nil {
		return t.constant, nil
	}
	v, err := t.program.run(ctx, e)
	if err != nil {
		return "", err
	}
	switch v.Kind() {
	case hog.KindNull:
		return "", nil
	case hog.KindArray, hog.KindTuple, hog.KindDict:
		text, err := v.AppendJSON(nil)
		return string(text), err
	}
	return v.String(), nil
}
