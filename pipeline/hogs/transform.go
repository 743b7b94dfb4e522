package hogs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
)

// Transform is a Hog program that returns what becomes of an event. It is safe for concurrent use.
type Transform struct{ program *program }

// CompileTransformFile reads and compiles a .hog file. Mistakes are *pipeline.ConfigError, joined, with the source line.
func CompileTransformFile(file pipeline.File, limits hog.Limits, env pipeline.Env) (*Transform, error) {
	where, err := readFile(file)
	if err != nil {
		return nil, err
	}
	return compileTransform(where, limits, env)
}

// readFile reads a .hog file. Its error is a *pipeline.ConfigError.
func readFile(file pipeline.File) (place, error) {
	text, err := os.ReadFile(file.Path)
	if err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		return place{}, pipeline.Errorf(file.Pos, "hog file %q: %v", file.Name, err)
	}
	return ofFile(file.Path, string(text)), nil
}

// CompileTransform compiles a program that stands in the configuration itself. Mistakes are *pipeline.ConfigError, joined.
func CompileTransform(code pipeline.Code, limits hog.Limits, env pipeline.Env) (*Transform, error) {
	return compileTransform(place{code: code}, limits, env)
}

func compileTransform(where place, limits hog.Limits, env pipeline.Env) (*Transform, error) {
	compiled, err := hog.Compile(where.name(), where.code.Text, compileOptions(functionNames()...)...)
	if err != nil {
		return nil, where.compileError(err)
	}
	p := newProgram(compiled, where, env, limits, functions)
	if err := p.checkGlobals(); err != nil {
		return nil, err
	}
	return &Transform{p}, nil
}

// Apply runs the program on e and returns what became of it; keep is false when the program dropped it.
//
// The program returns an object with an object `properties`, from which properties, event and distinct_id are taken over (name counts
// as event when only it was changed), or null or false to drop the event. Everything else, an exception and a limit are errors.
func (t *Transform) Apply(ctx context.Context, e pipeline.Event) (changed pipeline.Event, keep bool, err error) {
	err = t.program.consume(ctx, &e, func(r *run, v hog.Value) error {
		if b, ok := v.AsBool(); v.IsNull() || ok && !b {
			return nil
		}
		keep = true
		if err := takeOver(&e, r, v); err != nil {
			return fmt.Errorf("%s: %w", t.program.place.name(), err)
		}
		return nil
	})
	if err != nil || !keep {
		return pipeline.Event{}, false, err
	}
	return e, true, nil
}

// keptBuffer is how large a buffer is kept for the next event.
const keptBuffer = 16 << 10

func takeOver(e *pipeline.Event, r *run, v hog.Value) error {
	returned, ok := v.AsDict()
	if !ok {
		return fmt.Errorf("want the event, or null to drop it, as the result, got %s", v.Kind())
	}
	properties, _ := returned.GetString("properties")
	if _, ok := properties.AsDict(); !ok {
		return fmt.Errorf("want an object properties in the result, got %s", properties.Kind())
	}
	raw, err := properties.AppendJSON(r.buffer[:0])
	if err != nil {
		return fmt.Errorf("properties of the result: %w", err)
	}
	if cap(raw) <= keptBuffer {
		r.buffer = raw
	}
	if err := takeName(e, returned); err != nil {
		return err
	}
	if id, ok := textOf(returned, "distinct_id"); ok {
		if err := checkLength("distinct_id", id); err != nil {
			return err
		}
		e.DistinctID = id
	}
	e.Properties = slices.Clone(keepNumbers(e.Properties, raw))
	return nil
}

func takeName(e *pipeline.Event, returned *hog.Dict) error {
	name := e.Name
	for _, key := range []string{"name", "event"} {
		if text, ok := textOf(returned, key); ok && text != e.Name {
			name = text
		}
	}
	e.Name = name
	return checkLength("event", name)
}

func textOf(d *hog.Dict, key string) (string, bool) {
	v, _ := d.GetString(key)
	return v.AsString()
}

func checkLength(name, text string) error {
	if n := utf8.RuneCountInString(text); n == 0 || n > 200 {
		return fmt.Errorf("%s of the result: want a text of 1 to 200 characters", name)
	}
	return nil
}
