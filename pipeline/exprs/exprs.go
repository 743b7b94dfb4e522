package exprs

import (
	"fmt"
	"reflect"

	"github.com/expr-lang/expr"

	"github.com/prickle-dev/prickle/pipeline"
)

// Option tells Compile and CompileValue about the surroundings of an expression.
type Option func(*options)

type options struct {
	project pipeline.Project
	names   []string
}

// WithProject gives `project` its values, which are constants to the expression. Without it they are empty.
func WithProject(p pipeline.Project) Option { return func(o *options) { o.project = p } }

// WithNames is for expressions on something other than events, which is given to them as the properties of one: these properties are its names,
// and `event` is not there.
func WithNames(names ...string) Option { return func(o *options) { o.names = names } }

// Condition is a compiled expression that is true or false of an event. It is safe for concurrent use.
type Condition struct {
	program program
	first   nameTest
}

// Compile compiles a condition. Mistakes are *pipeline.ConfigError, all unknown names at once joined with errors.Join.
func Compile(code pipeline.Code, opts ...Option) (*Condition, error) {
	p, _, err := compile(code, opts)
	if err != nil {
		return nil, err
	}
	if t := p.compiled.Node().Type(); t.Kind() != reflect.Bool && t.Kind() != reflect.Interface {
		return nil, &pipeline.ConfigError{
			Pos: code.Pos, Message: "want a condition, got " + typeName(t), Hint: "a condition is true or false, such as event.name == \"purchase\"",
		}
	}
	return &Condition{p, firstTest(code.Text)}, nil
}

// Names are the names of which an event must have one for the condition to hold, nil when it asks something else first. For events of other names
// Match returns false and no error.
func (c *Condition) Names() []string { return c.first.names }

// Match reports whether the condition holds for e. An error means that the event's values did not fit the expression; it names the place
// in the configuration and the kinds of the values, never the values.
func (c *Condition) Match(e *pipeline.Event) (bool, error) {
	if holds, settled := c.first.settles(e.Name); settled {
		return holds, nil
	}
	v, err := c.program.run(e)
	if err != nil {
		return false, err
	}
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	}
	return false, fmt.Errorf("%s: want a condition, got %s", c.program.code.Pos, kindName(v))
}

// Value is a compiled expression of any kind. It is safe for concurrent use.
type Value struct {
	program program
	path    []string // what a bare property path reads, or nil
}

// CompileValue compiles an expression whose result may be anything that JSON can hold. Mistakes are as in Compile.
func CompileValue(code pipeline.Code, opts ...Option) (*Value, error) {
	p, path, err := compile(code, opts)
	if err != nil {
		return nil, err
	}
	return &Value{p, path}, nil
}

// Eval returns the value for e: nil, bool, int, int64, float64, string, []any, map[string]any, time.Time, time.Duration, or a slice of one of
// these. Errors are as in Match.
func (v *Value) Eval(e *pipeline.Event) (any, error) { return v.program.run(e) }

// JSON returns the value for e as JSON text, or nil when the value is nil. A property that is only copied keeps its spelling. The text may
// alias the event's properties. Times are written in pipeline.TimeFormat and durations as seconds.
func (v *Value) JSON(e *pipeline.Event) ([]byte, error) { return v.json(e) }

func (v *Value) json(env any) ([]byte, error) {
	if v.path != nil {
		raw, ok := property(env, v.path)
		if !ok || isNull(raw) {
			return nil, nil
		}
		return raw, nil
	}
	value, err := v.program.run(env)
	if err != nil || value == nil {
		return nil, err
	}
	return v.program.encode(value)
}

func compile(code pipeline.Code, opts []Option) (program, []string, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if isBlank(code.Text) {
		return program{}, nil, &pipeline.ConfigError{Pos: code.Pos, Message: "the expression is empty", Hint: `write for example event.name == "purchase"`}
	}
	r := newResolver(code, o)
	// The optimizer stays off: it prints nodes to compare them, which the functions that the resolver puts in cannot do.
	compiled, err := expr.Compile(code.Text, expr.Optimize(false), expr.Patch(r), expr.Patch(nameCheck{r}))
	if err := r.err(); err != nil {
		return program{}, nil, err
	}
	if err != nil {
		return program{}, nil, compileError(code, err)
	}
	return newProgram(code, compiled), r.path(compiled.Node()), nil
}
