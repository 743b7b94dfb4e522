package hog_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/hogtest"
)

// chunked are programs that import others, by name under the text of the program itself.
var chunked = map[string]struct {
	text   string
	chunks map[string]string
}{
	"value":      {`return import('lib') + 1`, map[string]string{"lib": `return 41`}},
	"no value":   {`return [import('lib')]`, map[string]string{"lib": `let x := 41`}},
	"functions":  {`let lib := import('lib') return [lib.inc(1), lib.twice(lib.inc, 5), lib.state()]`, map[string]string{"lib": `let n := 10 fn inc(x) { n := n + 1 return x + 1 } fn twice(f, x) { return f(f(x)) } return {'inc': inc, 'twice': twice, 'state': () -> n}`}},
	"callbacks":  {`let lib := import('lib') return [arrayMap(lib.inc, [1, 2]), lib.map(x -> x * 10)]`, map[string]string{"lib": `fn inc(x) { return x + 1 } return {'inc': inc, 'map': f -> arrayMap(f, [1, 2, 3])}`}},
	"suspended":  {`let a := f(1) let b := import('lib') let c := b(f(2)) return [a, c, f(3)]`, map[string]string{"lib": `let k := f(10) return x -> k + f(x)`}},
	"in between": {`let lib := import('lib') return arrayMap(x -> lib(y -> f(x + y)), [1, 2])`, map[string]string{"lib": `return g -> arrayReduce((a, v) -> a + f(g(v)), [10, 20], 0)`}},
	"throw":      {`try { import('lib') } catch (e) { print(e.message) } let h := import('thrower') try { h() } catch (e) { return f(e.message) }`, map[string]string{"lib": `f(1) throw Error('in lib')`, "thrower": `return () -> { f(2) throw Error('later') }`}},
	"catch":      {`let h := import('lib') return h(() -> { f(1) throw Error('mine') })`, map[string]string{"lib": `return g -> { try { return g() } catch (e) { return f(e.message) } }`}},
	"nested":     {`return import('a')()`, map[string]string{"a": `let b := import('b') return () -> b(f(1)) + 1`, "b": `return x -> x + f(2)`}},
	"twice":      {`let a := import('lib') let b := import('lib') a.n := 5 return [a.n, b.n]`, map[string]string{"lib": `print('runs') return {'n': 1}`}},
	"globals":    {`return [import('lib'), event.event]`, map[string]string{"lib": `return own`}},
	"no globals": {`return import('lib')`, map[string]string{"lib": `return event`}},
	"own not":    {`import('lib') return own`, map[string]string{"lib": `return own`}},
	"unknown":    {`return import('nothing')`, nil},
	"in unknown": {`return import('lib')`, map[string]string{"lib": `return import('nothing')`}},
	"uncaught":   {`return import('lib')()`, map[string]string{"lib": `return () -> { throw HogError('Mine', 'x') }`}},
	"arguments":  {`return import('lib', 1)`, map[string]string{"lib": `return 1`}},
	"as a value": {`let i := import return i('lib')`, map[string]string{"lib": `return 1`}},
	"no call":    {`return unknown(import('lib'))`, map[string]string{"lib": `return 1`}},
	"stack":      {`return [1, import('lib'), [2, import('lib')]]`, map[string]string{"lib": `let a := 1 { let b := f(2) if (b == 2) { return a + b } } return 0`}},
}

// TestImportAgainstReference runs programs that import, and that are suspended in all of their chunks.
func TestImportAgainstReference(t *testing.T) {
	_, globals := corpus(t)
	ref := hogtest.Start(t, "suspend.js", "@posthog/hogvm")
	for name, program := range chunked {
		t.Run(name, func(t *testing.T) {
			sub := subject{globals: globals, async: []string{"f"}, options: []hog.Option{hog.WithReferenceDefects()}, chunks: map[string]string{}}
			sub.bytecode = portable(t, program.text)
			for chunk, text := range program.chunks {
				sub.chunks[chunk] = string(portable(t, text))
			}
			compareJourneys(t, ref, sub, echo, unlike{})
		})
	}
}

func portable(t *testing.T, text string) json.RawMessage {
	t.Helper()
	p, err := hog.Compile("program", text)
	if err != nil {
		t.Fatal(err)
	}
	return p.Bytecode()
}

// importing is an env with compiled chunks.
func importing(t testing.TB, chunks map[string]string) hog.Env {
	t.Helper()
	return hog.Env{Import: func(name string) (hog.Chunk, bool, error) {
		if name == "broken" {
			return hog.Chunk{}, false, errors.New("the disk is gone")
		}
		text, ok := chunks[name]
		if !ok {
			return hog.Chunk{}, false, nil
		}
		p, err := hog.Compile(name+".hog", text)
		if err != nil {
			return hog.Chunk{}, false, err
		}
		return p.Chunk(nil), true, nil
	}}
}

// TestImportErrors expects errors to name the chunk that they are in.
func TestImportErrors(t *testing.T) {
	env := importing(t, map[string]string{
		"lib":    "let k := 1\nfn bad() {\n  return jsonParse('{')\n}\nreturn bad",
		"loop":   "return import('loop')",
		"faulty": "let",
	})
	for text, want := range map[string]string{
		"let x := import('lib')\nreturn x()": "lib.hog:3:10: ",
		"return import('broken')":            "main.hog:1:8: import broken: the disk is gone",
		"return import('faulty')":            "faulty.hog:1:4: ",
		"return import('loop')":              "Call stack exceeded maximum length of 1000",
		"return import(5)":                   "main.hog:1:8: Unknown chunk: 5",
	} {
		p, err := hog.Compile("main.hog", text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Run(context.Background(), env)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// TestImportBytecodeErrors expects errors in bytecode without a source to name the chunk, too.
func TestImportBytecodeErrors(t *testing.T) {
	lib, err := hog.Load([]byte(`["_H",1,52,"bad",0,0,6,32,"{",2,"jsonParse",1,38,53,0,38]`))
	if err != nil {
		t.Fatal(err)
	}
	main, err := hog.Load([]byte(`["_H",1,32,"lib",2,"import",1,54,0,38]`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = main.Run(context.Background(), hog.Env{Import: func(string) (hog.Chunk, bool, error) { return lib.Chunk(nil), true, nil }})
	e, ok := errors.AsType[*hog.Error](err)
	if !ok || !strings.HasPrefix(err.Error(), `chunk "lib": `) || strings.HasPrefix(e.Message, "chunk") {
		t.Fatalf("got %v", err)
	}
	if got := e.Backtrace(); !strings.Contains(got, `chunk "lib": in bad`) {
		t.Errorf("backtrace:\n%s", got)
	}
}

// TestImportOneProgramTwice gives the same program under two names with different globals.
func TestImportOneProgramTwice(t *testing.T) {
	lib, err := hog.Compile("lib.hog", "return () -> name")
	if err != nil {
		t.Fatal(err)
	}
	env := hog.Env{Import: func(name string) (hog.Chunk, bool, error) {
		return lib.Chunk(map[string]hog.Value{"name": hog.String(name)}), true, nil
	}}
	v, err := mustCompile(t, "let a := import('a') let b := import('b') return [a(), b(), a()]").Run(context.Background(), env)
	if got, want := v.Display(), "['a', 'b', 'a']"; err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

func mustCompile(t testing.TB, text string) *hog.Program {
	t.Helper()
	p, err := hog.Compile("test.hog", text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
