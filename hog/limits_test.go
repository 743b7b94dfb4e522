package hog_test

import (
	"context"
	"testing"

	"github.com/prickle-dev/prickle/hog"
)

// ones are limits of which one is the least there is, by the kind of error that it makes.
var ones = map[hog.ErrorKind]hog.Limits{
	"steps":       {Steps: 1},
	"time":        {Time: 1},
	"memory":      {Memory: 1},
	"depth":       {Depth: 1},
	"output":      {Output: 1},
	"string size": {StringSize: 1},
	"regex size":  {RegexSize: 1},
}

// TestProgramsUnderLimitsOfOne runs every program with each limit set to one. It must end as it does without, or with
// the error of that limit.
func TestProgramsUnderLimitsOfOne(t *testing.T) {
	programs, globals := corpus(t)
	reached := map[hog.ErrorKind]int{}
	for name, text := range programs {
		p, err := hog.Compile(name+".hog", text)
		if err != nil {
			t.Fatal(err)
		}
		free := observe(p, hog.Env{Global: globalsOf(t, globals)})
		for kind, limits := range ones {
			_, err := p.Run(t.Context(), hog.Env{Global: globalsOf(t, globals), Limits: limits})
			if endOf(err) == string(kind) {
				reached[kind]++
				continue
			}
			if got := observe(p, hog.Env{Global: globalsOf(t, globals), Limits: limits}); got.Error != free.Error || got.Result != free.Result {
				t.Errorf("%s with %+v:\n got %s%s\nwant %s%s, or an error of kind %s", name, limits, got.Result, got.Error, free.Result, free.Error, kind)
			}
		}
	}
	for kind := range ones {
		if reached[kind] == 0 && kind != "time" { // programs that short never look at the clock
			t.Errorf("no program reaches the limit of kind %s", kind)
		}
	}
}

// TestEveryLimit reaches each limit, with a program for which that is the only one in the way.
func TestEveryLimit(t *testing.T) {
	for kind, text := range map[hog.ErrorKind]string{
		"steps":       `while (true) {}`,
		"time":        `while (true) {}`,
		"memory":      `return [1]`,
		"depth":       `fn f() { return 1 } return f()`,
		"output":      `print('ab')`,
		"string size": `return concat('a', 'b')`,
		"regex size":  `return match('a', 'a')`,
	} {
		p, err := hog.Compile("limit.hog", text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Run(t.Context(), hog.Env{Limits: ones[kind]})
		if got := endOf(err); got != string(kind) || !hog.ErrorKind(got).IsLimit() {
			t.Errorf("%s with %+v:\n got %v (%s)\nwant an error of kind %s", text, ones[kind], err, got, kind)
		}
	}
	if len(ones) != 7 {
		t.Errorf("%d limits are tested", len(ones))
	}
}

// TestCancel cancels a run from a function of the host, and counts what the program still does.
func TestCancel(t *testing.T) {
	for _, text := range []string{
		`stop() while (true) { work() }`,
		`stop() arrayMap((x) -> arrayMap((y) -> work(), range(1000)), range(100000))`,
		`stop() while (true) { try { work() throw Error('x') } catch (e) {} }`,
		`let s := 'x' for (let i := 0; i < 20; i := i + 1) { s := s || s } stop() while (true) { work() upper(s) }`,
		`let a := range(100000) stop() while (true) { work() arraySort(a) }`,
		`stop() sha256HmacChainHex(arrayMap((i) -> 'x', range(1000000))) work() work() while (true) { work() }`,
	} {
		p, err := hog.Compile("cancel.hog", text)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		_, err = p.Run(ctx, hog.Env{Functions: map[string]hog.Func{
			"stop": func(context.Context, []hog.Value) (hog.Value, error) { cancel(); return hog.Null(), nil },
			"work": func(context.Context, []hog.Value) (hog.Value, error) { calls++; return hog.Null(), nil },
		}})
		if got := endOf(err); got != "canceled" {
			t.Errorf("%s:\n got %v (%s)\nwant an error of kind canceled", text, err, got)
		}
		if calls > 2048 {
			t.Errorf("%s: called the host %d times after the end of its context", text, calls)
		}
	}
}
