package hog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
)

// traced is all that a run shows: prints, the result, and of an error its kind, place and call stack.
func traced(t testing.TB, p *hog.Program, env hog.Env) string {
	t.Helper()
	var prints strings.Builder
	env.Print = func(line string) { prints.WriteString(line + "\n") }
	v, err := p.Run(t.Context(), env)
	if e, ok := errors.AsType[*hog.Error](err); ok {
		return fmt.Sprintf("%s%s: %s at %s:%d:%d\n%s%s", &prints, e.Kind, e.Message, e.File, e.Line, e.Col, e.Snippet, e.Backtrace())
	}
	return prints.String() + v.Display()
}

// TestFusedAgainstPlain runs every program with and without fused instructions: without limits, and cut short at each of
// many numbers of steps, depths and sizes, where both must stop at the same place.
func TestFusedAgainstPlain(t *testing.T) {
	programs, globals := corpus(t)
	limits := []hog.Limits{{}}
	for n := int64(1); n < 200_000; n += 1 + n/7 {
		limits = append(limits, hog.Limits{Steps: n})
	}
	for n := int64(64); n < 1<<22; n += n / 2 {
		limits = append(limits, hog.Limits{Memory: n})
	}
	for _, n := range []int{1, 2, 3, 5, 30} {
		limits = append(limits, hog.Limits{Depth: n})
	}
	for name, text := range programs {
		t.Run(name, func(t *testing.T) {
			fused := compiled(t, name, text)
			plain := fused.Plain()
			for _, l := range limits {
				env := hog.Env{Global: globalsOf(t, globals), Limits: l}
				if diff := cmp.Diff(traced(t, plain, env), traced(t, fused, env)); diff != "" {
					t.Fatalf("under %+v: differs (-plain +fused):\n%s", l, diff)
				}
			}
		})
	}
}

func compiled(t *testing.T, name, text string) *hog.Program {
	t.Helper()
	p, err := hog.Compile(name+".hog", text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fuzzFused runs a program that may be anything with and without fused instructions. It must do the same under limits as
// tight as any.
func fuzzFused(t *testing.T, p *hog.Program, env hog.Env) {
	t.Helper()
	env.Limits = tight
	plain, fused := traced(t, p.Plain(), env), traced(t, p, env)
	if plain != fused && !strings.Contains(plain+fused, "timed out") {
		t.Errorf("differs (-plain +fused):\n%s", cmp.Diff(plain, fused))
	}
}
