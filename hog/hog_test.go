package hog_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
)

func mustRun(t *testing.T, text string, env hog.Env, opts ...hog.Option) hog.Value {
	t.Helper()
	p, err := hog.Compile("test.hog", text, opts...)
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Run(context.Background(), env)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestErrorPlace(t *testing.T) {
	p, err := hog.Compile("deep.hog", `fn inner(x) {
	return nobody.home
}
fn outer(list) {
	return arrayMap((x) -> inner(x), list)
}
print('start')
return outer([1])
`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Run(context.Background(), hog.Env{})
	e, ok := errors.AsType[*hog.Error](err)
	if !ok {
		t.Fatalf("no *hog.Error but %v", err)
	}
	if got, want := e.Error(), "deep.hog:2:9: Global variable not found: nobody.home"; got != want {
		t.Errorf("error:\n got %s\nwant %s", got, want)
	}
	if got, want := e.Snippet, "\treturn nobody.home\n\t       ^"; got != want {
		t.Errorf("snippet:\n got %q\nwant %q", got, want)
	}
	var names []string
	var lines []int
	for _, f := range e.Stack {
		names, lines = append(names, f.Function), append(lines, f.Line)
	}
	if diff := cmp.Diff([]string{"", "outer", "arrayMap", "lambda", "inner"}, names); diff != "" {
		t.Errorf("functions of the stack (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{8, 5, 0, 5, 2}, lines); diff != "" {
		t.Errorf("lines of the stack (-want +got):\n%s", diff)
	}
	if got, want := strings.Count(e.Backtrace(), "\n"), 5; got != want {
		t.Errorf("lines of the backtrace:\n got %d\nwant %d", got, want)
	}
}

func TestCompileErrors(t *testing.T) {
	for text, want := range map[string]string{
		"return uper('a')":     "did you mean `upper`?",
		"return notfy('a')":    "did you mean `notify`?",
		"return evnt.name":     "did you mean `event`?",
		"return upper()":       "Function upper requires at least 1 arguments",
		"let x := ":            "test.hog:1:",
		"return fetch('url')":  "Hog function `fetch` is not implemented",
		"let f := toUper\nf()": "Global variable not found: toUper",
	} {
		_, err := hog.Compile("test.hog", text, hog.WithFunctions("notify"), hog.WithGlobals("event"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{"return event.name", "return upper('a')", "return notify(1, 2, 3)", "let f := upper\nreturn f('a')"} {
		if _, err := hog.Compile("test.hog", text, hog.WithFunctions("notify"), hog.WithGlobals("event")); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := hog.Compile("test.hog", text, hog.WithGlobals("event")); err != nil {
			t.Errorf("%s, without known functions: %v", text, err)
		}
	}
}

func TestTemplates(t *testing.T) {
	env := hog.Env{Global: globalsOf(t, `{"event":{"name":"x","n":5,"tags":["a"]}}`)}
	for text, want := range map[string]string{
		"{event.n}":                         "5",
		"{event.tags}":                      "['a']",
		"n: {event.n}, {upper(event.name)}": "'n: 5, X'",
		"no parts":                          "'no parts'",
		"":                                  "''",
		`it's "{event.name}" \{x}`:          `'it\'s "x" {x}'`,
		"{event.missing}":                   "null",
		"[{event.missing}]":                 "'[]'",
	} {
		p, err := hog.CompileTemplate("t", text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		v, err := p.Run(context.Background(), env)
		if got := v.Display(); err != nil || got != want {
			t.Errorf("%s: %v\n got %s\nwant %s", text, err, got, want)
		}
	}
}

func TestGlobals(t *testing.T) {
	p, err := hog.Compile("g.hog", `
let up := upper
let mine := 1
print(event.name, event.properties.x, person, mine, up(project.id))
return () -> groups.a`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"event", "groups", "person", "project"}, p.Globals()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEnv gives a program everything a host can give.
func TestEnv(t *testing.T) {
	var chains [][]string
	var printed []string
	env := hog.Env{
		Global: func(chain []string) (hog.Value, bool, error) {
			chains = append(chains, chain)
			return hog.String("g"), chain[0] == "event", nil
		},
		Functions: map[string]hog.Func{
			"add": func(_ context.Context, args []hog.Value) (hog.Value, error) {
				a, _ := args[0].AsNumber()
				b, _ := args[1].AsNumber()
				return hog.Number(a + b), nil
			},
			"refuse": func(context.Context, []hog.Value) (hog.Value, error) {
				return hog.Null(), hog.Throw(hog.NewError("Refused", "no", hog.Number(7)))
			},
			"upper": func(_ context.Context, args []hog.Value) (hog.Value, error) { return hog.String("host's"), nil },
			"fetch": func(context.Context, []hog.Value) (hog.Value, error) {
				d := hog.NewDict(1)
				d.SetString("status", hog.Number(200))
				return d.Value(), nil
			},
		},
		Print: func(line string) { printed = append(printed, line) },
		Now:   func() time.Time { return time.Date(2024, 5, 1, 10, 0, 0, 5e8, time.UTC) },
		Rand:  bytes.NewReader(bytes.Repeat([]byte{0xAB}, 100)),
	}
	v := mustRun(t, `
print('line', 1)
let caught
try { refuse() } catch (e: Refused) { caught := e.payload }
return [event.a.b, event.a.b, add(1, 2), caught, upper('a'), fetch('url').status, now(), today(), generateUUIDv4(), randomFloat() < 1]`, env)
	want := `['g', 'g', 3, 7, 'host\'s', 200, DateTime(1714557600.5, 'UTC'), Date(2024, 5, 1), 'abababab-abab-4bab-abab-abababababab', true]`
	if got := v.Display(); got != want {
		t.Errorf("result:\n got %s\nwant %s", got, want)
	}
	if diff := cmp.Diff([]string{"line 1"}, printed); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]string{{"event", "a", "b"}}, chains); diff != "" {
		t.Errorf("a string that was read before is asked for again (-want +got):\n%s", diff)
	}
}

// TestNothingFromTheWorld runs what needs a clock or randomness without either.
func TestNothingFromTheWorld(t *testing.T) {
	for _, text := range []string{"now()", "today()", "generateUUIDv4()", "randomFloat()", "sleep(1)", "fetch('u')"} {
		p, err := hog.CompileExpression("x", text)
		if err != nil {
			t.Fatal(err)
		}
		v, err := p.Run(context.Background(), hog.Env{})
		if e, ok := errors.AsType[*hog.Error](err); !ok || e.Kind.IsLimit() {
			t.Errorf("%s gives %v, %v", text, v, err)
		}
	}
}

// TestCorpusUnderLimits sets each limit to one: every program ends by itself or with an error of that limit's kind.
func TestCorpusUnderLimits(t *testing.T) {
	programs, globals := corpus(t)
	for name, limits := range map[hog.ErrorKind]hog.Limits{
		"steps": {Steps: 1}, "time": {Time: 1}, "memory": {Memory: 1}, "depth": {Depth: 1}, "output": {Output: 1},
		"string size": {StringSize: 1},
	} {
		ended, stopped := 0, 0
		env := hog.Env{Global: globalsOf(t, globals), Limits: limits}
		for program, text := range programs {
			p, err := hog.Compile(program, text)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Run(context.Background(), env)
			e, ok := errors.AsType[*hog.Error](err)
			switch {
			case err != nil && !ok:
				t.Errorf("%s, %s: %v is no *hog.Error", name, program, err)
			case err == nil || !e.Kind.IsLimit():
				ended++
			case e.Kind == name:
				stopped++
			case program == "call_depth" && e.Kind == "depth":
				ended++ // that is what it is about
			default:
				t.Errorf("%s, %s: stopped by limit %s", name, program, e.Kind)
			}
		}
		if stopped == 0 && name != "time" {
			t.Errorf("%s stopped nothing, %d programs ended", name, ended)
		}
	}
}

// TestBytecodeRoundTrip loads the portable form and gets the same bytes back.
func TestBytecodeRoundTrip(t *testing.T) {
	programs, _ := corpus(t)
	delete(programs, unportable)
	for name, text := range programs {
		p, err := hog.Compile(name, text)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := hog.Load(p.Bytecode())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(string(p.Bytecode()), string(loaded.Bytecode())); diff != "" {
			t.Errorf("%s (-compiled +loaded):\n%s", name, diff)
		}
		if diff := cmp.Diff(p.Globals(), loaded.Globals()); diff != "" {
			t.Errorf("%s, globals (-compiled +loaded):\n%s", name, diff)
		}
	}
}

func TestHostileNatives(t *testing.T) {
	for text, want := range map[string]hog.ErrorKind{
		"let s := 'aaaaaaaaaa'; while (true) { s := replaceAll(s, 'a', s) }":                                     "string size",
		"let a := [1]; while (true) { a := [a, a, a]; jsonStringify(a) }":                                        "string size",
		"let a := [1]; while (true) { a := [a, a, a]; toString(a) }":                                             "string size",
		"let a := ['x']; while (true) { a := [a, a, a]; arrayStringConcat(a) }":                                  "",
		"let s := 'abcdefghij'; while (true) { s := concat(s, s) }":                                              "string size",
		"return range(1000000000000)":                                                                            "memory",
		"return range(1e300)":                                                                                    "memory",
		"let d := {}; for (let i := 0; true; i := i + 1) { d[i] := i }":                                          "memory",
		"let a := []; while (true) { a := arrayPushBack(a, a) }":                                                 "memory",
		"let a := ['x']; for (let i := 0; i < 40; i := i + 1) { a := [a, a] }; while (true) { if (a < [a]) {} }": "string size",
		"let a := ['x']; for (let i := 0; i < 40; i := i + 1) { a := [a, a] }; while (true) { toInt(a) }":        "string size",
		"let a := ['x']; for (let i := 0; i < 18; i := i + 1) { a := [a, a] }; while (true) { toInt(a) }":        "time",
		"let s := 'x'; for (let i := 0; i < 30; i := i + 1) { s := s || s; let p := splitByString('', s) }":      "memory",
	} {
		p, err := hog.Compile("hostile", text)
		if err != nil {
			t.Fatal(err)
		}
		limits := hog.Limits{Time: 20 * time.Second, StringSize: 1 << 20, Memory: 16 << 20}
		if want == "time" {
			limits.Time = 200 * time.Millisecond
		}
		start := time.Now()
		_, err = p.Run(context.Background(), hog.Env{Limits: limits})
		e, ok := errors.AsType[*hog.Error](err)
		if !ok || !e.Kind.IsLimit() || want != "" && e.Kind != want {
			t.Errorf("%s:\n got %v\nwant kind %s", text, err, want)
		}
		if took := time.Since(start); want == "time" && took > 10*limits.Time {
			t.Errorf("%s ran for %s", text, took)
		}
	}
}
