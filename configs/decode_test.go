package configs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
)

// decodeOne decodes the value of one field, and returns the message and hint of the first mistake.
func decodeOne[T any](t *testing.T, text string, def T) (value T, mistake string) {
	t.Helper()
	p, err := configs.Load(project(t, "sources:\n  x:\n    v: "+text+"\n"), configs.Options{
		Env: func(name string) (string, bool) {
			v, ok := map[string]string{"N": "5", "EMPTY": "", "TILDE": "~", "WORD": "word", "LIST": "[1, 2]"}[name]
			return v, ok
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := struct {
		V T `yaml:"v"`
	}{def}
	if errs := configs.AsErrors(p.Sources[0].Decode(&c)); len(errs) > 0 {
		return c.V, errs[0].Message
	}
	return c.V, ""
}

// check tells what one value decodes to; wrong is the message when it does not.
func check[T any](t *testing.T, text string, def, want T, wrong string) {
	t.Helper()
	got, mistake := decodeOne(t, text, def)
	if mistake != wrong {
		t.Errorf("%T %s:\ngot  mistake %q\nwant mistake %q", def, text, mistake, wrong)
	}
	if diff := cmp.Diff(want, got); wrong == "" && diff != "" {
		t.Errorf("%T %s: want -, got +:\n%s", def, text, diff)
	}
}

func TestDecodeDuration(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "15m": 15 * time.Minute, "7d": 7 * day, "1d12h": 36 * time.Hour, "0s": 0, "0": 0, "1.5h": 90 * time.Minute,
		"${N}d": 5 * day, "\"5ms\"": 5 * time.Millisecond, "0d": 0, "99999d": 99999 * day,
	} {
		check(t, text, time.Second, want, "")
	}
	for text, wrong := range map[string]string{
		"5":              `want a duration, got "5"`,
		"-5s":            `want a duration, got "-5s"`,
		"1d-5s":          `want a duration, got "1d-5s"`,
		"d":              `want a duration, got "d"`,
		"999999d":        `want a duration, got "999999d"`,
		"99999d9999999h": `want a duration, got "99999d9999999h"`,
		"1.5d":           `want a duration, got "1.5d"`,
		"[5s]":           `want a duration, got a list`,
		"${WORD}":        `want a duration, got "${WORD}"`,
		"${EMPTY}":       `want a duration, got "${EMPTY}"`,
	} {
		check(t, text, time.Second, 0, wrong)
	}
}

func TestDecodeBytes(t *testing.T) {
	for text, want := range map[string]pipeline.Bytes{
		"500": 500, "1B": 1, "64KB": 64 << 10, "8MB": 8 << 20, "8 MB": 8 << 20, "1GB": 1 << 30, "2TB": 2 << 40, "${N}KB": 5 << 10, "0": 0,
	} {
		check(t, text, 1, want, "")
	}
	for text, wrong := range map[string]string{
		"-1":              `want a number of bytes, got "-1"`,
		"1.5MB":           `want a number of bytes, got "1.5MB"`,
		"64KiB":           `want a number of bytes, got "64KiB"`,
		"9999999999999TB": `want a number of bytes, got "9999999999999TB"`,
		"{}":              `want a number of bytes, got a mapping`,
	} {
		check(t, text, pipeline.Bytes(1), 0, wrong)
	}
}

func TestDecodeNumbers(t *testing.T) {
	check(t, "5", 0, 5, "")
	check(t, "${N}", 0, 5, "")
	check(t, `"${N}"`, 0, 5, "")
	check(t, "0x10", 0, 16, "")
	check(t, "-3", int8(0), -3, "")
	check(t, "5", uint64(0), 5, "")
	check(t, "5", 0.5, 5.0, "")
	check(t, "1e3", 0.5, 1000.0, "")
	check(t, "18446744073709551615", 0.5, 18446744073709551615.0, "")
	check(t, "1e3", 0, 0, `want a whole number, got "1e3"`)
	check(t, `"5"`, 0, 0, `want a whole number, got "5"`)
	check(t, "${EMPTY}", 0, 0, `want a whole number, got "${EMPTY}"`)
	check(t, "${TILDE}", 0, 0, `want a whole number, got "${TILDE}"`)
	check(t, "200", int8(0), 0, `"200" is too large a number`)
	check(t, "300", uint8(0), 0, `"300" is too large a number`)
	check(t, "-1", uint(0), 0, `want a whole number, not negative, got "-1"`)
	check(t, "9223372036854775808", 0, 0, `want a whole number, got "9223372036854775808"`)
	check(t, ".inf", 0.5, 0, `want a number, got ".inf"`)
	check(t, "true", 0.5, 0, `want a number, got "true"`)
	check(t, "[1]", 0, 0, `want a whole number, got a list`)
}

func TestDecodeTextAndTruth(t *testing.T) {
	check(t, "1.10", "", "1.10", "")
	check(t, "007", "", "007", "")
	check(t, "true", "", "true", "")
	check(t, "2020-01-01", "", "2020-01-01", "")
	check(t, "${N}", "", "5", "")
	check(t, "${EMPTY}", "x", "", "")
	check(t, "${EMPTY:-fallback}", "x", "fallback", "")
	check(t, "${NO:-}", "x", "", "")
	check(t, "${TILDE}", "x", "~", "")
	check(t, "${LIST}", "x", "[1, 2]", "")
	check(t, "a$b $$c $${d} ${N}", "", "a$b $$c ${d} 5", "")
	check(t, "~", "x", "", `"v" has no value`)
	check(t, "{a: 1}", "x", "", `want text, got a mapping`)
	check(t, "true", false, true, "")
	check(t, "False", true, false, "")
	check(t, `"${NO:-true}"`, false, true, "")
	check(t, "yes", false, true, `want true or false, got "yes"`)
	check(t, "1", false, true, `want true or false, got "1"`)
	check(t, "secret", pipeline.Secret(""), "secret", "")
}

func TestDecodeCollections(t *testing.T) {
	five := 5
	check(t, "[a, b]", []string{"default"}, []string{"a", "b"}, "")
	check(t, "", []string{"default"}, []string{}, "")
	check(t, "a", []string{}, nil, "want a list, got a single value")
	check(t, "{a: 1, b: 2}", map[string]int{"c": 3}, map[string]int{"a": 1, "b": 2}, "")
	check(t, "", map[string]int{"c": 3}, map[string]int{}, "")
	check(t, "[a]", map[string]int{}, nil, "want a mapping, got a list")
	check(t, "5", (*int)(nil), &five, "")
	check(t, "~", &five, nil, "")
	check(t, "{a: {b: [1]}}", map[string]map[string][]int{}, map[string]map[string][]int{"a": {"b": {1}}}, "")
	type rest struct {
		A    int            `yaml:"a"`
		Rest map[string]int `yaml:",inline"`
		No   int            `yaml:"-"`
	}
	check(t, "{a: 1, b: 2, c: 3}", rest{}, rest{A: 1, Rest: map[string]int{"b": 2, "c": 3}}, "")
	check(t, "{b: x}", rest{}, rest{}, `want a whole number, got "x"`)
	check(t, "[a, b]", pipeline.Secrets{}, pipeline.Secrets{"a", "b"}, "")
	check(t, "a", pipeline.Secrets{}, pipeline.Secrets{"a"}, "")
	check(t, "{a: b}", pipeline.Secrets{}, nil, "want a list, got a mapping")
	type keyed map[string]pipeline.Secret
	check(t, "{b: x}", keyed{}, keyed{"b": "x"}, "")
	check(t, "{a: ~}", []pipeline.Fields{}, nil, "want a list, got a mapping")
	check(t, "[1]", pipeline.Fields{}, nil, "want a mapping, got a list")
}

func TestSuggestions(t *testing.T) {
	type keys struct {
		URL     string `yaml:"url"`
		Key     string `yaml:"key"`
		Channel string `yaml:"channel"`
	}
	for key, want := range map[string]string{
		"chanel": `did you mean "channel"?`, "CHANNEL": `did you mean "channel"?`, "ulr": `did you mean "url"?`, "kye": `did you mean "key"?`,
		"keys": `did you mean "key"?`, "when": "known keys are url, key, channel",
	} {
		p, err := configs.Load(project(t, "bus: {"+key+": x}\n"), configs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		errs := configs.AsErrors(p.Bus.Decode(&keys{}))
		if len(errs) != 1 || errs[0].Hint != want {
			t.Errorf("%s:\ngot  %v\nwant %s", key, errs, want)
		}
	}
}

// A file of its own knows no variables and no includes.
func TestDecodeFile(t *testing.T) {
	type config struct {
		Name    string   `yaml:"name,required"`
		Words   []string `yaml:"words"`
		Include string   `yaml:"include"`
	}
	path := filepath.Join(t.TempDir(), "a.yaml")
	for text, want := range map[string]string{
		"name: ${HOME}\ninclude: b.yaml\n":    "",
		"name: a\nwrods: [b]\ninclude: [c]\n": path + ":2:1: unknown key \"wrods\"; did you mean \"words\"?\n" + path + ":3:10: want text, got a list",
		"{}":                                  path + ":1:1: \"name\" is missing; add name: …",
		"":                                    path + ": the file is empty",
		"- a\n":                               path + ":1:1: want a mapping, got a list; known keys are name, words, include",
		"name: [\n":                           path + ":2:1: yaml: ",
		"name: a\n---\nname: b\n":             path + ":2:1: a file holds one YAML document",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := config{Words: []string{"default"}}
		err := configs.DecodeFile(path, &c)
		got := ""
		for _, e := range configs.AsErrors(err) {
			e.Snippet = ""
			got += e.Error() + "\n"
		}
		if !strings.HasPrefix(got, want) || (want == "") != (err == nil) {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
		if want == "" && (c.Name != "${HOME}" || c.Include != "b.yaml" || c.Words[0] != "default") {
			t.Errorf("got %+v", c)
		}
	}
	if err := configs.DecodeFile(path+".none", new(config)); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("got %v", err)
	}
}

// placedPart wants to know where it stands.
type placedPart struct {
	N  int          `yaml:"n"`
	At pipeline.Pos `yaml:",pos"`
}

func (p *placedPart) Validate() error {
	if p.N > 1 {
		return fmt.Errorf("%d is too much", p.N)
	}
	return nil
}

// A part of a map is at its key, and one of a list where it begins; so are its mistakes without a place.
func TestDecodePos(t *testing.T) {
	p, err := configs.Load(project(t, "sources:\n  x:\n    named:\n      a: {n: 1}\n      b:\n        n: 2\n    listed:\n      - n: 1\n    one: {n: 1}\n"), configs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Named  map[string]placedPart `yaml:"named"`
		Listed []placedPart          `yaml:"listed"`
		One    placedPart            `yaml:"one"`
	}
	mistakes := configs.AsErrors(p.Sources[0].Decode(&c))
	if len(mistakes) != 1 || mistakes[0].Pos != c.Named["b"].At {
		t.Errorf("mistakes\ngot  %v\nwant one at %v", mistakes, c.Named["b"].At)
	}
	for name, test := range map[string]struct {
		got       pipeline.Pos
		line, col int
	}{"a": {c.Named["a"].At, 4, 7}, "b": {c.Named["b"].At, 5, 7}, "listed": {c.Listed[0].At, 8, 9}, "one": {c.One.At, 9, 10}} {
		if test.got.Line != test.line || test.got.Col != test.col {
			t.Errorf("place of %s\ngot  %v\nwant %d:%d", name, test.got, test.line, test.col)
		}
	}
}
