package hog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/hog"
)

// TestRunsShareNothing gives the same values to one run after another, of which each writes into what it gets.
func TestRunsShareNothing(t *testing.T) {
	document := func(text string) hog.Value {
		v, err := hog.FromJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	tests := map[string]struct {
		given hog.Value
		want  string
	}{
		"let g := given let l := g.i.value let old := l[1] l[1] := 'changed' return old": {
			document(`{"i":{"__hogInterval__":true,"value":["secret"],"unit":"day"}}`), "secret"},
		"let g := given let l := g.payload let old := l[1] l[1] := 'changed' return old": {
			document(`{"__hogError__":true,"type":"E","message":"m","payload":["secret"]}`), "secret"},
		"let g := given let old := g.a[1] g.a[1] := 2 return old": {document(`{"a":[1]}`), "1"},
		"let d := given let old := d[1] d[1] := 2 return old":     {document(`[1]`), "1"},
	}
	for text, tt := range tests {
		p := mustCompile(t, text)
		env := hog.Env{Global: hog.GlobalsOf(map[string]hog.Value{"given": tt.given})}
		for round := range 3 {
			v, err := p.Run(context.Background(), env)
			if err != nil || v.String() != tt.want {
				t.Errorf("%s, round %d\n got %v, %v\nwant %s", text, round, v, err, tt.want)
			}
		}
	}
}

// counterProgram gives a function that counts in captured variables, or calls the one it is given.
const counterProgram = `let c := given if (c != null) { let list := [c] c() return list[1]() }
let n := ['x'] let last := 0 return () -> { n[1] := n[1] || 'x' last := last + 1 return [n[1], last] }`

func counterOf(t *testing.T, p *hog.Program) hog.Env {
	t.Helper()
	env := func(v hog.Value) hog.Env { return hog.Env{Global: hog.GlobalsOf(map[string]hog.Value{"given": v})} }
	counter, err := p.Run(context.Background(), env(hog.Null()))
	if err != nil {
		t.Fatal(err)
	}
	return env(counter)
}

// TestRunsShareNoVariables has a function that one run returned keep its variables through the runs that call it.
func TestRunsShareNoVariables(t *testing.T) {
	p := mustCompile(t, counterProgram)
	env := counterOf(t, p)
	for range 3 {
		if v, err := p.Run(context.Background(), env); err != nil || v.String() != "['xxx', 2]" {
			t.Errorf("got %v, %v, want ['xxx', 2]", v, err)
		}
	}
}

// TestHostResultIsCopied has a host function, and one that throws, give the same value to each run.
func TestHostResultIsCopied(t *testing.T) {
	cached, err := hog.FromJSON([]byte(`{"a":["first"]}`))
	if err != nil {
		t.Fatal(err)
	}
	failure, err := hog.FromJSON([]byte(`{"__hogError__":true,"type":"E","message":"m","payload":["first"]}`))
	if err != nil {
		t.Fatal(err)
	}
	env := hog.Env{Functions: map[string]hog.Func{
		"cached": func(context.Context, []hog.Value) (hog.Value, error) { return cached, nil },
		"fails":  func(context.Context, []hog.Value) (hog.Value, error) { return hog.Null(), hog.Throw(failure) },
	}}
	for _, text := range []string{
		"let c := cached() let old := c.a[1] c.a[1] := 'changed' return old",
		"try { fails() } catch (e) { let old := e.payload[1] e.payload[1] := 'changed' return old }",
	} {
		p := mustCompile(t, text)
		for range 2 {
			if v, err := p.Run(context.Background(), env); err != nil || v.String() != "first" {
				t.Errorf("%s\n got %v, %v\nwant first", text, v, err)
			}
		}
	}
}

// TestConcurrentRunsShareNothing is for the race detector: the memory limit makes each run measure its values.
func TestConcurrentRunsShareNothing(t *testing.T) {
	given, err := hog.FromJSON([]byte(`{"d":{"__hogDateTime__":true,"dt":5,"zone":"Europe/Berlin"},"i":{"__hogInterval__":true,
		"value":["x"],"unit":"day"},"e":{"__hogError__":true,"type":"E","message":"m","payload":["p"]},"t":["text"]}`))
	if err != nil {
		t.Fatal(err)
	}
	env := hog.Env{
		Global: hog.GlobalsOf(map[string]hog.Value{"given": given}),
		Functions: map[string]hog.Func{
			"cached": func(context.Context, []hog.Value) (hog.Value, error) { return given, nil },
			"fails": func(context.Context, []hog.Value) (hog.Value, error) {
				d, _ := given.AsDict()
				e, _ := d.GetString("e")
				return hog.Null(), hog.Throw(e)
			},
		},
		Limits: hog.Limits{Memory: 1 << 20},
	}
	runConcurrently(t, mustCompile(t, `let a := given let b := cached() let e := null
try { fails() } catch (caught) { e := caught }
for (let i := 0; i < 30; i := i + 1) { range(10000) }
return [a, b, e]`), env)
	counting := mustCompile(t, counterProgram)
	runConcurrently(t, counting, counterOf(t, counting))
}

func runConcurrently(t *testing.T, p *hog.Program, env hog.Env) {
	t.Helper()
	var runs sync.WaitGroup
	for range 4 {
		runs.Go(func() {
			for range 5 {
				if _, err := p.Run(context.Background(), env); err != nil {
					t.Error(err)
				}
			}
		})
	}
	runs.Wait()
}

// TestFunctionOutlivesRun calls functions that got out of a run in another one of the same program, whose stack has other
// values in the same places.
func TestFunctionOutlivesRun(t *testing.T) {
	const start = "let a := 'own ' || who let secret := 'secret ' || who let g := given if (g != null) { return g() } let f := () -> a "
	type escape = func(p *hog.Program, env hog.Env, t *testing.T) hog.Value
	of := func(who string, given hog.Value) hog.Env {
		return hog.Env{Global: hog.GlobalsOf(map[string]hog.Value{"who": hog.String(who), "given": given})}
	}
	failing := func(p *hog.Program, env hog.Env, t *testing.T) *hog.Error {
		_, err := p.Run(context.Background(), env)
		e, ok := errors.AsType[*hog.Error](err)
		if !ok {
			t.Fatalf("no *hog.Error but %v", err)
		}
		return e
	}
	kept := func(then func()) (escape, *hog.Value) {
		var f hog.Value
		return func(p *hog.Program, env hog.Env, t *testing.T) hog.Value {
			env.Functions = map[string]hog.Func{"keep": func(_ context.Context, args []hog.Value) (hog.Value, error) {
				f = args[0]
				then()
				return hog.Null(), nil
			}}
			_, _ = p.Run(context.Background(), env)
			return f
		}, &f
	}
	argument, _ := kept(func() {})
	panicked, _ := kept(func() { panic("host") })
	tests := map[string]struct {
		rest   string
		escape escape
	}{
		"result": {"return f", func(p *hog.Program, env hog.Env, t *testing.T) hog.Value {
			v, err := p.Run(context.Background(), env)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}},
		"thrown": {"throw Error('m', [f])", func(p *hog.Program, env hog.Env, t *testing.T) hog.Value {
			e, _ := failing(p, env, t).Thrown.AsError()
			list, _ := e.Payload.AsArray()
			return list.Items[0]
		}},
		"argument":            {"keep(f)", argument},
		"argument of a panic": {"keep(f)", panicked},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := mustCompile(t, start+tt.rest)
			f := tt.escape(p, of("one", hog.Null()), t)
			v, err := p.Run(context.Background(), of("two", f))
			if err != nil || v.String() != "own one" {
				t.Errorf("got %v, %v, want own one", v, err)
			}
		})
	}
	t.Run("suspended", func(t *testing.T) {
		p := mustCompile(t, start+"let nested := () -> f() sleep(f, nested)")
		out, err := p.Start(context.Background(), of("one", hog.Null()))
		if err != nil || out.Suspension == nil {
			t.Fatalf("no suspension: %v", err)
		}
		for _, f := range out.Suspension.Args {
			if e := failing(p, of("two", f), t); e.Kind != hog.ErrorKind("type") || !strings.Contains(e.Message, "another run") {
				t.Errorf("got %s error %q", e.Kind, e.Message)
			}
		}
	})
}

// TestSessionAfterPanic keeps the variables that were there, and nothing of the input that failed.
func TestSessionAfterPanic(t *testing.T) {
	s := hog.NewSession()
	env := hog.Env{Functions: map[string]hog.Func{"boom": func(context.Context, []hog.Value) (hog.Value, error) { panic("host") }}}
	for _, step := range [][2]string{
		{"let a := 1 let add := x -> x + a", ""},
		{"let b := 'lost' arrayMap(x -> boom(), [1])", "internal error: host"},
		{"let c := 2 add(c) + a", "4"},
	} {
		v, err := s.Eval(context.Background(), "input", step[0], env)
		if got := fmt.Sprint(v, err); !strings.Contains(got, step[1]) {
			t.Errorf("%s: got %s, want %s", step[0], got, step[1])
		}
	}
}
