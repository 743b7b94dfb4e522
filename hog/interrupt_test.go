package hog_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/hog"
)

// canceledAfter is a context that ends when it has been asked for its error so many times.
type canceledAfter struct {
	context.Context
	left int
}

func (c *canceledAfter) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestHostReadsAreInterrupted cancels a run, and uses up its time, while the host answers reads of globals and imports.
func TestHostReadsAreInterrupted(t *testing.T) {
	slow := func() {
		for start := time.Now(); !time.Now().After(start.Add(time.Microsecond)); {
			continue
		}
	}
	chunk := mustCompile(t, `return 1`)
	for text, reads := range map[string]int{
		`return [a, b, c, d, e, f, g, h, i, j, k, l]`: 8, // the look after four starts the clock
		`import('a') import('b') import('c')`:         1,
	} {
		for _, want := range []string{"time", "canceled"} {
			asked := 0
			ctx, cancel := context.WithCancel(t.Context())
			answer := func() {
				asked++
				slow()
				if want == "canceled" {
					cancel()
				}
			}
			env := hog.Env{
				Global: func([]string) (hog.Value, bool, error) { answer(); return hog.NewArray(), true, nil },
				Import: func(string) (hog.Chunk, bool, error) { answer(); return chunk.Chunk(nil), true, nil },
			}
			if want == "time" {
				env.Limits.Time = 1
			}
			_, err := mustCompile(t, text).Run(ctx, env)
			cancel()
			most := map[string]int{"time": reads, "canceled": 1}[want]
			if endOf(err) != want || asked != most {
				t.Errorf("%s\nends with %v after %d answers of the host\nwant %s after %d", text, err, asked, want, most)
			}
		}
	}
}

// longPasses are calls of functions that go once through a long text.
var longPasses = []string{
	"encodeURLComponent(plain)", "encodeURLComponent(spaces)", "decodeURLComponent(plain)", "decodeURLComponent(codes)",
	"base64Decode(plain)", "tryBase64Decode(plain)", "lower(greek)", "upper(greek)", "positionCaseInsensitive(greek, 'x')",
	"multiSearchAnyCaseInsensitive(greek, ['x'])", "md5(plain)", "sha1(plain)", "sha256(plain)", "sha256Hex(plain)",
	"sha256HmacChain(['key', plain])",
}

// TestLongPassesAreInterrupted cancels a run, and uses up its time, while a function goes through a text of some MB.
func TestLongPassesAreInterrupted(t *testing.T) {
	const size = 4 << 20
	globals := hog.GlobalsOf(map[string]hog.Value{
		"plain": hog.String(strings.Repeat("a", size)), "spaces": hog.String(strings.Repeat(" ", size)),
		"codes": hog.String(strings.Repeat("%41", size/3)), "greek": hog.String(strings.Repeat("ΑΣ ", size/5)),
	})
	unhurried := hog.Env{Global: globals, Limits: hog.Limits{Time: -1}}
	for _, call := range longPasses {
		p := mustCompile(t, "return length("+call+")")
		_, err := p.Run(t.Context(), hog.Env{Global: globals, Limits: hog.Limits{Time: 1}})
		if endOf(err) != "time" {
			t.Errorf("%s\nends with %v\nwant time", call, err)
		}
		count := &canceledAfter{t.Context(), 1 << 30}
		if _, err := p.Run(count, unhurried); err != nil {
			t.Errorf("%s: %v", call, err)
		}
		if looks := 1<<30 - count.left; looks < size/(1<<20) {
			t.Errorf("%s\nlooks at the context %d times\nwant one for each MB at least", call, looks)
		}
		_, err = p.Run(&canceledAfter{t.Context(), 3}, unhurried)
		if e, ok := errors.AsType[*hog.Error](err); !ok || !errors.Is(e, context.Canceled) {
			t.Errorf("%s\nends with %v\nwant canceled", call, err)
		}
	}
}

// TestPiecesOfText expects a text that is worked on in pieces to give what its parts give.
func TestPiecesOfText(t *testing.T) {
	for call, parts := range map[string][2]string{
		"lower":              {"ΑΒΣ ", "αβς "}, // whose last letter depends on those beside it
		"upper":              {"ßé ", "SSÉ "},
		"encodeURLComponent": {"a é", "a%20%C3%A9"},
		"decodeURLComponent": {"%C3%A9%20a", "é a"},
		"base64Decode":       {"w6kg", "é "},
	} {
		for _, n := range []int{1, 500, 100_000, 300_000} { // below and above the size of a piece, which no part divides
			in, want := strings.Repeat(parts[0], n), strings.Repeat(parts[1], n)
			globals := hog.GlobalsOf(map[string]hog.Value{"x": hog.String("xy" + in), "w": hog.String(want)})
			p := mustCompile(t, "return "+call+"(x)")
			if call == "base64Decode" {
				globals = hog.GlobalsOf(map[string]hog.Value{"x": hog.String("!!" + in), "w": hog.String(want)})
			}
			v, err := p.Run(t.Context(), hog.Env{Global: globals})
			got, _ := v.AsString()
			if err != nil || !strings.HasSuffix(got, want) || len(got) > len(want)+2 {
				t.Errorf("%s of %d parts differs: %v", call, n, err)
			}
		}
	}
}
