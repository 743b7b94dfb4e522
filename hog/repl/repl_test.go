package repl_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/repl"
)

func globals(t *testing.T) map[string]hog.Value {
	t.Helper()
	event, err := hog.FromJSON([]byte(`{"event": "purchase", "properties": {"plan": "pro", "price": 5, "two words": 1, "null": 2}}`))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]hog.Value{"event": event, "episode": hog.Number(1)}
}

// run gives a shell its inputs as a pipe does, and returns what it prints.
func run(t *testing.T, input string) (out, errs string, ok bool) {
	t.Helper()
	var o, e strings.Builder
	s := repl.New(repl.Config{Globals: globals(t), Out: &o, Err: &e})
	ok, err := s.Run(context.Background(), repl.NewPlain(strings.NewReader(input)))
	if err != nil {
		t.Fatal(err)
	}
	return o.String(), e.String(), ok
}

func TestRun(t *testing.T) {
	for input, want := range map[string]string{
		"":                          "",
		"1 + 1\n'a' || 'b'":         "2\n'ab'\n",
		"let x := 1\nx := x + 1\nx": "2\n",
		"print('a', 1)\nnull":       "a 1\nnull\n",
		"let n := null\nn\nn.a":     "null\nnull\n",
		"fn add(a, b) {\nreturn a + b\n}\nadd(1,\n2)": "3\n",
		"fn none() { }\nnone()":                       "null\n",
		"'two\nlines'":                                "'two\\nlines'\n",
		"f'a {\n1 + 1}'":                              "'a 2'\n",
		"[1,\n2,\n\n3\n]":                             "[1, 2, 3]\n",
		"{'a':\n{'b': 1}}":                            "{'a': {'b': 1}}\n",
		"1 +\n1":                                      "2\n",
		"let y :=\n5\ny":                              "5\n",
		"/* a\nb */ 7":                                "7\n",
		"// only a comment\n;\n3":                     "3\n",
		"if (1 > 2) { print('a') }\nelse { print('b') }\n3":                       "b\n3\n",
		"if (1 > 2) { 'a' }\nelse if (1 > 0) { print('c') }\nelse { print('b') }": "c\n",
		"if (1 > 0) {\nprint('a') }\n'next'":                                      "a\n'next'\n",
		"if (1 > 0) { print('a') }\n\n'next'":                                     "a\n'next'\n",
		"if (1 > 0) { print('a') }":                                               "a\n",
		"if (1 > 0) { print('a') } else { 'b' }\n'next'":                          "a\n'next'\n",
		"let elsewhere := 1\nif (1 > 2) { 'a' }\nelsewhere":                       "1\n",
		"try { throw Error('x') }\ncatch (e) { print(e.message) }":                "x\n",
		"event.properties.plan":                                                   "'pro'\n",
		"return 5":                                                                "5\n",
		":quit\n1":                                                                "",
		":type 1.5\n:type 'a'\n:type now":                                         "float\nstring\nfunction\n",
		"let l := [1]\n:type l":                                                   "array\n",
		":doc upper":                                                              "upper, 1 argument\nThe text in ",
		":globals\nlet z := [1]\n:globals": "episode = 1\n" +
			"event = {'event': 'purchase', 'properties': {'plan': 'pro', 'price'…\nepisode = 1\n" +
			"event = {'event': 'purchase', 'properties': {'plan': 'pro', 'price'…\nlet z = [1]\n",
	} {
		out, errs, ok := run(t, input)
		if strings.HasPrefix(input, ":doc") {
			out = out[:min(len(out), len(want))]
		}
		if diff := cmp.Diff(want, out); diff != "" || errs != "" || !ok {
			t.Errorf("%s\nok %t, errors %q, -want +got\n%s", input, ok, errs, diff)
		}
	}
}

func TestErrors(t *testing.T) {
	for input, want := range map[string]string{
		"1 +":           "in1:2:1: expected an expression",
		"1\nlet x := ]": "in2:1:10: expected an expression",
		"'open":         "in1:1:1: quote is not closed",
		"nobody":        "in1:1:1: Global variable not found: nobody",
		"uper('a')":     "did you mean `upper`?",
		"fn f() {\n  throw Error('no')\n}\n1 + f()": "in2:1:5: in program\nin1:2:3: in f\nin1:2:3: Error('no')\n",
		":nothing":       "there is no :nothing; :help lists the commands\n",
		":doc nobody":    "there is no function nobody in the library",
		":type":          "usage: :type EXPRESSION\n",
		":type x":        "Global variable not found: x",
		"try { 1 }\n\n1": "try statement must have at least one catch block",
	} {
		out, errs, ok := run(t, input+"\n")
		if !strings.Contains(errs, want) || ok {
			t.Errorf("%s\nok %t, printed %q\n got %s\nwant %s", input, ok, out, errs, want)
		}
	}
	if out, errs, ok := run(t, "nobody\n'still here'"); out != "'still here'\n" || errs == "" || ok {
		t.Errorf("after an error: ok %t, printed %q, errors %q", ok, out, errs)
	}
}

func TestHelp(t *testing.T) {
	out, _, _ := run(t, ":help\n:doc")
	for _, want := range []string{":help", ":globals", ":type EXPRESSION", ":doc", ":quit", "arrayMap", "upper"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

// An interrupt ends the input that runs, and no other.
func TestInterrupt(t *testing.T) {
	var out, errs strings.Builder
	interrupts := make(chan os.Signal, 1)
	interrupts <- os.Interrupt // too late for anything
	env := hog.Env{Functions: map[string]hog.Func{"interrupt": func(context.Context, []hog.Value) (hog.Value, error) {
		interrupts <- os.Interrupt
		return hog.Null(), nil
	}}}
	s := repl.New(repl.Config{Env: env, Out: &out, Err: &errs, Interrupt: interrupts})
	input := "let n := 1\ninterrupt(); while (true) { n := n + 1 }\nn > 0"
	ok, err := s.Run(context.Background(), repl.NewPlain(strings.NewReader(input)))
	if err != nil || ok || out.String() != "true\n" || errs.String() != "interrupted\n" {
		t.Errorf("ok %t, error %v, printed %q, errors %q", ok, err, out.String(), errs.String())
	}
}

// Run ends with its context even while it waits for a line.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	defer w.Close()
	s := repl.New(repl.Config{Out: io.Discard, Err: io.Discard})
	go func() {
		_, _ = io.WriteString(w, "1\n") // returns when the shell has read it
		cancel()
	}()
	if _, err := s.Run(ctx, repl.NewPlain(r)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestComplete(t *testing.T) {
	var out strings.Builder
	s := repl.New(repl.Config{
		Globals: globals(t), Out: &out, Err: &out,
		Env: hog.Env{Functions: map[string]hog.Func{"fetchAll": nil}},
	})
	for _, input := range []string{"let words := {'one': {'two': 1}}", "let failure := Error('x')", "let day := toDate('2024-01-01')"} {
		if err := s.Input(context.Background(), input); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{
		"e":                         "else empty( encodeURLComponent( episode equals( event extract( extractRegex(",
		"1 + leng":                  "length(",
		"print(wor":                 "words",
		"fetc":                      "fetchAll(",
		"retu":                      "return",
		"event.":                    "event properties",
		"event.properties.p":        "plan price",
		"event?.properties?.pl":     "plan",
		"words.one.":                "two",
		"words.one.two.":            "",
		"f(words.":                  "one",
		"failure.":                  "message payload type",
		"day.m":                     "month",
		"f().":                      "",
		"nobody.x":                  "",
		"'eve":                      "",
		"f'eve":                     "",
		"f'{eve":                    "event",
		"// eve":                    "",
		"zzz":                       "",
		":he":                       ":help",
		":doc uppe":                 "upper",
		":type eve":                 "event",
		":type event.properties.pl": "plan",
		":quit e":                   "",
	} {
		start, words := s.Complete(line)
		if got := strings.Join(words, " "); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
		for _, w := range words {
			if !strings.HasPrefix(w, line[start:]) {
				t.Errorf("%s: the word from %d on is no prefix of %s", line, start, w)
			}
		}
	}
}

// TestAsync expects the time of a function that takes its time not to count, and a function that fails to end the input.
func TestAsync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, errs strings.Builder
		slow := func(_ context.Context, args []hog.Value) (hog.Value, error) {
			time.Sleep(time.Hour) // of the test's own clock
			if len(args) == 0 {
				return hog.Null(), errors.New("want an argument")
			}
			return args[0], nil
		}
		c := repl.Config{Env: hog.Env{Limits: hog.Limits{Steps: 100_000}}, Async: map[string]hog.Func{"slow": slow}, Out: &out, Err: &errs}
		input := "let a := slow(1)\na + slow(2)\narrayMap(x -> slow(x), [a])\nslow()\nslow(1); while (true) { slow }\na"
		if _, err := repl.New(c).Run(t.Context(), repl.NewPlain(strings.NewReader(input))); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("3\n[1]\n1\n", out.String()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		for _, want := range []string{"in4:1:1: slow: want an argument", "in5:1:25: Step limit"} {
			if !strings.Contains(errs.String(), want) {
				t.Errorf("%q is missing in\n%s", want, &errs)
			}
		}
	})
}
