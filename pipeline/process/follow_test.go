package process

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/prickle-dev/prickle/pipeline"
)

type stepFunc func(e pipeline.Event) ([]pipeline.Event, error)

func (f stepFunc) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	made, err := f(e)
	return append(out, made...), err
}

func TestFollow(t *testing.T) {
	errNo := errors.New("no")
	same := stepFunc(func(e pipeline.Event) ([]pipeline.Event, error) { return []pipeline.Event{e}, nil })
	change := stepFunc(func(e pipeline.Event) ([]pipeline.Event, error) {
		e.Name, e.Properties = "b", e.Properties.Set([]byte("2"), "x").Delete("y")
		return []pipeline.Event{e}, nil
	})
	double := stepFunc(func(e pipeline.Event) ([]pipeline.Event, error) { return []pipeline.Event{e, e}, nil })
	fail := stepFunc(func(pipeline.Event) ([]pipeline.Event, error) { return nil, errNo })
	drop := stepFunc(func(pipeline.Event) ([]pipeline.Event, error) { return nil, nil })
	step := func(name string, of pipeline.Transform, on OnError) Step {
		return Step{Name: name, OnError: on, Transform: of, Counts: new(StepCounts)}
	}
	e := pipeline.Event{UUID: "u", Name: "a", DistinctID: "d", Properties: pipeline.Properties(`{"x":1,"y":1,"z":1}`)}
	for name, c := range map[string]struct {
		chain Chain
		want  []Followed
	}{
		"through": {
			Chain{step("same", same, DeadLetter), step("change", change, DeadLetter), step("fail", fail, Keep), step("double", double, DeadLetter)},
			[]Followed{
				{Step: "same", Outcome: "unchanged", Events: 1}, {Step: "change", Outcome: "changed", Changed: []string{"event", "properties.x", "properties.y"}, Events: 1},
				{Step: "fail", Outcome: "kept", Events: 1}, {Step: "double", Outcome: "several", Events: 2},
			},
		},
		"dropped":        {Chain{step("drop", drop, DeadLetter), step("same", same, DeadLetter)}, []Followed{{Step: "drop", Outcome: "dropped"}}},
		"failed":         {Chain{step("fail", fail, DeadLetter), step("same", same, DeadLetter)}, []Followed{{Step: "fail", Outcome: "failed", Err: errNo}}},
		"and so dropped": {Chain{step("fail", fail, Drop)}, []Followed{{Step: "fail", Outcome: "dropped"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.chain.Follow(t.Context(), e)
			if diff := cmp.Diff(c.want, got, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("followed (-want +got)\n%s", diff)
			}
			for _, s := range c.chain {
				if n := s.Counts.Dropped.Load() + s.Counts.Failed.Load(); n > 0 {
					t.Errorf("transform %s has counted %s", s.Name, fmt.Sprint(n))
				}
			}
		})
	}
}
