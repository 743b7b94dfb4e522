package hogcase

import (
	"context"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/hogs"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// transform compiles the program as the hog transform does.
func (s *Suite) transform(c *testCase, w *world) (*hogs.Transform, error) {
	p := s.file.Project
	return hogs.CompileTransformFile(
		pipeline.File{Name: s.Program, Path: s.Program, Pos: c.Name.Pos},
		w.settings.Limits.of(),
		pipeline.Env{Log: w.log(), Now: w.clock, Rand: w.rand, Project: pipeline.Project{ID: p.ID, Name: p.Name, URL: p.URL}},
	)
}

// runTransform returns what became of the case's event, as JSON: null when it was dropped.
func (s *Suite) runTransform(ctx context.Context, c *testCase, w *world) ([]byte, error) {
	t, err := s.transform(c, w)
	if err != nil {
		return nil, err
	}
	e, keep, err := t.Apply(ctx, c.Event.of(w.now))
	switch {
	case err != nil:
		return nil, err
	case !keep:
		return []byte("null"), nil
	}
	out := append([]byte(`{"event":`), rawjson.AppendString(nil, e.Name)...)
	out = append(out, `,"distinct_id":`...)
	out = rawjson.AppendString(out, e.DistinctID)
	out = append(out, `,"properties":`...)
	return append(append(out, e.Properties...), '}'), nil
}

// runProgram returns the program's value as JSON.
func (s *Suite) runProgram(ctx context.Context, c *testCase, w *world) ([]byte, error) {
	globals := map[string]hog.Value{}
	for _, g := range c.Globals {
		v, err := hog.FromJSON(appendTree(nil, g.Value))
		if err != nil {
			return nil, err
		}
		globals[g.Name] = v
	}
	env := hog.Env{Global: hog.GlobalsOf(globals), Print: w.print, Now: w.clock, Rand: w.rand, Limits: w.settings.Limits.of()}
	v, err := s.compiled.RunAsync(ctx, env, map[string]hog.Func{"fetch": w.fetch, "sleep": w.sleep})
	if err != nil {
		return nil, err
	}
	return v.AppendJSON(nil)
}
