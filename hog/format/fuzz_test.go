package format_test

import (
	"testing"

	"github.com/prickle-dev/prickle/hog/format"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
)

// FuzzFormat formats anything. What parses must be formatted without a change of its meaning, and for good; what does not parse must
// be refused.
func FuzzFormat(f *testing.F) {
	for _, src := range corpus(f) {
		f.Add(src)
		f.Add(mutate(src, oneLine))
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 4096 {
			return
		}
		if _, err := parser.Program(source.New("fuzz", src)); err == nil {
			check(t, src)
		} else if out, err := format.Source("fuzz", []byte(src)); err == nil && src[0] != '\xef' {
			t.Fatalf("does not parse, but is formatted as\n%s", out)
		}
	})
}
