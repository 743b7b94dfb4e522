package hog_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/source"
)

// TestBrokenBytecode cuts the bytecode of every program short after each token, and puts something else in place of each
// token. What is loaded all the same must run to an end.
func TestBrokenBytecode(t *testing.T) {
	programs, globals := corpus(t)
	env := hog.Env{Global: globalsOf(t, globals)}
	others := []any{nil, true, -1, 0.5, 1e300, 1 << 31, 1 << 53, "x", []any{}, map[string]any{}}
	loaded := 0
	for name, text := range programs {
		p, err := hog.Compile(name+".hog", text)
		if err != nil {
			t.Fatal(err)
		}
		var tokens []any
		if err := json.Unmarshal(p.Bytecode(), &tokens); err != nil || len(tokens) > 300 {
			continue // long programs take too long, and have no tokens that others have not
		}
		for i := range tokens {
			loaded += runTokens(t, tokens[:i], env)
			kept := tokens[i]
			tokens[i] = others[i%len(others)]
			loaded += runTokens(t, tokens, env)
			tokens[i] = kept
		}
	}
	if loaded == 0 {
		t.Error("nothing is loaded")
	}
}

// runTokens returns how many programs it could load, 1 or 0.
func runTokens(t *testing.T, tokens []any, env hog.Env) int {
	t.Helper()
	data, err := json.Marshal(tokens)
	if err != nil {
		t.Fatal(err)
	}
	p, err := hog.Load(data)
	if err != nil {
		return 0
	}
	fuzzRun(t, p, env)
	return 1
}

// TestDeepSource compiles source that is nested 10,000 times. It is compiled, or refused with an error that has a place.
func TestDeepSource(t *testing.T) {
	const n = 10_000
	for name, text := range map[string]string{
		"brackets":       strings.Repeat("[", n) + strings.Repeat("]", n),
		"open":           strings.Repeat("[", n),
		"parentheses":    strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
		"dictionaries":   strings.Repeat("{'a':", n) + "1" + strings.Repeat("}", n),
		"calls":          strings.Repeat("f(", n) + strings.Repeat(")", n),
		"lambdas":        strings.Repeat("x -> ", n) + "x",
		"not":            strings.Repeat("not ", n) + "1",
		"minus":          strings.Repeat("-", n) + "1",
		"sum":            strings.Repeat("1 + ", n) + "1",
		"power":          strings.Repeat("1 ?? ", n) + "1",
		"ternary":        strings.Repeat("1 ? 1 : ", n) + "1",
		"conditions":     strings.Repeat("1 ? ", n) + "1" + strings.Repeat(" : 1", n),
		"blocks":         strings.Repeat("{", n) + strings.Repeat("}", n),
		"ifs":            strings.Repeat("if (1) ", n) + "1",
		"elses":          strings.Repeat("if (1) {} else ", n) + "{}",
		"functions":      strings.Repeat("fn f() { ", n) + strings.Repeat("}", n),
		"templates":      strings.Repeat("f'{", n) + strings.Repeat("}'", n),
		"properties":     "a" + strings.Repeat(".a", n),
		"indexes":        "a" + strings.Repeat("[1]", n),
		"tags":           strings.Repeat("<a>", n) + strings.Repeat("</a>", n),
		"number":         strings.Repeat("9", n*100),
		"text":           "'" + strings.Repeat("x", n*100) + "'",
		"name":           strings.Repeat("x", n*100),
		"NUL":            "let a := '\x00' print('\x00')",
		"not UTF-8":      "let a := '\xff\xfe' print(a)",
		"not UTF-8 name": "let \xff := 1",
	} {
		t.Run(name, func(t *testing.T) {
			p, err := hog.Compile("deep.hog", text)
			if err != nil {
				if list, ok := errors.AsType[source.ErrorList](err); !ok || len(list) == 0 || len(err.Error()) > 100_000 {
					t.Errorf("not an error with a place, or a very long one: %T of %d bytes", err, len(err.Error()))
				}
				return
			}
			fuzzRun(t, p, hog.Env{})
			if data := p.Bytecode(); data != nil {
				if _, err := hog.Load(data); err != nil {
					t.Errorf("own bytecode is not loaded: %.200v", err)
				}
			}
		})
	}
}

// TestNotUTF8 runs text that is not UTF-8 through the library. JSON that is written of it is valid.
func TestNotUTF8(t *testing.T) {
	env := hog.Env{Global: hog.GlobalsOf(map[string]hog.Value{"s": hog.String("a\xff\xc3b\xed\xa0\x80\x00é")})}
	for _, call := range []string{
		"s", "length(s)", "reverse(s)", "upper(s)", "lower(s)", "substring(s, 2, 3)", "splitByString('', s)", "trim(s, 'a')",
		"replaceAll(s, '', '-')", "position(s, 'b')", "base64Encode(s)", "md5Hex(s)", "sha256HmacChainHex([s, s])", "s like '%_b%'",
		"s =~ 'b'", "match(s, '.')", "extractRegex(s, '(.)b')", "[s]", "{s: s}", "toString([s])", "toInt(s)", "tryDecodeURLComponent(s)",
		"base64Decode(s)", "jsonStringify(s)", "isValidJSON(s)", "s < 'b'", "s || s", "toDateTime(s)", "formatDateTime(toDateTime(0), s)",
	} {
		p, err := hog.CompileExpression("utf8", call)
		if err != nil {
			t.Fatal(err)
		}
		v, err := p.Run(t.Context(), env)
		if err != nil {
			t.Errorf("%s: %v", call, err)
			continue
		}
		if data, err := v.AppendJSON(nil); err != nil || !json.Valid(data) {
			t.Errorf("%s is %q (%v) in JSON", call, data, err)
		}
	}
}
