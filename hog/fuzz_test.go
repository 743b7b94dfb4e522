package hog_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/hog"
)

// tight are limits under which any program ends at once.
var tight = hog.Limits{Steps: 20_000, Time: 2 * time.Second, Memory: 1 << 20, Depth: 50, Output: 10_000, StringSize: 100_000}

// maxRun is far above what any program takes under the tight limits, even on a busy machine.
const maxRun = 5 * time.Second

// fuzzRun runs a program that may be anything. It must end, with a value that prints or with an error of a kind.
func fuzzRun(t *testing.T, p *hog.Program, env hog.Env) {
	t.Helper()
	env.Limits = tight
	start := time.Now()
	v, err := p.Run(context.Background(), env)
	if took := time.Since(start); took > maxRun {
		t.Errorf("ran for %s under a limit of %d steps", took, tight.Steps)
	}
	if err == nil {
		_ = v.String()
		if _, err := v.AppendJSON(nil); err != nil {
			t.Errorf("result has no JSON: %v", err)
		}
		return
	}
	e, ok := errors.AsType[*hog.Error](err)
	if !ok || e.Kind == "" || e.Kind == "internal" {
		t.Errorf("not an error of a kind: %#v", err)
	}
}

// FuzzBytecode runs random tokens: bytes below 58 are opcodes and counts, the others operands of all kinds.
func FuzzBytecode(f *testing.F) {
	programs, globals := corpus(f)
	for _, text := range programs {
		p, err := hog.Compile("seed", text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seedOf(p.Bytecode()))
	}
	env := hog.Env{Global: globalsOf(f, globals)}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 2000 {
			return
		}
		b, err := json.Marshal(tokensOf(data))
		if err != nil {
			t.Fatal(err)
		}
		p, err := hog.Load(b)
		if err != nil {
			return
		}
		fuzzFused(t, p, env)
		fuzzRun(t, p, env)
	})
}

// FuzzLoad loads any JSON as bytecode, writes it back, lists it, and runs it.
func FuzzLoad(f *testing.F) {
	programs, globals := corpus(f)
	for _, text := range programs {
		p, err := hog.Compile("seed", text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.Bytecode())
	}
	for _, text := range []string{`["_h",33,1,38]`, `["_H",1,39,-3]`, `["_H",1,52,"f",0,0,9,1]`, `["_H",1,[],{}]`, `["_H",1,50,1e9]`, `{}`, `["_H"]`} {
		f.Add([]byte(text))
	}
	env := hog.Env{Global: globalsOf(f, globals)}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4000 {
			return
		}
		p, err := hog.Load(data)
		if err != nil {
			return
		}
		again, err := hog.Load(p.Bytecode())
		if err != nil {
			t.Fatalf("what is loaded cannot be loaded again: %v\n%s", err, p.Bytecode())
		}
		if got, want := string(again.Bytecode()), string(p.Bytecode()); got != want {
			t.Errorf("loaded again:\n got %s\nwant %s", got, want)
		}
		fuzzRun(t, p, env)
	})
}

var fuzzNames = []string{
	"event", "properties", "a", "print", "arrayMap", "arrayFilter", "arrayReduce", "concat", "toString", "jsonStringify",
	"replaceAll", "range", "keys", "values", "length", "upper", "Error", "toDateTime", "dateAdd", "formatDateTime",
	"sha256HmacChain", "splitByString", "jsonParse", "arraySort", "JSONExtract", "", "sleep", "import", "nobody",
}

// tokensOf makes tokens of bytes.
func tokensOf(data []byte) []any {
	tokens := []any{"_H", 1}
	if len(data) > 0 && data[0] == 255 {
		tokens = []any{"_h"}
	}
	for _, c := range data {
		switch {
		case c < 64:
			tokens = append(tokens, int(c))
		case c < 128:
			tokens = append(tokens, fuzzNames[int(c-64)%len(fuzzNames)])
		case c < 160:
			tokens = append(tokens, int(c)-160)
		case c < 190:
			tokens = append(tokens, c%2 == 0)
		case c < 200:
			tokens = append(tokens, nil)
		case c < 220:
			tokens = append(tokens, float64(c)*1.5)
		default:
			tokens = append(tokens, int(c)*1000)
		}
	}
	return tokens
}

// seedOf is bytes whose tokens are near to the given ones.
func seedOf(bytecode []byte) []byte {
	var tokens []any
	if json.Unmarshal(bytecode, &tokens) != nil {
		return nil
	}
	var data []byte
	for _, t := range tokens[2:] {
		switch t := t.(type) {
		case float64:
			if t < 0 && t > -32 {
				data = append(data, byte(160+int(t)))
			} else {
				data = append(data, byte(int(t)&63))
			}
		case bool:
			data = append(data, 160)
		case string:
			data = append(data, byte(64+len(t)%len(fuzzNames)))
		default:
			data = append(data, 190)
		}
	}
	return data
}

// FuzzProgram compiles and runs mutations of the corpus.
func FuzzProgram(f *testing.F) {
	programs, globals := corpus(f)
	for _, text := range programs {
		f.Add(text)
	}
	env := hog.Env{Global: globalsOf(f, globals)}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 5000 {
			return
		}
		p, err := hog.Compile("fuzz", text)
		if err != nil {
			return
		}
		fuzzFused(t, p, env)
		fuzzRun(t, p, env)
		if data := p.Bytecode(); data != nil {
			loaded, err := hog.Load(data)
			if err != nil {
				t.Fatalf("own bytecode is not loaded: %v\n%s", err, data)
			}
			fuzzRun(t, loaded, env)
		}
	})
}

// FuzzJSON reads JSON: what is accepted must be what encoding/json accepts, and must be written back as the same value.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"\u00e9\ud83c\udf89",null,true]}`, `-0`, `"\ud800"`, `[[]]`, `{"__hogDate__":true}`, `01`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := hog.FromJSON([]byte(text))
		if (err == nil) != json.Valid([]byte(text)) {
			t.Fatalf("%q: encoding/json says %v, we say %v", text, json.Valid([]byte(text)), err)
		}
		if err != nil || strings.Contains(v.Display(), "Infinity") {
			return // numbers out of range are infinite, which JSON cannot hold
		}
		data, err := v.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := hog.FromJSON(data)
		if err != nil {
			t.Fatalf("%q written as %q: %v", text, data, err)
		}
		second, err := again.AppendJSON(nil)
		if got, want := string(second), string(data); err != nil || got != want {
			t.Errorf("read back (%v):\n got %s\nwant %s", err, got, want)
		}
	})
}
