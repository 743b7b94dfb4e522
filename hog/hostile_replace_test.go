package hog_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/hog"
)

// The patterns of a replacement stand for the text around the match: what they grow to counts while it grows.
func TestReplacementPatternsAreBounded(t *testing.T) {
	p, err := hog.Compile("t.hog", `return replaceAll(text, '-', sep)`)
	if err != nil {
		t.Fatal(err)
	}
	env := hog.Env{Global: hog.GlobalsOf(map[string]hog.Value{
		"text": hog.String("-" + strings.Repeat("a", 64<<10)), "sep": hog.String(strings.Repeat("$'", 16<<10)),
	})}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = p.Run(t.Context(), env)
	runtime.ReadMemStats(&after)
	var failed *hog.Error
	if used := after.TotalAlloc - before.TotalAlloc; !errors.As(err, &failed) || used > 256<<20 {
		t.Errorf("got %v with %d MB allocated\nwant a limit's error with little", err, used>>20)
	}
}
