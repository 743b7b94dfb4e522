package hog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
)

// fetches is an env in which fetch runs outside the machine.
func fetches() hog.Env {
	return hog.Env{Async: func(name string) bool { return name == "fetch" }}
}

// suspension starts a program that suspends.
func suspension(t testing.TB, text string, env hog.Env) *hog.Suspension {
	t.Helper()
	out, err := mustCompile(t, text).Start(context.Background(), env)
	if err != nil || out.Suspension == nil {
		t.Fatalf("%s: not suspended: %v, %v", text, out.Value, err)
	}
	return out.Suspension
}

// TestStateKeepsValues suspends with values that JSON has no form for and goes on from the state.
func TestStateKeepsValues(t *testing.T) {
	for text, want := range map[string]string{
		`let v := (1, ('x', [])) fetch() return v`:                                                        `(1, ('x', []))`,
		`let v := [0/0, 1/0, -1/0, 1/(0 * -1)] fetch() return [v, 1/v[4]]`:                                `[[NaN, Infinity, -Infinity, -Infinity], 0]`,
		`fetch() return [nan, inf, -inf]`:                                                                 `[NaN, Infinity, -Infinity]`,
		`let z := 0 * -1 fetch() return 1 / z`:                                                            `-Infinity`,
		`let v := {1: 'a', '1': 'b', true: 'c', null: 'd'} fetch() return [v, v[1], v['1'], keys(v)]`:     `[{1: 'a', '1': 'b', true: 'c', null: 'd'}, 'a', 'b', [1, '1', true, null]]`,
		`let v := Error('m', [1]) fetch() try { throw v } catch (e) { return [e, e.payload, typeof(e)] }`: `[Error('m', [1]), [1], 'error']`,
		`let v := {'__hogError__': true, 'type': 'x'} fetch() return [typeof(v), v]`:                      `['object', {'__hogError__': true, 'type': 'x'}]`,
		`let v := {'__hogClosure__': true} fetch() return [typeof(v), v]`:                                 `['object', {'__hogClosure__': true}]`,
		`let v := [1] let w := {'v': v, 'f': () -> v} fetch() v[1] := 2 return [w.v, w.f()]`:              `[[2], [2]]`,
		`let v := [1] v[2] := v fetch() v[2][2][1] := 7 return v`:                                         `[7, null]`,
		`let d := {} d.me := {'d': d} fetch() d.me.d.x := 1 return [keys(d), d]`:                          `[['me', 'x'], {'me': {'d': null}, 'x': 1}]`,
		`let k := [1] let d := {} d[k] := 'x' fetch() return [d[k], d[[1]]]`:                              `['x', null]`,
		`let f := x -> x let g := f fetch() return [f == g, f == (x -> x)]`:                               `[true, false]`,
		`let e := Error('m') let l := [e] fetch() return [e in l, has(l, Error('m'))]`:                    `[true, false]`,
		`let t := toDateTime('x') fetch() return t`:                                                       `DateTime(NaN.0, 'UTC')`,
		`let i := toIntervalDay((1, 0/0)) fetch() return i.value`:                                         `(1, NaN)`,
		`let n := x -> (1, x) let r := arrayMap(n, [1]) return arrayMap(x -> fetch(x), r)`:                `[null]`,
		`return arrayReduce((a, x) -> { fetch() a.n := a.n + x return a }, [1, 2], {'n': (0/0) ?? 0})`:    `{'n': NaN}`,
		`let c := () -> (let_ -> let_)(1) fetch() return c()`:                                             `1`,
		"let s := '\\0é🎉\u2028' fetch() return [s, length(s)]":                                            "['é🎉\u2028', 4]",
	} {
		env := fetches()
		s := suspension(t, text, env)
		state, err := s.State()
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var again hog.Outcome
		for range 3 { // and through states of what states gave
			if s, err = hog.Restore(state); err != nil {
				t.Fatalf("%s: %v\n%s", text, err, state)
			}
			if state, err = s.State(); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		again, err = s.Resume(context.Background(), env, hog.Null())
		for err == nil && again.Suspension != nil {
			again, err = again.Suspension.Resume(context.Background(), env, hog.Null())
		}
		if got := again.Value.Display(); err != nil || got != want {
			t.Errorf("%s: %v\n got %s\nwant %s", text, err, got, want)
		}
	}
}

// TestStateShape is the worked example of the format.
func TestStateShape(t *testing.T) {
	p, err := hog.Load([]byte(`["_h",33,9,33,0.5,2,"sleep",1]`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Start(context.Background(), hog.Env{})
	if err != nil {
		t.Fatal(err)
	}
	state, err := out.Suspension.State()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(state, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "syncDuration")
	delete(got, "maxMemUsed")
	root := map[string]any{
		"__hogClosure__": true, "upvalues": []any{},
		"callable": map[string]any{"__hogCallable__": "local", "name": "", "chunk": "root", "argCount": 0., "upvalueCount": 0., "ip": 1.},
	}
	want := map[string]any{
		"bytecodes": map[string]any{"root": map[string]any{"bytecode": []any{"_h", 33., 9., 33., 0.5, 2., "sleep", 1.}}},
		"stack":     []any{9.}, "upvalues": []any{}, "throwStack": []any{}, "declaredFunctions": map[string]any{},
		"callStack": []any{map[string]any{"closure": root, "ip": 8., "chunk": "root", "stackStart": 0., "argCount": 0.}},
		"ops":       3., "asyncSteps": 1., "output": 0., "notes": map[string]any{},
		"call": map[string]any{"function": "sleep", "args": []any{0.5}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	restored, err := hog.Restore(state)
	if err != nil || restored.Function != "sleep" || len(restored.Args) != 1 || restored.Args[0] != hog.Number(0.5) {
		t.Errorf("restored: %v, %+v", err, restored)
	}
}

// TestRestoreRefuses edits a state and expects the reason why it is refused.
func TestRestoreRefuses(t *testing.T) {
	state, err := suspension(t, `let n := 1 let f := () -> n try { arrayMap(x -> fetch(x), [1]) } catch (e) { return f() }`, fetches()).State()
	if err != nil {
		t.Fatal(err)
	}
	for edit, want := range map[[2]string]string{
		{`{"bytecodes"`, `{"bytecodes":{"root":{"bytecode":[]}},"bytecodes2"`}:         `chunk "root": Invalid HogQL bytecode`,
		{`{"bytecodes"`, `{"bytecode":["_H",1,200],"bytecodes2"`}:                      `in chunk "root": 200`,
		{`"callStack":[`, `"callStack":[],"x":[`}:                                      `there are no frames`,
		{`"stackStart":0`, `"stackStart":99`}:                                          `a frame starts at 99`,
		{`"chunk":"stl/arrayMap","argCount":2,"ip"`, `"chunk":"stl/upper","ip"`}:       `upper is not a function with a callback`,
		{`"chunk":"stl/arrayMap","argCount":2,"ip"`, `"chunk":"stl/arrayFilter","ip"`}: `arrayFilter is not where it can be suspended`,
		{`"ip":39`, `"ip":12`}:                          `arrayMap is not where it can be suspended`,
		{`"upvalues":[1]`, `"upvalues":[2]`}:            `captured variable 2, which there is not`,
		{`"upvalues":[1]`, `"upvalues":[]`}:             `there is no function "lambda"`,
		{`"location":0`, `"location":-3`}:               `has the slot -1`,
		{`"id":1`, `"id":0`}:                            `has no number of its own`,
		{`"catchIp":`, `"catchIp":1`}:                   `where no instruction starts`,
		{`"stackLen":`, `"stackLen":-1`}:                `a try starts at height`,
		{`"notes":{`, `"notes":{"stack.0":"tuple",`}:    `of what is none`,
		{`"notes":{`, `"notes":{"stack.0":"=stack.7",`}: `nothing at "stack.7"`,
		{`"callStack":[{`, `"callStack":[5,{`}:          `there is no chunk ""`,
		{`{`, `[`}:                                      `invalid JSON`,
		{string(state), `[]`}:                           `is a JSON object`,
	} {
		edited := strings.Replace(string(state), edit[0], edit[1], 1)
		if edited == string(state) {
			t.Fatalf("%q is not in the state:\n%s", edit[0], state)
		}
		_, err := hog.Restore([]byte(edited))
		e, ok := errors.AsType[*hog.Error](err)
		if !ok || e.Kind != "data" || !strings.Contains(e.Message, want) {
			t.Errorf("%s:\n got %v\nwant %s", edit[1], err, want)
		}
	}
}

// TestRestoreRefusesFrames are states with frames that no program comes to.
func TestRestoreRefusesFrames(t *testing.T) {
	const root = `{"chunk":"root","closure":{"callable":{"__hogCallable__":"local","chunk":"root","ip":1},"upvalues":[]},"ip":2,"stackStart":0}`
	of := func(kind string) string {
		return strings.Replace(strings.Replace(root, `"local"`, `"`+kind+`"`, 1), `"ip":1}`, `"ip":2,"name":"upper"}`, 1)
	}
	native := `{"chunk":"stl/arrayExists","ip":35,"stackStart":0}`
	for frames, want := range map[string]string{
		of("async"):                          "a frame is of no function of the program",
		of("stl"):                            "a frame is of no function of the program",
		strings.Replace(root, `1}`, `2}`, 1): `there is no function ""`,
		root + "," + native + "," + strings.Replace(native, `:0}`, `:7}`, 1): "arrayExists is called by arrayExists",
	} {
		state := `{"bytecode":["_H",1,31,38],"stack":[0,0,0,[],0,0,0,0,0,0,[],0,0,0],"callStack":[` + frames + `]}`
		_, err := hog.Restore([]byte(state))
		e, ok := errors.AsType[*hog.Error](err)
		if !ok || e.Kind != "data" || !strings.Contains(e.Message, want) {
			t.Errorf("%s:\n got %v\nwant %s", frames, err, want)
		}
	}
}

// TestResumeDepth resumes a run with more frames than the limit allows.
func TestResumeDepth(t *testing.T) {
	for depth, want := range map[int]string{2: "Call stack exceeded maximum length of 2", 3: "[1]", -1: "[1]"} {
		env := fetches()
		s := suspension(t, `return arrayMap(x -> fetch(x), [1])`, env)
		env.Limits.Depth = depth
		out, err := s.Resume(context.Background(), env, hog.Number(1))
		if got := fmt.Sprint(out.Value, err); !strings.Contains(got, want) {
			t.Errorf("depth %d: got %s, want %s", depth, got, want)
		}
	}
}

// TestStateRefuses are runs that have no state.
func TestStateRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`let a := [] for (let i := 0; i < 2000; i := i + 1) { a := [a] } fetch() return 1`: "levels deep",
	} {
		_, err := suspension(t, text, fetches()).State()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// TestResumeOnce uses a suspension after it has gone on.
func TestResumeOnce(t *testing.T) {
	s := suspension(t, `return fetch()`, fetches())
	if _, err := s.Resume(context.Background(), fetches(), hog.Null()); err != nil {
		t.Fatal(err)
	}
	for name, use := range map[string]func() error{
		"Resume": func() error { _, err := s.Resume(context.Background(), fetches(), hog.Null()); return err },
		"Fail":   func() error { _, err := s.Fail(context.Background(), fetches(), errors.New("x")); return err },
		"State":  func() error { _, err := s.State(); return err },
	} {
		if err := use(); err == nil || !strings.Contains(err.Error(), "gone on already") {
			t.Errorf("%s after Resume: %v", name, err)
		}
	}
}

// TestSuspensionLimits are cumulative: each program reaches the limit after it was suspended, in process and from a state.
func TestSuspensionLimits(t *testing.T) {
	loop := `let i := 0 while (true) { fetch() i := i + 1 }`
	big := `let s := 'x' fetch() for (let i := 0; i < 14; i := i + 1) { s := s || s } let l := [] while (true) { l := arrayPushBack(l, concat(s, '')) }`
	for _, c := range []struct {
		text   string
		limits hog.Limits
		kind   hog.ErrorKind
		want   string
	}{
		{loop, hog.Limits{AsyncSteps: 7}, "async steps", "Exceeded maximum number of async steps: 7"},
		{loop, hog.Limits{}, "async steps", "Exceeded maximum number of async steps: 100"},
		{loop, hog.Limits{Steps: 200}, "steps", "Step limit of 200 exceeded"},
		{`while (true) { fetch() print('0123456789') }`, hog.Limits{Output: 50}, "output", "Output limit of 50 bytes exceeded"},
		{big, hog.Limits{Memory: 1 << 20}, "memory", "Memory limit of 1048576 bytes exceeded"},
		{`fn f(n) { fetch() return f(n + 1) } return f(0)`, hog.Limits{Depth: 20}, "depth", "Call stack exceeded maximum length of 20"},
	} {
		for _, states := range []bool{false, true} {
			env := fetches()
			env.Limits = c.limits
			s := suspension(t, c.text, env)
			var err error
			for n := 0; err == nil && n < 1000; n++ {
				if states {
					s = throughState(t, s)
				}
				var out hog.Outcome
				out, err = s.Resume(context.Background(), env, hog.Null())
				s = out.Suspension
			}
			e, ok := errors.AsType[*hog.Error](err)
			if !ok || e.Kind != c.kind || !strings.HasPrefix(e.Message, c.want) {
				t.Errorf("%s, through states %v:\n got %v\nwant %s", c.text, states, err, c.want)
			}
		}
	}
}

// TestSuspensionWithoutLimits goes on where nothing is limited.
func TestSuspensionWithoutLimits(t *testing.T) {
	env := fetches()
	env.Limits = hog.Limits{Steps: -1, Time: -1, Memory: -1, Depth: -1, AsyncSteps: -1, Output: -1, StringSize: -1}
	s := suspension(t, `let n := 0 while (n < 150) { fetch() n := n + 1 } return n`, env)
	for {
		out, err := throughState(t, s).Resume(context.Background(), env, hog.Null())
		if err != nil {
			t.Fatal(err)
		}
		if s = out.Suspension; s == nil {
			if got := out.Value.Display(); got != "150" {
				t.Errorf("got %s", got)
			}
			return
		}
	}
}

func throughState(t *testing.T, s *hog.Suspension) *hog.Suspension {
	t.Helper()
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	if s, err = hog.Restore(state); err != nil {
		t.Fatalf("%v\n%s", err, state)
	}
	return s
}

// TestSuspensionTime goes on with a run that has used up its time before.
func TestSuspensionTime(t *testing.T) {
	state, err := suspension(t, `fetch() while (true) {}`, fetches()).State()
	if err != nil {
		t.Fatal(err)
	}
	start := strings.Index(string(state), `"syncDuration":`)
	used := string(state[:start]) + `"syncDuration":1e9,"before` + string(state[start+1:])
	_, err = hog.Resume(context.Background(), []byte(used), fetches(), hog.Null())
	if e, ok := errors.AsType[*hog.Error](err); !ok || e.Kind != "time" {
		t.Errorf("got %v", err)
	}
}

// TestFail lets the function fail in ways that a program can catch and in ways that it can not.
func TestFail(t *testing.T) {
	text := `fn get() { return fetch('u') } try { return get() } catch (e: Gone) { return ['caught', e.message] }`
	thrown := hog.Throw(hog.NewError("Gone", "it left", hog.Null()))
	out, err := suspension(t, text, fetches()).Fail(context.Background(), fetches(), thrown)
	if got, want := out.Value.Display(), "['caught', 'it left']"; err != nil || got != want {
		t.Errorf("thrown: %v\n got %s\nwant %s", err, got, want)
	}
	cause := errors.New("no route")
	_, err = suspension(t, text, fetches()).Fail(context.Background(), fetches(), cause)
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "test.hog:1:19: fetch: no route") {
		t.Errorf("failed: %v", err)
	}
	_, err = suspension(t, `fetch()`, fetches()).Fail(context.Background(), fetches(), thrown)
	if e, ok := errors.AsType[*hog.Error](err); !ok || e.Kind != "thrown" || e.Message != "Gone('it left')" {
		t.Errorf("not caught: %v", err)
	}
}

// TestRunRefusesAsync expects Run to end at a call that only Start can wait for.
func TestRunRefusesAsync(t *testing.T) {
	for text, want := range map[string]string{
		"let x := 1\nreturn sleep(x)":        "test.hog:2:8: Unexpected async function call: sleep",
		"return fetch('u')":                  "test.hog:1:8: Unexpected async function call: fetch",
		"let f := fetch\nreturn f('u')":      "test.hog:2:8: Unexpected async function call: fetch",
		"return arrayMap(x -> fetch(), [1])": "test.hog:1:22: Unexpected async function call: fetch",
		"return other('u')":                  "test.hog:1:8: Unsupported function call: other",
	} {
		_, err := mustCompile(t, text).Run(context.Background(), fetches())
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// TestRunAsync runs programs with functions that take their time.
func TestRunAsync(t *testing.T) {
	functions := map[string]hog.Func{
		"double": func(_ context.Context, args []hog.Value) (hog.Value, error) {
			n, _ := args[0].AsNumber()
			return hog.Number(2 * n), nil
		},
		"refuse": func(context.Context, []hog.Value) (hog.Value, error) {
			return hog.Null(), hog.Throw(hog.NewError("Refused", "no", hog.Null()))
		},
		"change": func(_ context.Context, args []hog.Value) (hog.Value, error) {
			list, _ := args[0].AsArray()
			list.Items[0] = hog.String("changed")
			return hog.Null(), nil
		},
	}
	for text, want := range map[string]string{
		`return double(double(1)) + double(10)`:                     "24",
		`return arrayMap(double, [1, 2])`:                           "[2, 4]",
		`let d := double let f := (g, x) -> g(x) return f(d, 4)`:    "8",
		`try { refuse() } catch (e: Refused) { return double(5) }`:  "10",
		`let l := [1] change(l) return l`:                           "[1]",
		`sleep(3600) sleep('x') sleep(-1) sleep() return double(1)`: "2",
		`return other(1)`:  "!test.hog:1:8: Invalid async function call: other",
		`return nobody(1)`: "!test.hog:1:8: Unsupported function call: nobody",
	} {
		synctest.Test(t, func(t *testing.T) {
			env := hog.Env{Async: func(name string) bool { return name == "other" }}
			v, err := mustCompile(t, text).RunAsync(context.Background(), env, functions)
			got := v.Display()
			if err != nil {
				got = "!" + err.Error()
			}
			if got != want {
				t.Errorf("%s:\n got %s\nwant %s", text, got, want)
			}
		})
	}
}

func TestRunAsyncSleep(t *testing.T) {
	p := mustCompile(t, `sleep(2) return sleep(0.5)`)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if _, err := p.RunAsync(context.Background(), hog.Env{}, nil); err != nil || time.Since(start) != 2500*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := p.RunAsync(ctx, hog.Env{}, nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		mine := map[string]hog.Func{"sleep": func(context.Context, []hog.Value) (hog.Value, error) { return hog.String("mine"), nil }}
		if v, err := p.RunAsync(context.Background(), hog.Env{}, mine); v.Display() != "'mine'" {
			t.Errorf("%v, %v", v, err)
		}
	})
}

// TestFunctionOfAnotherRun passes a function from one program to another as a global.
func TestFunctionOfAnotherRun(t *testing.T) {
	f, err := mustCompile(t, `let n := 1 return () -> n`).Run(context.Background(), hog.Env{})
	if err != nil {
		t.Fatal(err)
	}
	env := fetches()
	env.Global = hog.GlobalsOf(map[string]hog.Value{"f": f})
	_, err = mustCompile(t, `let g := f return g()`).Run(context.Background(), env)
	if err == nil || !strings.Contains(err.Error(), "Can not call a function of another program") {
		t.Errorf("called: %v", err)
	}
	if _, err := suspension(t, `let g := f fetch() return g`, env).State(); err == nil {
		t.Error("it is saved")
	}
}

// A run that waits can be written down and go on in another process.
func ExampleSuspension_State() {
	env := hog.Env{Async: func(name string) bool { return name == "fetch" }}
	p, _ := hog.Compile("notify.hog", `
let answer := fetch('https://example.com')
return f'it says {answer.status}'`)
	out, _ := p.Start(context.Background(), env)
	fmt.Println(out.Suspension.Function, out.Suspension.Args[0])
	state, _ := out.Suspension.State()

	// Later, and elsewhere:
	answer, _ := hog.FromJSON([]byte(`{"status": 200}`))
	out, err := hog.Resume(context.Background(), state, env, answer)
	fmt.Println(out.Value, err)
	// Output:
	// fetch https://example.com
	// it says 200 <nil>
}

// RunAsync waits for functions that take their time in place.
func ExampleProgram_RunAsync() {
	fetch := func(_ context.Context, args []hog.Value) (hog.Value, error) {
		answer := hog.NewDict(1)
		answer.SetString("url", args[0])
		return answer.Value(), nil
	}
	p, _ := hog.Compile("notify.hog", `sleep(0.001) return fetch('https://example.com').url`)
	v, err := p.RunAsync(context.Background(), hog.Env{}, map[string]hog.Func{"fetch": fetch})
	fmt.Println(v, err)
	// Output: https://example.com <nil>
}

// A program imports what the host has under a name.
func ExampleProgram_Chunk() {
	texts, _ := hog.Compile("texts.hog", `return {'greet': name -> f'{greeting}, {name}!'}`)
	chunks := map[string]hog.Chunk{"texts": texts.Chunk(map[string]hog.Value{"greeting": hog.String("Hello")})}
	p, _ := hog.Compile("main.hog", `let texts := import('texts') return texts.greet('Ada')`)
	v, err := p.Run(context.Background(), hog.Env{Import: func(name string) (hog.Chunk, bool, error) {
		c, ok := chunks[name]
		return c, ok, nil
	}})
	fmt.Println(v, err)
	// Output: Hello, Ada! <nil>
}
