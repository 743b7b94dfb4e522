package hog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/hog"
)

// TestHeavyStepsCount runs a few instructions that are as much work as millions.
func TestHeavyStepsCount(t *testing.T) {
	for name, p := range map[string]*hog.Program{
		"captures":          capturing(t, -1),
		"captures, defects": capturing(t, 1, hog.WithReferenceDefects()),
		"long keys that are set": mustCompile(t, `let key := 'k' for (let i := 0; i < 15; i := i + 1) { key := key || key }
			let d := {} d[key] := 1 for (let i := 0; i < 200; i := i + 1) { d[key] := i }`),
		"long new keys": mustCompile(t, `let key := 'k' for (let i := 0; i < 15; i := i + 1) { key := key || key }
			for (let i := 0; i < 200; i := i + 1) { let d := {} d[key] := i }`),
		"suspension's lists": mustCompile(t, `let a := range(50000) return sleep(a, 1)`), // 25,000 of them for range
	} {
		_, err := p.Start(t.Context(), hog.Env{Limits: hog.Limits{Steps: 30_000, Time: hostileTime}})
		if got := endOf(err); got != "steps" {
			t.Errorf("%s: ends with %s (%v)\nwant steps", name, got, err)
		}
	}
}

// capturing is one instruction that captures 20,000 slots, upwards or downwards.
func capturing(t *testing.T, direction int, options ...hog.Option) *hog.Program {
	t.Helper()
	const captures = 20_000
	var b strings.Builder
	fmt.Fprintf(&b, `["_H",1,52,"f",0,%d,2,31,38,53,%d`, captures, captures)
	for i := range captures {
		if direction < 0 {
			i = captures - 1 - i
		}
		fmt.Fprintf(&b, `,true,%d`, i+1)
	}
	b.WriteString(`,38]`)
	p, err := hog.Load([]byte(b.String()), options...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSuspensionArgumentsShare hands the host a list twice: it gets one copy.
func TestSuspensionArgumentsShare(t *testing.T) {
	p := mustCompile(t, `let a := arrayMap(x -> [x], range(2000)) f(a, [a]) return a[1][1]`)
	out, err := p.Start(t.Context(), hog.Env{Async: func(name string) bool { return name == "f" }})
	if err != nil || out.Suspension == nil {
		t.Fatalf("got %v, %v", out.Suspension, err)
	}
	first, _ := out.Suspension.Args[0].AsArray()
	nested, _ := out.Suspension.Args[1].AsArray()
	if len(nested.Items) != 1 || nested.Items[0] != out.Suspension.Args[0] {
		t.Error("the list was copied twice")
	}
	inner, _ := first.Items[0].AsArray()
	inner.Items[0] = hog.String("changed")
	if out, err = out.Suspension.Resume(t.Context(), hog.Env{}, hog.Null()); err != nil || out.Value != hog.Number(0) {
		t.Errorf("got %v, %v\nwant 0", out.Value, err)
	}
}

// TestClockStartsWithHeavyWork expects the time of what is slow from its start to count, though few steps are made.
func TestClockStartsWithHeavyWork(t *testing.T) {
	calls := 0
	slow := func(context.Context, []hog.Value) (hog.Value, error) {
		calls++
		for start := time.Now(); !time.Now().After(start.Add(time.Microsecond)); {
			continue
		}
		return hog.Null(), nil
	}
	loop := ` let n := 0 while (n < 400) { n := n + 1 } return n`
	for text, want := range map[string]string{
		`slow() slow() slow() return 1`:                   "time",
		`let m := match('a', 'never (seen) b{2}')` + loop: "time",
		`let m := 1` + loop:                               "value",
	} {
		env := hog.Env{Functions: map[string]hog.Func{"slow": slow}, Limits: hog.Limits{Time: 1}}
		if _, err := mustCompile(t, text).Run(t.Context(), env); endOf(err) != want {
			t.Errorf("%s\nends with %v\nwant %s", text, err, want)
		}
	}
	if calls != 1 {
		t.Errorf("the host was called %d times\nwant once", calls)
	}
}

// TestSessionMemory fills a session with variables: those of earlier inputs count.
func TestSessionMemory(t *testing.T) {
	s := hog.NewSession()
	env := hog.Env{Limits: hog.Limits{Memory: 1 << 20}}
	var err error
	for i := 0; i < 10 && err == nil; i++ {
		_, err = s.Eval(t.Context(), "in", fmt.Sprintf(`let v%d := range(20000)`, i), env)
		if got := endOf(err); i < 2 && err != nil || i == 9 && got != "memory" {
			t.Fatalf("input %d ends with %s (%v)", i, got, err)
		}
	}
	if got := endOf(err); got != "memory" {
		t.Errorf("ends with %s\nwant memory", got)
	}
}
