package process

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline"
)

type transform func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error)

func (f transform) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	return f(e, out)
}

func suffix(s string) transform {
	return func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
		e.Name += s
		return append(out, e), nil
	}
}

func twice(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	second := e
	second.Name += "'"
	return append(out, e, second), nil
}

func dropName(name string) transform {
	return func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
		if e.Name == name {
			return out, nil
		}
		return append(out, e), nil
	}
}

// failHalfway appends before it fails, which must not show.
func failHalfway(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	return append(out, e, e), errors.New("no such thing")
}

func panics(pipeline.Event, []pipeline.Event) ([]pipeline.Event, error) { panic("boom") }

func TestChain(t *testing.T) {
	for name, c := range map[string]struct {
		steps   []transform
		onError OnError
		want    []string
		wantErr string
	}{
		"none":               {nil, DeadLetter, []string{"e"}, ""},
		"in order":           {[]transform{suffix("1"), suffix("2")}, DeadLetter, []string{"e12"}, ""},
		"dropped":            {[]transform{dropName("e"), panics}, DeadLetter, nil, ""},
		"several":            {[]transform{twice, suffix("x"), twice}, DeadLetter, []string{"ex", "ex'", "e'x", "e'x'"}, ""},
		"one of several":     {[]transform{twice, dropName("e")}, DeadLetter, []string{"e'"}, ""},
		"fails closed":       {[]transform{suffix("1"), failHalfway, suffix("2")}, DeadLetter, nil, `transform "step": no such thing`},
		"default is closed":  {[]transform{failHalfway}, "", nil, `transform "step": no such thing`},
		"error drops":        {[]transform{failHalfway, suffix("2")}, Drop, nil, ""},
		"error keeps":        {[]transform{suffix("1"), failHalfway, suffix("2")}, Keep, []string{"e12"}, ""},
		"panic is an error":  {[]transform{panics}, DeadLetter, nil, `transform "step": panic: boom`},
		"panic can be kept":  {[]transform{panics, suffix("2")}, Keep, []string{"e2"}, ""},
		"one of many failed": {[]transform{twice, dropName("e'"), failHalfway}, DeadLetter, nil, "no such thing"},
	} {
		t.Run(name, func(t *testing.T) {
			var chain Chain
			for _, s := range c.steps {
				chain = append(chain, Step{Name: "step", OnError: c.onError, Transform: s, Counts: new(StepCounts)})
			}
			out, err := chain.Run(t.Context(), pipeline.Event{Name: "e"}, new(Scratch))
			var got []string
			for _, e := range out {
				got = append(got, e.Name)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("events (-want +got)\n%s", diff)
			}
			if c.wantErr == "" && err != nil || c.wantErr != "" && (err == nil || !strings.Contains(err.Error(), c.wantErr)) {
				t.Errorf("error\n got %v\nwant %s", err, c.wantErr)
			}
		})
	}
}

// An event is counted at the step that ended it, whatever the one before it in the scratch came to.
func TestChainTellsWhereItEnded(t *testing.T) {
	var chain Chain
	for _, f := range []transform{twice, dropName("x"), dropName("x'"), failHalfway} {
		chain = append(chain, Step{Name: "step", Transform: f, Counts: new(StepCounts)})
	}
	var s Scratch
	for _, c := range []struct {
		name  string
		steps int
		want  int
	}{
		{"e", 4, 3}, // fails at the last
		{"x", 3, 2}, // dropped in two places, the last of which counts
		{"e", 4, 3},
	} {
		_, _ = chain[:c.steps].Run(t.Context(), pipeline.Event{Name: c.name}, &s)
		if s.ended != c.want {
			t.Errorf("event %q over %d steps\n got ended at %d\nwant %d", c.name, c.steps, s.ended, c.want)
		}
	}
}

func TestChainCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	fails := transform(func(pipeline.Event, []pipeline.Event) ([]pipeline.Event, error) {
		cancel()
		return nil, errors.New("interrupted")
	})
	chain := Chain{{Name: "step", OnError: Drop, Transform: fails, Counts: new(StepCounts)}}
	if _, err := chain.Run(ctx, pipeline.Event{}, new(Scratch)); !errors.Is(err, context.Canceled) {
		t.Errorf("a transform that was interrupted\n got %v\nwant context.Canceled: the event is neither dropped nor dead", err)
	}
}

func BenchmarkChain(b *testing.B) {
	chain := Chain{
		{Name: "a", Transform: dropName("x"), Counts: new(StepCounts)},
		{Name: "b", Transform: dropName("y"), Counts: new(StepCounts)},
	}
	var s Scratch
	e := pipeline.Event{Name: "e"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := chain.Run(context.Background(), e, &s); err != nil {
			b.Fatal(err)
		}
	}
}
