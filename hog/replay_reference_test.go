package hog_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
)

// TestReplayAgainstReference runs the corpus with the reference's defects switched on: the differences that they are the
// reason of are gone, in loaded bytecode and in what is compiled so, and no others have come.
func TestReplayAgainstReference(t *testing.T) {
	ref := newReference(t)
	programs, globals := corpus(t)
	env := hog.Env{Global: globalsOf(t, globals), Now: time.Now, Rand: rand.Reader}
	gone := 0
	for name, text := range programs {
		if name == unportable {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p, err := hog.Compile(name+".hog", text, hog.WithReferenceDefects())
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := hog.Load(p.Bytecode(), hog.WithReferenceDefects())
			if err != nil {
				t.Fatal(err)
			}
			reason := intended[name]
			if replayed(reason) {
				gone++
				reason = ""
			}
			want := outcome(ref.run(t, p.Bytecode(), globals))
			ours, asLoaded := observe(p, env), observe(loaded, env)
			if hostTexts[name] && want.Error != "" && ours.Error != "" {
				want.Error, asLoaded.Error = ours.Error, ours.Error
			}
			expect(t, "compiled", cmp.Diff(want, ours), reason)
			expect(t, "loaded", cmp.Diff(want, asLoaded), reason)
		})
	}
	if gone == 0 {
		t.Error("no difference is gone")
	}
}

// replays are calls and programs whose result the defects change: with them first, without them second.
var replays = map[string][2]string{
	"return dateDiff('hour', toDate('2024-01-01'), toDate('2024-02-01'))":                                                   {"720", "744"},
	"return dateDiff('week', toDate('2024-02-01'), toDate('2024-01-01'))":                                                   {"-5", "-5"},
	"return dateDiff('minute', toDateTime('2024-01-31'), toDateTime('2024-03-30T12:00'))":                                   {"87120", "85680"},
	"return dateDiff('hour', toDate('2000-05-17'), toDate('2024-05-17'))":                                                   {"210240", "210384"},
	"return dateDiff('day', toDate('2024-01-01'), toDate('2024-02-01'))":                                                    {"31", "31"},
	"return [null < 1, null >= 0, less(null, 1), greaterOrEquals(0, null)]":                                                 {"[true, true, true, true]", "[false, false, false, false]"},
	"let r := [] let i := 0 while (i < 2) { let j := i r := arrayPushBack(r, () -> j) i := i + 1 } return [r[1](), r[2]()]": {"[0, 0]", "[0, 1]"},
}

func TestReplaySwitch(t *testing.T) {
	ref := newReference(t)
	for text, want := range replays {
		plain := mustCompile(t, text)
		loaded, err := hog.Load(plain.Bytecode())
		if err != nil {
			t.Fatal(err)
		}
		replay, err := hog.Load(plain.Bytecode(), hog.WithReferenceDefects())
		if err != nil {
			t.Fatal(err)
		}
		if got := ref.run(t, plain.Bytecode(), "{}").Result; got != want[0] {
			t.Errorf("%s on the reference:\n got %s\nwant %s", text, got, want[0])
		}
		for i, p := range []*hog.Program{replay, loaded, plain} {
			if got, want := observe(p, hog.Env{}).Result, want[min(i, 1)]; got != want {
				t.Errorf("%s (%d):\n got %s\nwant %s", text, i, got, want)
			}
		}
	}
}
